/** One prompt: a version with its labels and variables, the editor, what differs between versions, who uses it. */
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { number, oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Editor } from "../../ui/editor.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, Code, Facts, When } from "../../ui/marks.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { archivePrompt } from "./changes.ts";
import { DeployDialog } from "./deploy-dialog.tsx";
import { Labels } from "./prompts.tsx";
import { VersionEditor } from "./version-editor.tsx";

const query = graphql(`
  query Prompt($id: ID!) {
    prompt(id: $id) {
      id
      name
      revision
      archivedAt
      labels {
        name
        version
      }
      versions {
        id
        version
        author
        commitMessage
        createdAt
        variables
        defaultParameters
        messages {
          role
          template
        }
      }
    }
    routes(first: 100) {
      edges {
        node {
          id
          name
          prompt {
            promptId
            label
            version
          }
        }
      }
    }
    experiments(first: 100) {
      edges {
        node {
          id
          key
          status
          variants {
            key
            prompt {
              promptId
              label
              version
            }
          }
        }
      }
    }
  }
`);

type Data = ResultOf<typeof query>;
export type PromptData = NonNullable<Data["prompt"]>;
export type VersionData = PromptData["versions"][number];

export function PromptPage() {
  const { promptId } = useParams({ strict: false }) as { promptId: string };
  const [url, setUrl] = useUrlState({ tab: oneOf("version", "edit", "compare", "used"), v: number, with: number });
  const [layer, setLayer] = useState<"deploy" | "archive">();
  const page = usePageQuery(query, { id: promptId });
  const refusal = useRefusal();
  const prompt = page.data?.prompt;
  const tab = prompt?.versions.length === 0 ? "edit" : (url.tab ?? "version");
  const version = prompt?.versions.find((one) => one.version === (url.v ?? prompt.versions[0]?.version));
  return (
    <Page
      title={prompt?.name ?? "Prompt"}
      lead={prompt != null && prompt.versions.length > 0 ? <Labels of={prompt.labels} /> : undefined}
      under={{ to: "/prompts", name: "Prompts" }}
      actions={
        prompt != null && (
          <>
            <Button look="danger" refused={refusal} onClick={() => setLayer("archive")}>
              Archive
            </Button>
            {version !== undefined && (
              <Button look="primary" refused={refusal} onClick={() => setLayer("deploy")}>
                Deploy version {version.version}
              </Button>
            )}
          </>
        )
      }
    >
      <Result of={page}>
        {(data) =>
          data.prompt === null ? (
            <Empty title="There is no such prompt">It may belong to another organisation, or the address is mistyped.</Empty>
          ) : (
            <>
              <Tabs
                label="About this prompt"
                current={tab}
                tabs={[
                  ["version", "Versions"],
                  ["edit", "New version"],
                  ["compare", "Compare"],
                  ["used", "Used by"],
                ]}
              />
              {tab === "version" && version !== undefined && (
                <Versions prompt={data.prompt} version={version} onPick={(v) => setUrl({ v })} />
              )}
              {tab === "edit" && (
                <VersionEditor
                  key={version?.id ?? "first"}
                  prompt={data.prompt}
                  from={version}
                  onSaved={(v) => setUrl({ tab: undefined, v })}
                />
              )}
              {tab === "compare" && version !== undefined && (
                <Compare
                  prompt={data.prompt}
                  newer={version}
                  older={url.with ?? version.version - 1}
                  onPick={(patch) => setUrl(patch, { replace: true })}
                />
              )}
              {tab === "used" && <UsedBy data={data} />}
              {layer === "deploy" && version !== undefined && (
                <DeployDialog prompt={data.prompt} version={version} routes={routesOf(data)} onClose={() => setLayer(undefined)} />
              )}
              {layer === "archive" && (
                <DestroyDialog
                  title={`Archive ${data.prompt.name}?`}
                  name={data.prompt.name}
                  verb="Archive the prompt"
                  done="The prompt is archived"
                  consequences={
                    routesOf(data).length === 0
                      ? ["No route asks for it."]
                      : [
                          `These routes ask for it and must let it go first: ${routesOf(data)
                            .map(({ name }) => name)
                            .join(", ")}.`,
                        ]
                  }
                  act={() => archivePrompt(promptId, data.prompt?.revision ?? 0)}
                  onClose={() => setLayer(undefined)}
                />
              )}
            </>
          )
        }
      </Result>
    </Page>
  );
}

const routesOf = (data: Data) => data.routes.edges.map(({ node }) => node).filter(({ prompt }) => prompt?.promptId === data.prompt?.id);

const labelsAt = (prompt: PromptData, version: number) =>
  prompt.labels.filter((label) => label.version === version).map(({ name }) => ({ name }));

