/** What is going on, in one look: traffic, failures, latency, money against the time before; what needs somebody; what has changed. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { count, counted, duration, money, percent, shortCount } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Result } from "../../graphql/result.tsx";
import { Card, Page } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Chart } from "../../ui/chart.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Notice, When } from "../../ui/marks.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { type RangeName, rangeChoices } from "./ranges.ts";
import { changeOn, failedShare, figuresFragment } from "./report.ts";

const query = graphql(
  `
    query Overview($range: UsageRange!, $granularity: UsageGranularity!) {
      usage(range: $range, granularity: $granularity, compare: true, groupBy: [{ dimension: ROUTE_NAME }], limit: 6) {
        ... on UsageReport {
          total {
            figures {
              ...Figures
            }
            before {
              ...Figures
            }
            points {
              at
              figures {
                ...Figures
              }
            }
          }
          groups {
            values {
              value
              label
            }
            figures {
              ...Figures
            }
          }
        }
      }
      backendUse: usage(range: $range, groupBy: [{ dimension: BACKEND }], limit: 6) {
        ... on UsageReport {
          groups {
            values {
              value
              label
            }
            figures {
              ...Figures
            }
          }
        }
      }
      keyUse: usage(range: $range, groupBy: [{ dimension: API_KEY }], limit: 6, orderBy: COST_NANODOLLARS) {
        ... on UsageReport {
          groups {
            values {
              value
              label
            }
            figures {
              ...Figures
            }
          }
        }
      }
      nodes {
        id
        state
        revisionsBehind
        refusedReason
        refusedNumber
      }
      revisions(first: 8) {
        edges {
          node {
            number
            createdAt
            actor
            summary
          }
        }
      }
    }
  `,
  [figuresFragment],
);

type Data = ResultOf<typeof query>;
type Report = Extract<Data["usage"], { total: unknown }>;
type Group = Report["groups"][number];

const granularities = { "1h": "MINUTE", "24h": "HOUR", "7d": "HOUR", "30d": "DAY", "90d": "DAY" } as const;

export function Overview() {
  const [url, setUrl] = useUrlState({ range: oneOf(...(Object.keys(rangeChoices) as RangeName[])) });
  const name = url.range ?? "24h";
  const range = useMemo(() => rangeChoices[name].of(), [name]);
  const page = usePageQuery(query, { range, granularity: granularities[name] });
  return (
    <Page
      title="Overview"
      actions={
        <div style={{ width: "11rem" }}>
          <SelectField
            label={<span className="visually-hidden">Time</span>}
            value={name}
            onChange={(next) => setUrl({ range: next === "24h" ? undefined : (next as RangeName) })}
            choices={Object.entries(rangeChoices).map(([value, choice]) => ({ value, label: choice.name }))}
          />
        </div>
      }
    >
      <Result of={page}>{(data) => <Body data={data} name={name} />}</Result>
    </Page>
  );
}

function Body({ data, name }: { readonly data: Data; readonly name: RangeName }) {
  if (!("total" in data.usage)) return <Notice tone="bad">This range cannot be read.</Notice>;
  const report = data.usage as Report;
  return (
    <>
      <Incidents data={data} />
      {report.total.figures.calls === "0" && <FirstSteps />}
      <Tiles report={report} name={name} />
      <Charts report={report} data={data} />
      <div className="grid pairs">
        <Top title="Routes" groups={report.groups} search={(value) => ({ route: value, range: name })} of="route" />
        <Top
          title="Backends"
          groups={"groups" in data.backendUse ? (data.backendUse.groups as readonly Group[]) : []}
          search={(value) => ({ backend: value, range: name })}
          of="backend"
        />
        <Top
          title="Keys, by cost"
          groups={"groups" in data.keyUse ? (data.keyUse.groups as readonly Group[]) : []}
          search={(value) => ({ key: value, range: name })}
          of="key"
          byCost
        />
        <Changed data={data} />
      </div>
    </>
  );
}

const failingShare = 0.05;

/** What needs somebody, with the way there. Nothing to say is the usual case. */
function Incidents({ data }: { readonly data: Data }) {
  const gone = data.nodes.filter(({ state }) => state === "gone");
  const refused = data.nodes.filter(({ state, refusedReason }) => state !== "gone" && refusedReason !== null);
  const backends = "groups" in data.backendUse ? (data.backendUse.groups as readonly Group[]) : [];
  const failing = backends.filter(
    ({ figures, values }) => values[0]?.value !== "" && Number(figures.calls) >= 20 && (failedShare(figures) ?? 0) > failingShare,
  );
  const unpriced = backends
    .filter(({ values }) => values[0]?.value !== "")
    .reduce((sum, { figures }) => sum + Number(figures.unpricedCalls), 0);
  return (
    <>
      {data.nodes.length === 0 && (
        <Notice tone="bad">
          No node has reported, so nobody is served. <Link to="/nodes">To the nodes</Link>
        </Notice>
      )}
      {gone.length > 0 && (
        <Notice tone="warn">
          {gone.map(({ id }) => id).join(", ")} {gone.length === 1 ? "is" : "are"} gone. <Link to="/nodes">To the nodes</Link>
        </Notice>
      )}
      {refused.map(({ id, refusedNumber, refusedReason }) => (
        <Notice key={id} tone="bad">
          {id} refused revision {refusedNumber}: {refusedReason}. <Link to="/nodes">To the nodes</Link>
        </Notice>
      ))}
      {failing.map(({ values: [value], figures }) => (
        <Notice key={value?.value} tone="bad">
          {value?.label ?? value?.value} failed {percent(failedShare(figures))} of {count(figures.calls)} calls.{" "}
          <Link to="/calls" search={{ backend: value?.value } as never}>
            Look at them
          </Link>
        </Notice>
      ))}
      {unpriced > 0 && (
        <Notice tone="warn">
          What {count(unpriced)} calls cost is not known, so the sum of money is too small.{" "}
          <Link to="/backends">Give every backend a price</Link>
        </Notice>
      )}
    </>
  );
}

