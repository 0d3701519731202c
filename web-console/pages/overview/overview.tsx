/** What is going on, in one look: what needs somebody; traffic, failures, latency and money against another time; what has changed. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { count, duration, money, percent, shortCount } from "../../format/numbers.ts";
import { actorName, useUtc } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useLookAgain } from "../../graphql/look-again.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Result } from "../../graphql/result.tsx";
import { Card, Page } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Chart } from "../../ui/chart.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, Notice, When } from "../../ui/marks.tsx";
import { AlertMe } from "../alerts/alert-me.tsx";
import { changeFragment, changeKind, changeMarks, changeWords } from "./changes.ts";
import { FirstSteps } from "./first-steps.tsx";
import { Incidents, incidentFragment } from "./incidents.tsx";
import {
  type ComparisonName,
  comparedWith,
  comparisons,
  comparisonsFor,
  type RangeName,
  rangeChoices,
  todayAndYesterday,
} from "./ranges.ts";
import { failedShare, figuresFragment } from "./report.ts";
import { Tiles } from "./tiles.tsx";

const groupFragment = graphql(
  `
    fragment OverviewGroup on UsageGroup {
      values {
        value
        label
      }
      figures {
        calls
        failedCalls
        costNanodollars
      }
    }
  `,
);

const query = graphql(
  `
    query Overview(
      $range: UsageRange!
      $granularity: UsageGranularity!
      $earlier: UsageRange!
      $today: UsageRange!
      $yesterday: UsageRange!
    ) {
      incidents {
        ...OpenIncident
      }
      usage(range: $range, granularity: $granularity, groupBy: [{ dimension: ROUTE_NAME }], limit: 6) {
        ... on UsageReport {
          total {
            figures {
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
            ...OverviewGroup
          }
        }
      }
      earlier: usage(range: $earlier) {
        ... on UsageReport {
          total {
            figures {
              ...Figures
            }
          }
        }
      }
      today: usage(range: $today) {
        ... on UsageReport {
          total {
            figures {
              costNanodollars
            }
          }
        }
      }
      yesterday: usage(range: $yesterday) {
        ... on UsageReport {
          total {
            figures {
              costNanodollars
            }
          }
        }
      }
      backendUse: usage(range: $range, groupBy: [{ dimension: BACKEND }], limit: 6) {
        ... on UsageReport {
          groups {
            ...OverviewGroup
          }
        }
      }
      keyUse: usage(range: $range, groupBy: [{ dimension: API_KEY }], limit: 6, orderBy: COST_NANODOLLARS) {
        ... on UsageReport {
          groups {
            ...OverviewGroup
          }
        }
      }
      revisions(first: 60) {
        edges {
          node {
            ...OverviewChange
          }
        }
      }
    }
  `,
  [figuresFragment, groupFragment, incidentFragment, changeFragment],
);

type Data = ResultOf<typeof query>;
type Group = ResultOf<typeof groupFragment>;

/** Of a union the report; the rest is a range that the control plane refuses. */
const isReport = <Report,>(result: Report): result is Extract<Report, { readonly total: unknown }> =>
  typeof result === "object" && result !== null && "total" in result;
const groupsOf = (result: Data["backendUse"] | Data["keyUse"]): readonly Group[] => ("groups" in result ? result.groups : []);

const granularities = { "1h": "MINUTE", "24h": "HOUR", "7d": "HOUR", "30d": "DAY", "90d": "DAY" } as const;
const lookAgainMs = 60_000;

export const address = {
  range: oneOf(...(Object.keys(rangeChoices) as RangeName[])),
  vs: oneOf(...(Object.keys(comparisons) as ComparisonName[])),
};

export function Overview() {
  const [url, setUrl] = useUrlState(address);
  const utc = useUtc();
  const name = url.range ?? "24h";
  const possible = comparisonsFor(name);
  const against = url.vs !== undefined && possible.includes(url.vs) ? url.vs : "before";
  const variables = useMemo(() => {
    const range = rangeChoices[name].of();
    const [today, yesterday] = todayAndYesterday(utc);
    return { range, granularity: granularities[name], earlier: comparedWith(range, against), today, yesterday };
  }, [name, against, utc]);
  const page = usePageQuery(query, variables);
  useLookAgain(lookAgainMs, page.again);
  return (
    <Page
      title="Overview"
      actions={
        <>
          <div style={{ width: "11rem" }}>
            <SelectField
              label={<span className="visually-hidden">Time</span>}
              value={name}
              onChange={(next) => setUrl({ range: next === "24h" ? undefined : (next as RangeName) })}
              choices={Object.entries(rangeChoices).map(([value, choice]) => ({ value, label: choice.name }))}
            />
          </div>
          <div style={{ width: "16rem" }}>
            <SelectField
              label={<span className="visually-hidden">Compared with</span>}
              value={against}
              onChange={(next) => setUrl({ vs: next === "before" ? undefined : (next as ComparisonName) })}
              choices={possible.map((value) => ({ value, label: `against ${comparisons[value].name}` }))}
            />
          </div>
        </>
      }
    >
      <Result of={page}>
        {(data) => <Body data={data} name={name} against={against} since={variables.range.since} midnight={variables.today.since} />}
      </Result>
    </Page>
  );
}