function Versions({
  prompt,
  version,
  onPick,
}: {
  readonly prompt: PromptData;
  readonly version: VersionData;
  readonly onPick: (version: number) => void;
}) {
  return (
    <div className="grid two-one">
      <Card title={`Version ${version.version}`} actions={<Labels of={labelsAt(prompt, version.version)} />}>
        <div className="stack">
          <Facts
            of={[
              ["What changed", version.commitMessage === "" ? "–" : version.commitMessage],
              ["By", actorName(version.author)],
              ["When", <When key="when" at={version.createdAt} />],
              [
                "Variables",
                version.variables.length === 0 ? (
                  "none"
                ) : (
                  <span key="variables" className="row">
                    {version.variables.map((name) => (
                      <Badge key={name}>{name}</Badge>
                    ))}
                  </span>
                ),
              ],
            ]}
          />
          {version.messages.map((message, index) => (
            <div key={`${version.id} ${index}`} className="stack tight">
              <h3>{message.role.toLowerCase()}</h3>
              <Editor label={`The ${message.role.toLowerCase()} message`} language="liquid" value={message.template} lines={2} />
            </div>
          ))}
          {version.defaultParameters != null && (
            <Code text={JSON.stringify(version.defaultParameters, null, 2)} label="Default parameters" />
          )}
        </div>
      </Card>
      <Card title="All versions" flush>
        <ul>
          {prompt.versions.map((one) => (
            <li key={one.id}>
              <button
                type="button"
                className="button plain"
                aria-current={one.version === version.version ? "true" : undefined}
                style={{
                  width: "100%",
                  justifyContent: "flex-start",
                  height: "auto",
                  textAlign: "left",
                  whiteSpace: "normal",
                  borderRadius: 0,
                  background: one.version === version.version ? "var(--accent-soft)" : undefined,
                }}
                onClick={() => onPick(one.version)}
              >
                <span className="stack tight wide" style={{ gap: "0.1rem" }}>
                  <span className="row">
                    <strong>{one.version}</strong> {one.commitMessage || <span className="quiet">no message</span>}
                  </span>
                  <span className="row quiet">
                    {actorName(one.author)}, <When at={one.createdAt} /> <Labels of={labelsAt(prompt, one.version)} />
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </Card>
    </div>
  );
}

export const asText = (version: Pick<VersionData, "messages" | "defaultParameters"> | undefined): string =>
  version === undefined
    ? ""
    : [
        ...version.messages.map(({ role, template }) => `── ${role.toLowerCase()}\n${template}`),
        ...(version.defaultParameters == null ? [] : [`── default parameters\n${JSON.stringify(version.defaultParameters, null, 2)}`]),
      ].join("\n\n");

function Compare({
  prompt,
  newer,
  older,
  onPick,
}: {
  readonly prompt: PromptData;
  readonly newer: VersionData;
  readonly older: number;
  readonly onPick: (patch: { v?: number; with?: number }) => void;
}) {
  const choices = prompt.versions.map(({ version, commitMessage }) => ({
    value: String(version),
    label: `${version}: ${commitMessage || "no message"}`,
  }));
  const before = prompt.versions.find(({ version }) => version === older);
  return (
    <Card title="What differs">
      <div className="stack">
        <div className="field-grid">
          <SelectField
            label="From"
            value={String(before?.version ?? "")}
            onChange={(value) => onPick({ with: Number(value) })}
            choices={before === undefined ? [{ value: "", label: "nothing" }, ...choices] : choices}
          />
          <SelectField label="To" value={String(newer.version)} onChange={(value) => onPick({ v: Number(value) })} choices={choices} />
        </div>
        <Editor label="The two versions side by side" language="liquid" value={asText(newer)} against={asText(before)} />
      </div>
    </Card>
  );
}

function UsedBy({ data }: { readonly data: Data }) {
  const routes = routesOf(data);
  const arms = data.experiments.edges.flatMap(({ node }) =>
    node.variants.filter((variant) => variant.prompt?.promptId === data.prompt?.id).map((variant) => ({ ...variant, experiment: node })),
  );
  if (routes.length === 0 && arms.length === 0)
    return (
      <Empty
        title="Nobody uses it"
        action={
          <Link className="button" to="/routes">
            To the routes
          </Link>
        }
      >
        Choose it on a route, or as an arm of an experiment.
      </Empty>
    );
  return (
    <Card>
      <ul className="stack tight">
        {routes.map((route) => (
          <li key={route.id} className="row">
            <Badge>route</Badge>
            <Link to={`/routes/${route.id}`}>{route.name}</Link>
            <span className="quiet">
              {route.prompt?.label === null ? `version ${route.prompt.version}, fixed` : `label ${route.prompt?.label}`}
            </span>
          </li>
        ))}
        {arms.map(({ experiment, key, prompt }) => (
          <li key={`${experiment.id} ${key}`} className="row">
            <Badge>experiment, {experiment.status.toLowerCase()}</Badge>
            <Link to={`/experiments/${experiment.id}`}>{experiment.key}</Link>
            <span className="quiet">
              arm {key}, {prompt?.label === null ? `version ${prompt.version}` : `label ${prompt?.label}`}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
