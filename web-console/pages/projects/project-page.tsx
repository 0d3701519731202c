/** One project: what it spends, the limits and budgets that hold for it, its keys, and what it keeps of calls. */
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { captureWords } from "../../change/capture-values.ts";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { count, money, shortCount, shortMoney } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { NoSuch, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { ThingActions } from "../../shell/thing-actions.tsx";
import { flag, useUrlState } from "../../shell/url-state.ts";
import { Badge, Facts, Meter, When } from "../../ui/marks.tsx";
import { Tile, Tiles } from "../../ui/tile.tsx";
import { keyFragment, stateOf } from "../keys/changes.ts";
import { stateTones } from "../keys/keys.tsx";
import { archiveProject } from "../organisation/changes.ts";
import { ProjectDialog, projectFragment } from "../organisation/project-dialog.tsx";
import { rangeChoices } from "../overview/ranges.ts";
import { figuresFragment } from "../overview/report.ts";
import { levelFragment, quotaFragment } from "../quotas/changes.ts";
import { EffectiveLimits } from "../quotas/effective-limits.tsx";
import { keptBy } from "./kept-by.ts";

const query = graphql(
  `
    query Project($id: ID!, $project: ID!, $range: UsageRange!) {
      project(id: $id) {
        ...ProjectDetails
        createdAt
      }
      effectiveQuotas(projectId: $project) {
        ...QuotaDetails
        ...QuotaLevelNow
      }
      budgets(first: 100, uses: $project) {
        edges {
          node {
            id
            key
            limitNanodollars
            period
            thresholdPercents
            state {
              spentPercent
              spentNanodollars
            }
          }
        }
      }
      apiKeys(first: 100, uses: $project) {
        edges {
          node {
            ...KeyDetails
          }
        }
        pageInfo {
          hasNextPage
        }
      }
      usage(range: $range, filter: { projectId: [$project] }) {
        ... on UsageReport {
          total {
            figures {
              ...Figures
            }
          }
        }
      }
    }
  `,
  [projectFragment, quotaFragment, levelFragment, keyFragment, figuresFragment],
);

type Data = ResultOf<typeof query>;

export function ProjectPage() {
  const { projectId } = useParams({ strict: false }) as { projectId: string };
  const [range] = useState(rangeChoices["7d"].of);
  const [url, setUrl] = useUrlState({ edit: flag });
  const [archiving, setArchiving] = useState(false);
  const page = usePageQuery(query, { id: projectId, project: projectId, range });
  const refusal = useRefusal("admin");
  return (
    <Page
      title={page.data?.project?.name ?? "Project"}
      under={{ to: "/organisation", name: "Organisation" }}
      actions={
        page.data?.project != null && (
          <ThingActions
            calls={{ project: projectId }}
            refusal={refusal}
            end="Archive"
            endRefusal={keptBy(page.data.apiKeys.edges.map(({ node }) => node))}
            onEnd={() => setArchiving(true)}
            onEdit={() => setUrl({ edit: true })}
          />
        )
      }
    >
      <Result of={page}>
        {(data) =>
          data.project === null ? (
            <NoSuch thing="project" />
          ) : (
            <>
              <Used data={data} />
              <div className="grid">
                <Card title="What it is">
                  <Facts
                    of={[
                      ["Key", <code key="key">{data.project.key}</code>],
                      ["What is said in calls", captureWords(data.project.contentCapture, "as the organisation says")],
                      ["Made", <When key="made" at={data.project.createdAt} />],
                    ]}
                  />
                </Card>
                <EffectiveLimits
                  title="Limits that its calls meet"
                  quotas={data.effectiveQuotas}
                  none="None: its keys may spend without bound."
                  note="A key can have narrower ones of its own."
                />
              </div>
              <Budgets data={data} />
              <Keys data={data} />
              {url.edit && <ProjectDialog project={data.project} onClose={() => setUrl({ edit: undefined }, { replace: true })} />}
              {archiving && (
                <DestroyDialog
                  title={`Archive ${data.project.name}?`}
                  name={data.project.key}
                  verb="Archive the project"
                  done="The project is archived"
                  consequences={["What it spent stays in the ledger under its name."]}
                  act={() => archiveProject(projectId, data.project?.revision ?? 0)}
                  onClose={() => setArchiving(false)}
                />
              )}
            </>
          )
        }
      </Result>
    </Page>
  );
}

function Used({ data: { usage } }: { readonly data: Data }) {
  if (!("total" in usage)) return null;
  const { calls, totalTokens, costNanodollars } = (usage as Extract<Data["usage"], { total: unknown }>).total.figures;
  return (
    <Tiles>
      <Tile name="Calls, 7 days" value={shortCount(calls)} exact={count(calls)} />
      <Tile name="Tokens" value={shortCount(totalTokens)} exact={count(totalTokens)} />
      <Tile name="Cost" value={shortMoney(costNanodollars)} exact={money(costNanodollars)} />
    </Tiles>
  );
}

function Budgets({ data }: { readonly data: Data }) {
  if (data.budgets.edges.length === 0) return null;
  return (
    <Card title="Its budgets">
      <ul className="stack">
        {data.budgets.edges.map(({ node: { id, key, limitNanodollars, period, thresholdPercents, state } }) => (
          <li key={id} className="stack tight">
            <span>
              <Link to="/budgets" search={{ budget: id }} className="strong">
                {key}
              </Link>{" "}
              <span className="quiet">
                {state !== null && `${money(state.spentNanodollars)} of `}
                {money(limitNanodollars)} a {period.toLowerCase()}
              </span>
            </span>
            {state !== null && (
              <Meter
                share={state.spentPercent / 100}
                marks={thresholdPercents.map((one) => one / 100)}
                label={`${key}: ${state.spentPercent}%`}
              />
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Keys({ data }: { readonly data: Data }) {
  const keys = data.apiKeys.edges.map(({ node }) => node);
  return (
    <Card title="Its API keys" actions={<Link to="/keys">All keys</Link>}>
      {keys.length === 0 ? (
        <p className="quiet">None yet: nobody can call for it.</p>
      ) : (
        <ul className="stack tight">
          {keys.map((key) => (
            <li key={key.id} className="row">
              <Badge tone={stateTones[stateOf(key)]}>{stateOf(key)}</Badge>
              <Link to="/keys/$keyId" params={{ keyId: key.id }}>
                {key.name}
              </Link>
              <code className="quiet">
                psk_{key.environment}_{key.publicId}…{key.lastFour}
              </code>
            </li>
          ))}
        </ul>
      )}
      {keptBy(keys) !== undefined && (
        <p className="quiet">Before the project can be archived, each key that is not revoked is revoked on its own page.</p>
      )}
      {data.apiKeys.pageInfo.hasNextPage && <p className="quiet">And more: search for them on the page of all keys.</p>}
    </Card>
  );
}