interface BodyProps {
  readonly data: Data;
  readonly name: RangeName;
  readonly against: ComparisonName;
  readonly since: string;
  readonly midnight: string;
}

function Body({ data, name, against, since, midnight }: BodyProps) {
  const { usage, earlier, today, yesterday } = data;
  if (!isReport(usage) || !isReport(earlier) || !isReport(today) || !isReport(yesterday))
    return <Notice tone="bad">This range cannot be read.</Notice>;
  const { figures, points } = usage.total;
  return (
    <>
      <Incidents of={data.incidents} unpricedCalls={BigInt(figures.unpricedCalls)} />
      {figures.calls === "0" && <FirstSteps />}
      <Tiles
        now={figures}
        earlier={earlier.total.figures}
        lengthMs={rangeChoices[name].ms}
        range={name}
        against={comparisons[against].name}
        costToday={today.total.figures.costNanodollars}
        costYesterday={yesterday.total.figures.costNanodollars}
        midnight={midnight}
      />
      <Charts points={points} data={data} since={since} />
      <div className="grid pairs">
        <Top title="Routes" groups={usage.groups} search={(value) => ({ route: value, range: name })} of="route" />
        <Top title="Backends" groups={groupsOf(data.backendUse)} search={(value) => ({ backend: value, range: name })} of="backend" />
        <Top title="Keys, by cost" groups={groupsOf(data.keyUse)} search={(value) => ({ key: value, range: name })} of="key" byCost />
        <Changed data={data} />
      </div>
    </>
  );
}

const asCount = (value: number) => shortCount(Math.round(value));
const asDuration = (value: number) => duration(value);
const asMoney = (value: number) => money(Math.round(value));

type Points = Extract<Data["usage"], { readonly total: unknown }>["total"]["points"];

function Charts({ points, data, since }: { readonly points: Points; readonly data: Data; readonly since: string }) {
  const times = useMemo(() => points.map(({ at }) => Date.parse(at) / 1000), [points]);
  const series = useMemo(() => {
    const line = (name: string, read: (figures: Points[number]["figures"]) => number | null) => ({
      name,
      values: points.map(({ figures }) => read(figures)),
    });
    return {
      calls: [line("Calls", ({ calls }) => Number(calls)), line("Failed", ({ failedCalls }) => Number(failedCalls))],
      firstToken: [
        line("First token, p50", ({ timeToFirstToken }) => timeToFirstToken.p50Ms),
        line("First token, p95", ({ timeToFirstToken }) => timeToFirstToken.p95Ms),
      ],
      whole: [line("Whole call, p50", (figures) => figures.duration.p50Ms), line("Whole call, p95", (figures) => figures.duration.p95Ms)],
      cost: [line("Cost", ({ costNanodollars }) => Number(costNanodollars))],
    };
  }, [points]);
  const marks = useMemo(() => changeMarks(data.revisions.edges.map(({ node }) => node)), [data.revisions.edges]);
  const frame = { times, marks, from: Date.parse(since) / 1000 };
  return (
    <div className="grid pairs">
      <Card title="Calls" actions={<AlertMe metric="CALLS" of="calls" />}>
        <Chart label="Calls over time, and those that failed" series={series.calls} format={asCount} {...frame} />
      </Card>
      <Card title="Time to the first token" actions={<AlertMe metric="TIME_TO_FIRST_TOKEN_P95" of="the time to the first token" />}>
        <Chart label="Time to the first token over time" series={series.firstToken} format={asDuration} {...frame} />
      </Card>
      <Card title="Time of the whole call" actions={<AlertMe metric="DURATION_P95" of="the time of the whole call" />}>
        <Chart label="Time of the whole call over time" series={series.whole} format={asDuration} {...frame} />
      </Card>
      <Card title="Cost" actions={<AlertMe metric="COST" of="cost" />}>
        <Chart label="Cost over time" series={series.cost} format={asMoney} {...frame} />
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
                    <Link to="/calls" search={search(value)}>
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

const changesShown = 8;

/** By when, which is not always the order of their numbers: what is dated back stands where it belongs. */
const lastOf = <Change extends { readonly createdAt: string }>(changes: readonly Change[]): readonly Change[] =>
  changes.toSorted((one, other) => Date.parse(other.createdAt) - Date.parse(one.createdAt)).slice(0, changesShown);

function Changed({ data }: { readonly data: Data }) {
  return (
    <Card title="What has changed" actions={<Link to="/revisions">All</Link>}>
      <ul className="stack tight">
        {lastOf(data.revisions.edges.map(({ node }) => node)).map((node) => (
          <li key={node.number} className="share">
            <span>
              <Link to="/revisions/$number" params={{ number: node.number }}>
                {node.number}
              </Link>{" "}
              {node.summary} {changeKind(node.summary) !== "configuration" && <Badge>{changeWords[changeKind(node.summary)]}</Badge>}
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
