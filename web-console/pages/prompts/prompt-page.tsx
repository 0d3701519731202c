/** One prompt: a version with its labels and variables, the editor, what differs between versions, who uses it. */

import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { Choice } from "../../change/choices.ts";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal, useViewer } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { number, oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Notice, When } from "../../ui/marks.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { rangeChoices } from "../overview/ranges.ts";
import { archivePrompt } from "./changes.ts";
import { Compare } from "./compare.tsx";
import { DeployDialog } from "./deploy-dialog.tsx";
import { labelMovesFragment } from "./label-history.tsx";
import { labelsFragment } from "./labels.tsx";
import { Metrics, rangeNames, versionMetricsFragment } from "./metrics.tsx";
import { Labels } from "./prompts.tsx";
import { SettingsDialog } from "./settings-dialog.tsx";
import { TryOut } from "./try-out.tsx";
import { UsePrompt } from "./use-prompt.tsx";
import { UsedBy } from "./used-by.tsx";
import { keptDraft, placeOf } from "./version-draft.ts";
import { VersionEditor } from "./version-editor.tsx";
import { useVersion, versionFragment } from "./version-query.ts";
import { Versions } from "./versions.tsx";

const minuteMs = 60_000;

const query = graphql(
  `
  query Prompt($id: ID!, $since: DateTime, $withRange: Boolean!) {
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
        ...VersionMetrics
      }
      metricsInRange: versionMetrics(since: $since) @include(if: $withRange) {
        ...VersionMetrics
      }
      ...MovesOfLabels
      versions(first: 50) {
        ...WholeVersion
      }
      experiments {
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
        rollout {
          deploys {
            promptId
            label
            version
          }
        }
      }
    }
    routes(first: 1) {
      edges {
        node {
          id
          name
        }
      }
    }
    nodes {
      state
      restAddress
      grpcAddress
    }
  }
`,
  [labelsFragment, labelMovesFragment, versionFragment, versionMetricsFragment],
);

export type PromptPageData = ResultOf<typeof query>;
type Data = PromptPageData;
export type PromptData = NonNullable<Data["prompt"]>;

const tabs = ["version", "edit", "compare", "try", "used", "metrics", "code"] as const;
type Tab = (typeof tabs)[number];

export const address = {
  tab: oneOf(...tabs),
  v: number,
  with: number,
  range: oneOf(...rangeNames),
};

export function PromptPage() {
  const { promptId } = useParams({ strict: false }) as { promptId: string };
  const [url, setUrl] = useUrlState(address);
  const [layer, setLayer] = useState<"deploy" | "archive" | "settings">();
  const { range = "24h" } = url;
  const page = usePageQuery(query, {
    id: promptId,
    withRange: url.tab === "metrics",
    since: url.tab === "metrics" ? new Date(Math.floor(Date.now() / minuteMs) * minuteMs - rangeChoices[range].ms).toISOString() : null,
  });
  const refusal = useRefusal("developer");
  const prompt = page.data?.prompt;
  const draft = keptDraft(placeOf(useViewer().tokenId, promptId));
  const tab = prompt?.versions.length === 0 ? "edit" : (url.tab ?? "version");
  const found = useVersion(prompt, url.v ?? prompt?.versions[0]?.version);
  const version = found ?? undefined;
  // What was published just now is known a moment before the prompt that has it.
  const newest = prompt?.versions[0]?.version ?? 0;
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
            {version !== undefined && tab !== "edit" && (
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
              <Tabs label="About this prompt" current={tab} tabs={tabsOf(data.prompt.versions.length > 0, draft !== undefined)} />
              {url.v !== undefined && version === undefined && <NotThere version={url.v} reading={found === undefined} />}
              {tab === "version" && draft !== undefined && (
                <Notice>
                  <div className="row apart">
                    <span>
                      You have a draft that is not published, kept in this browser <When at={draft.keptAt} />.
                    </span>
                    <Link to="." search={{ tab: "edit" }} className="button small">
                      Go on with it
                    </Link>
                  </div>
                </Notice>
              )}
              {tab === "version" && version !== undefined && (
                <Versions prompt={data.prompt} version={version} onPick={(v) => setUrl({ v })} onChanged={page.again} />
              )}
              {tab === "try" && version !== undefined && <TryOut promptId={data.prompt.id} version={version} route={routeFor(data)} />}
              {tab === "edit" && (
                <VersionEditor
                  key={version?.id ?? "first"}
                  prompt={data.prompt}
                  from={version}
                  onPublished={(v, deploy) => {
                    setUrl({ tab: undefined, v });
                    setLayer(deploy ? "deploy" : undefined);
                    page.again();
                  }}
                />
              )}
              {tab === "compare" && version !== undefined && (
                <Compare
                  prompt={data.prompt}
                  newer={version}
                  older={url.with ?? version.version - 1}
                  route={routeFor(data)}
                  onPick={(patch) => setUrl(patch, { replace: true })}
                />
              )}
              {tab === "metrics" && (
                <Metrics
                  promptId={promptId}
                  of={data.prompt.metricsInRange ?? []}
                  range={range}
                  onRange={(next) => setUrl({ range: next === "24h" ? undefined : next }, { replace: true })}
                />
              )}
              {tab === "used" && <UsedBy data={data} />}
              {tab === "code" && version !== undefined && <UsePrompt prompt={data.prompt} version={version} data={data} />}
              {layer === "deploy" && version !== undefined && version.version <= newest && (
                <DeployDialog prompt={data.prompt} version={version} onClose={() => setLayer(undefined)} />
              )}
              {layer === "settings" && <SettingsDialog prompt={data.prompt} onClose={() => setLayer(undefined)} />}
              {layer === "archive" && (
                <DestroyDialog
                  title={`Archive ${data.prompt.name}?`}
                  name={data.prompt.name}
                  verb="Archive the prompt"
                  done="The prompt is archived"
                  consequences={
                    data.prompt.usedBy.length === 0
                      ? ["Nobody asks for it."]
                      : [`These ask for it and must let it go first: ${data.prompt.usedBy.map(({ name }) => name).join(", ")}.`]
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

/** Of what has no version yet there is nothing but the writing of the first. */
function tabsOf(hasVersions: boolean, hasDraft: boolean): readonly (readonly [Tab, string])[] {
  const written = hasDraft ? " (your draft)" : "";
  if (!hasVersions) return [["edit", `First version${written}`]];
  return [
    ["version", "Versions"],
    ["edit", `New version${written}`],
    ["compare", "Compare"],
    ["try", "Try"],
    ["metrics", "Metrics"],
    ["used", "Used by"],
    ["code", "Use it"],
  ];
}

const NotThere = ({ version, reading }: { readonly version: number; readonly reading: boolean }) =>
  reading ? (
    <p className="quiet" role="status">
      Reading version {version} …
    </p>
  ) : (
    <Empty
      title={`There is no version ${version}`}
      action={
        <Link to="." search={{ v: undefined }} className="button">
          To the newest
        </Link>
      }
    >
      Versions are never deleted, so the address is mistyped.
    </Empty>
  );

/** The route to call it on unless another is chosen: one that asks for it, else any. */
export const routeFor = (data: Data): Choice | undefined =>
  data.prompt?.usedBy.find(({ kind }) => kind === "ROUTE") ?? data.routes.edges[0]?.node;
