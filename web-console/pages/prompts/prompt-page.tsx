/** One prompt: a version with its labels and variables, the editor, what differs between versions, who uses it. */
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { counted, duration, money, percent } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { number, oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Editor } from "../../ui/editor.tsx";
import { Badge, Code, Facts, When } from "../../ui/marks.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { archivePrompt } from "./changes.ts";
import { Compare } from "./compare.tsx";
import { DeployDialog } from "./deploy-dialog.tsx";
import { LabelsCard, labelsFragment } from "./labels.tsx";
import { Labels } from "./prompts.tsx";
import { SettingsDialog } from "./settings-dialog.tsx";
import { TryOut } from "./try-out.tsx";
import { UsedBy } from "./used-by.tsx";
import { VersionEditor } from "./version-editor.tsx";

const query = graphql(
  `
  query Prompt($id: ID!) {
    prompt(id: $id) {
      id
      name
      kind
      folder
      runRouteId
      revision
      archivedAt
      ...LabelsOfPrompt
      versionMetrics {
        version
        calls
        failedCalls
        durationMsP95
        timeToFirstTokenMsP50
        costNanodollars
      }
      versions {
        id
        version
        author
        commitMessage
        createdAt
        variables
        defaultParameters
        tools
        responseSchema
        inputs
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
`,
  [labelsFragment],
);

export type PromptPageData = ResultOf<typeof query>;
type Data = PromptPageData;
export type PromptData = NonNullable<Data["prompt"]>;
export type VersionData = PromptData["versions"][number];

export function PromptPage() {
  const { promptId } = useParams({ strict: false }) as { promptId: string };
  const [url, setUrl] = useUrlState({ tab: oneOf("version", "edit", "compare", "try", "used"), v: number, with: number });
  const [layer, setLayer] = useState<"deploy" | "archive" | "settings">();
  const page = usePageQuery(query, { id: promptId });
  const refusal = useRefusal("developer");
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
            <Button refused={refusal} onClick={() => setLayer("settings")}>
              Settings
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
                  ["try", "Try"],
                  ["used", "Used by"],
                ]}
              />
              {tab === "version" && version !== undefined && (
                <Versions prompt={data.prompt} version={version} onPick={(v) => setUrl({ v })} onChanged={page.again} />
              )}
              {tab === "try" && version !== undefined && (
                <TryOut
                  promptId={data.prompt.id}
                  version={version.version}
                  variables={version.variables}
                  routes={data.routes.edges.map(({ node }) => node)}
                />
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
              {layer === "settings" && (
                <SettingsDialog
                  prompt={data.prompt}
                  routes={data.routes.edges.map(({ node }) => node)}
                  onClose={() => setLayer(undefined)}
                />
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

export const routesOf = (data: Data) =>
  data.routes.edges.map(({ node }) => node).filter(({ prompt }) => prompt?.promptId === data.prompt?.id);

const labelsAt = (prompt: PromptData, version: number) =>
  prompt.labels.filter((label) => label.version === version).map(({ name }) => ({ name }));

function Versions({
  prompt,
  version,
  onPick,
  onChanged,
}: {
  readonly prompt: PromptData;
  readonly version: VersionData;
  readonly onPick: (version: number) => void;
  readonly onChanged: () => void;
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
          {(
            [
              ["Default parameters", version.defaultParameters],
              ["Tools", version.tools],
              ["Schema of the answer", version.responseSchema],
            ] as const
          ).map(
            ([name, value]) =>
              value != null && (
                <div key={name} className="stack tight">
                  <h3>{name}</h3>
                  <Code text={JSON.stringify(value, null, 2)} label={name} />
                </div>
              ),
          )}
          <details>
            <summary>Schema of its variables</summary>
            <Code text={JSON.stringify(version.inputs, null, 2)} label="Schema of its variables" />
          </details>
        </div>
      </Card>
      <div className="stack">
        <LabelsCard prompt={prompt} onChanged={onChanged} />
        <LastDay prompt={prompt} />
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
    </div>
  );
}

/** What the versions that were called did in the last day. */
function LastDay({ prompt: { versionMetrics } }: { readonly prompt: PromptData }) {
  if (versionMetrics.length === 0) return null;
  return (
    <Card title="Last 24 hours">
      <ul className="stack tight">
        {versionMetrics.map((one) => (
          <li key={one.version}>
            <strong>Version {one.version}</strong>: {counted(one.calls, "call")}, {percent(one.failedCalls / one.calls)} failed
            <p className="quiet">
              First token {duration(one.timeToFirstTokenMsP50)} (p50), whole {duration(one.durationMsP95)} (p95),{" "}
              {money(BigInt(one.costNanodollars) / BigInt(one.calls))} a call
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