function Tiles({ report, name }: { readonly report: Report; readonly name: RangeName }) {
  const { figures: now, before } = report.total;
  const tiles: readonly (readonly [string, string, string | undefined, Readonly<Record<string, unknown>>])[] = [
    ["Calls", shortCount(now.calls), changeOn(Number(now.calls), Number(before?.calls ?? 0)), {}],
    ["Failed", percent(failedShare(now)), counted(BigInt(now.failedCalls), "call"), { outcome: "UPSTREAM_ERROR" }],
    ["First token, p50", duration(now.timeToFirstToken.p50Ms), changeOn(now.timeToFirstToken.p50Ms, before?.timeToFirstToken.p50Ms), {}],
    ["First token, p95", duration(now.timeToFirstToken.p95Ms), changeOn(now.timeToFirstToken.p95Ms, before?.timeToFirstToken.p95Ms), {}],
    [
      "Whole call, p95",
      duration(now.duration.p95Ms),
      changeOn(now.duration.p95Ms, before?.duration.p95Ms),
      { slow: Math.round(now.duration.p95Ms ?? 0) || undefined },
    ],
    ["Tokens", shortCount(now.totalTokens), changeOn(Number(now.totalTokens), Number(before?.totalTokens ?? 0)), {}],
  ];
  return (
    <div className="grid tiles">
      {tiles.map(([title, value, note, search]) => (
        <Link key={title} to="/calls" search={{ range: name, ...search } as never} className="tile">
          <span className="name">{title}</span>
          <span className="value">{value}</span>
          <span className="note">{note ?? "\u00a0"}</span>
        </Link>
      ))}
      <Link to="/cost" search={{ range: name } as never} className="tile">
        <span className="name">Cost</span>
        <span className="value">{money(now.costNanodollars)}</span>
        <span className="note">{changeOn(Number(now.costNanodollars), Number(before?.costNanodollars ?? 0)) ?? "\u00a0"}</span>
      </Link>
    </div>
  );
}

const asCount = (value: number) => shortCount(Math.round(value));
const asDuration = (value: number) => duration(value);

function Charts({ report, data }: { readonly report: Report; readonly data: Data }) {
  const { points } = report.total;
  const times = useMemo(() => points.map(({ at }) => Date.parse(at) / 1000), [points]);
  const traffic = useMemo(
    () => [
      { name: "Calls", values: points.map(({ figures }) => Number(figures.calls)) },
      { name: "Failed", values: points.map(({ figures }) => Number(figures.failedCalls)) },
    ],
    [points],
  );
  const latency = useMemo(
    () => [
      { name: "First token, p50", values: points.map(({ figures }) => figures.timeToFirstToken.p50Ms) },
      { name: "First token, p95", values: points.map(({ figures }) => figures.timeToFirstToken.p95Ms) },
    ],
    [points],
  );
  const marks = useMemo(
    () => data.revisions.edges.map(({ node }) => ({ time: Date.parse(node.createdAt) / 1000, label: `revision ${node.number}` })),
    [data.revisions.edges],
  );
  return (
    <div className="grid">
      <Card title="Calls">
        <Chart label="Calls over time, and those that failed" times={times} series={traffic} format={asCount} marks={marks} />
      </Card>
      <Card title="Time to the first token">
        <Chart label="Time to the first token over time" times={times} series={latency} format={asDuration} marks={marks} />
      </Card>
    </div>
  );
}

interface TopProps {
  readonly title: string;
  readonly groups: readonly Group[];
  readonly of: string;
  readonly byCost?: boolean;
  readonly search: (value: string) => Readonly<Record<string, unknown>>;
}

function Top({ title, groups, of, byCost, search }: TopProps) {
  const measure = (group: Group) => Number(byCost ? group.figures.costNanodollars : group.figures.calls);
  const most = Math.max(1, ...groups.map(measure));
  return (
    <Card title={title}>
      {groups.length === 0 ? (
        <p className="quiet">No call in this time.</p>
      ) : (
        <ol className="stack tight">
          {groups.map((group) => {
            const [first] = group.values;
            const value = first?.value ?? "";
            return (
              <li key={value}>
                <div className="share">
                  {value === "" ? (
                    <span className="quiet">no {of}: refused before</span>
                  ) : (
                    <Link to="/calls" search={search(value) as never}>
                      {first?.label ?? value}
                    </Link>
                  )}
                  <span className="number quiet">
                    {byCost ? money(group.figures.costNanodollars) : count(group.figures.calls)}
                    {!byCost && group.figures.failedCalls !== "0" && `, ${percent(failedShare(group.figures))} failed`}
                  </span>
                </div>
                <div className="meter" aria-hidden>
                  <i style={{ width: `${(measure(group) / most) * 100}%` }} />
                </div>
              </li>
            );
          })}
        </ol>
      )}
    </Card>
  );
}

function Changed({ data }: { readonly data: Data }) {
  return (
    <Card title="What has changed" actions={<Link to="/revisions">All</Link>}>
      <ul className="stack tight">
        {data.revisions.edges.map(({ node }) => (
          <li key={node.number} className="share">
            <span>
              <Link to={`/revisions/${node.number}`}>{node.number}</Link> {node.summary}
            </span>
            <span className="quiet">
              {actorName(node.actor)}, <When at={node.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
