/** Money: by whatever one asks for, against the time before, exported, and reconciled to the last nano-dollar. */
import { Link } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { count, money, shortCount, shortMoney } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { Card, Page } from "../../shell/page.tsx";
import { oneOf, text, useUrlState } from "../../shell/url-state.ts";
import { Chart } from "../../ui/chart.tsx";
import { AddressField, SelectField } from "../../ui/field.tsx";
import { Notice } from "../../ui/marks.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { Tile, Tiles } from "../../ui/tile.tsx";
import { AlertMe } from "../alerts/alert-me.tsx";
import { type Range, type RangeName, rangeChoices } from "../overview/ranges.ts";
import { changeOn, figuresFragment } from "../overview/report.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { type DimensionName, dimensions } from "./dimensions.ts";
import { Groups } from "./groups.tsx";
import { Periods } from "./periods.tsx";

const query = graphql(
  `
    query Cost($range: UsageRange!, $granularity: UsageGranularity!, $groupBy: [UsageGroupBy!]) {
      usage(range: $range, granularity: $granularity, groupBy: $groupBy, compare: true, limit: 100, orderBy: COST_NANODOLLARS) {
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
                costNanodollars
              }
            }
          }
          rest {
            figures {
              ...Figures
            }
          }
          groups {
            values {
              dimension
              value
              label
            }
            figures {
              ...Figures
            }
            before {
              costNanodollars
            }
          }
        }
      }
    }
  `,
  [figuresFragment],
);

export type Report = Extract<ResultOf<typeof query>["usage"], { total: unknown }>;

const granularities = { "1h": "MINUTE", "24h": "HOUR", "7d": "DAY", "30d": "DAY", "90d": "DAY" } as const;

const tabs = [
  ["spent", "What was spent"],
  ["periods", "Closing periods"],
  ["missing", "Not in the ledger"],
] as const;

const leads = {
  periods: "For whoever pays: whether a period adds up, what was closed, and its file.",
  missing: "Usage records that the ledger refused, with the reason: they are counted nowhere until they are handed in again.",
} as const;

export function Cost() {
  const [{ tab = "spent" }] = useUrlState({ tab: oneOf("spent", "periods", "missing") });
  if (tab === "spent") return <Spent />;
  return (
    <Page title="Cost" lead={leads[tab]}>
      <Tabs label="Parts of this page" current={tab} tabs={tabs} />
      {tab === "periods" ? <Periods /> : <DeadLetters />}
    </Page>
  );
}

function Spent() {
  const [url, setUrl] = useUrlState({
    range: oneOf(...(Object.keys(rangeChoices) as RangeName[])),
    by: oneOf(...(Object.keys(dimensions) as DimensionName[])),
    second: oneOf(...(Object.keys(dimensions) as DimensionName[])),
    tag: text,
  });
  const name = url.range ?? "30d";
  const first = url.by ?? "ROUTE_NAME";
  const range = useMemo(() => rangeChoices[name].of(), [name]);
  const tag = url.tag ?? "team";
  const by = [first, url.second].filter((one) => one !== undefined);
  const groupBy = by.map((dimension) => (dimension === "TAG" ? { dimension, tag } : { dimension }));
  const page = usePageQuery(query, { range, granularity: granularities[name], groupBy });
  // What is shown keeps its own headings until the answer to what is asked now has come.
  const asked = { by, tag, name, range };
  const answered = useRef(asked);
  if (!page.fetching && page.failure === undefined) answered.current = asked;
  return (
    <Page
      title="Cost"
      lead="From the ledger, at the prices that each call was made at."
      actions={
        <div className="row" style={{ alignItems: "end" }}>
          <SelectField
            label="Time"
            value={name}
            onChange={(next) => setUrl({ range: next as RangeName })}
            choices={Object.entries(rangeChoices).map(([value, choice]) => ({ value, label: choice.name }))}
          />
          <SelectField
            label="By"
            value={first}
            onChange={(next) => setUrl({ by: next as DimensionName, second: url.second === next ? undefined : url.second })}
            choices={Object.entries(dimensions).map(([value, label]) => ({ value, label }))}
          />
          <SelectField
            label="Then by"
            value={url.second ?? ""}
            onChange={(next) => setUrl({ second: (next || undefined) as DimensionName | undefined })}
            choices={[
              { value: "", label: "nothing more" },
              ...Object.entries(dimensions).map(([value, label]) => ({ value, label, disabled: value === first })),
            ]}
          />
          {by.includes("TAG") && (
            <AddressField label="The tag's name" value={tag} onChange={(next) => setUrl({ tag: next }, { replace: true })} />
          )}
        </div>
      }
    >
      <Tabs label="Parts of this page" current="spent" tabs={tabs} />
      <Result of={page}>
        {({ usage }) =>
          "total" in usage ? (
            <div className="result" aria-busy={page.fetching} data-before={page.fetching || undefined}>
              <Body report={usage as Report} {...answered.current} before={page.fetching} />
            </div>
          ) : (
            <Notice tone="bad">This range cannot be read.</Notice>
          )
        }
      </Result>
    </Page>
  );
}

export interface ReportProps {
  readonly report: Report;
  /** One, or two. */
  readonly by: readonly DimensionName[];
  readonly tag: string;
  readonly name: RangeName;
  readonly range: Range;
  /** Another report was asked for, and is on its way. */
  readonly before: boolean;
}

function Body(props: ReportProps) {
  const { report } = props;
  const { figures: now, before } = report.total;
  const times = useMemo(() => report.total.points.map(({ at }) => Date.parse(at) / 1000), [report]);
  const series = useMemo(
    () => [{ name: "Cost", values: report.total.points.map(({ figures }) => Number(figures.costNanodollars)) }],
    [report],
  );
  if (now.calls === "0")
    return (
      <Empty
        title="Nothing was spent in this time"
        action={
          <Link className="button" to="/playground">
            To the playground
          </Link>
        }
      >
        There was no call. Look at a longer time, or make the first call.
      </Empty>
    );
  return (
    <>
      <Tiles>
        <Tile
          name="Cost"
          value={shortMoney(now.costNanodollars)}
          exact={money(now.costNanodollars)}
          note={changeOn(Number(now.costNanodollars), Number(before?.costNanodollars ?? 0))}
        />
        <Tile name="Calls" value={shortCount(now.calls)} note={changeOn(Number(now.calls), Number(before?.calls ?? 0))} />
        <Tile
          name="Tokens"
          value={shortCount(now.totalTokens)}
          note={changeOn(Number(now.totalTokens), Number(before?.totalTokens ?? 0))}
        />
        <Tile name="A thousand calls" value={money((BigInt(now.costNanodollars) * 1000n) / BigInt(now.calls))} />
      </Tiles>
      {now.unpricedCalls !== "0" && (
        <Notice tone="warn">
          What {count(now.unpricedCalls)} of {count(now.calls)} calls cost is not known: their backends have no price. They are in no sum of
          money.
        </Notice>
      )}
      <Card title="Over time" actions={<AlertMe metric="COST" of="cost" />}>
        <Chart label="Cost over time" times={times} series={series} format={money2} bars />
      </Card>
      <Groups {...props} />
    </>
  );
}

const money2 = (value: number) => money(Math.round(value));
