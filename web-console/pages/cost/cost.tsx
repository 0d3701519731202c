/** Money: by whatever one asks for, against the time before, exported, and reconciled to the last nano-dollar. */
import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useMemo } from "react";
import { count, money, percent, shortCount } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { Card, Page } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Chart } from "../../ui/chart.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Notice } from "../../ui/marks.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { type RangeName, rangeChoices } from "../overview/ranges.ts";
import { changeOn, figuresFragment } from "../overview/report.ts";
import { DeadLetters } from "./dead-letters.tsx";
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

type Report = Extract<ResultOf<typeof query>["usage"], { total: unknown }>;
type Group = Report["groups"][number];

const dimensions = {
  ROUTE_NAME: "route",
  PROJECT: "project",
  API_KEY: "API key",
  BACKEND: "backend",
  PROVIDER: "provider",
  MODEL_SERVED: "model",
  PROMPT_VERSION: "prompt version",
  END_USER: "end user (hash)",
  OUTCOME: "outcome",
} as const;
type DimensionName = keyof typeof dimensions;

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
  });
  const name = url.range ?? "30d";
  const by = url.by ?? "ROUTE_NAME";
  const range = useMemo(() => rangeChoices[name].of(), [name]);
  const page = usePageQuery(query, { range, granularity: granularities[name], groupBy: [{ dimension: by }] });
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
            value={by}
            onChange={(next) => setUrl({ by: next as DimensionName })}
            choices={Object.entries(dimensions).map(([value, label]) => ({ value, label }))}
          />
        </div>
      }
    >
      <Tabs label="Parts of this page" current="spent" tabs={tabs} />
      <Result of={page}>
        {({ usage }) =>
          "total" in usage ? <Body report={usage as Report} by={by} name={name} /> : <Notice tone="bad">This range cannot be read.</Notice>
        }
      </Result>
    </Page>
  );
}

function Body({ report, by, name }: { readonly report: Report; readonly by: DimensionName; readonly name: RangeName }) {
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
      <div className="grid tiles">
        <Tile
          name="Cost"
          value={money(now.costNanodollars)}
          note={changeOn(Number(now.costNanodollars), Number(before?.costNanodollars ?? 0))}
        />
        <Tile name="Calls" value={shortCount(now.calls)} note={changeOn(Number(now.calls), Number(before?.calls ?? 0))} />
        <Tile
          name="Tokens"
          value={shortCount(now.totalTokens)}
          note={changeOn(Number(now.totalTokens), Number(before?.totalTokens ?? 0))}
        />
        <Tile name="A thousand calls" value={money((BigInt(now.costNanodollars) * 1000n) / BigInt(now.calls))} />
      </div>
      {now.unpricedCalls !== "0" && (
        <Notice tone="warn">
          What {count(now.unpricedCalls)} of {count(now.calls)} calls cost is not known: their backends have no price. They are in no sum of
          money.
        </Notice>
      )}
      <Card title="Over time">
        <Chart label="Cost over time" times={times} series={series} format={money2} bars />
      </Card>
      <Groups report={report} by={by} name={name} />
    </>
  );
}

const money2 = (value: number) => money(Math.round(value));

const Tile = ({ name, value, note }: { readonly name: string; readonly value: string; readonly note?: string | undefined }) => (
  <div className="tile">
    <span className="name">{name}</span>
    <span className="value">{value}</span>
    <span className="note">{note ?? "\u00a0"}</span>
  </div>
);

const nameOf = (group: Group): string => group.values[0]?.label ?? (group.values[0]?.value || "none: refused before, or not named");

const filters: Partial<Record<DimensionName, string>> = { ROUTE_NAME: "route", API_KEY: "key", BACKEND: "backend" };

function Groups({ report, by, name }: { readonly report: Report; readonly by: DimensionName; readonly name: RangeName }) {
  const total = BigInt(report.total.figures.costNanodollars);
  const columns = useMemo<readonly Column<Group>[]>(
    () => [
      {
        id: "name",
        name: dimensions[by],
        by: nameOf,
        cell: (group) =>
          filters[by] !== undefined && group.values[0]?.value ? (
            <Link to="/calls" search={{ [filters[by]]: group.values[0].value, range: name } as never}>
              {nameOf(group)}
            </Link>
          ) : (
            nameOf(group)
          ),
      },
      {
        id: "cost",
        name: "Cost",
        end: true,
        by: (group) => Number(group.figures.costNanodollars),
        cell: (group) => <strong>{money(group.figures.costNanodollars)}</strong>,
      },
      {
        id: "share",
        name: "Share",
        end: true,
        cell: (group) => percent(total === 0n ? undefined : Number(group.figures.costNanodollars) / Number(total)),
      },
      {
        id: "change",
        name: "On the time before",
        end: true,
        cell: (group) =>
          changeOn(Number(group.figures.costNanodollars), Number(group.before?.costNanodollars ?? 0))?.replace(" on the time before", "") ??
          "–",
      },
      { id: "calls", name: "Calls", end: true, by: (group) => Number(group.figures.calls), cell: (group) => count(group.figures.calls) },
      {
        id: "tokens",
        name: "Tokens",
        end: true,
        by: (group) => Number(group.figures.totalTokens),
        cell: (group) => count(group.figures.totalTokens),
      },
      {
        id: "unknown",
        name: "Cost unknown",
        end: true,
        by: (group) => Number(group.figures.unpricedCalls),
        cell: (group) => count(group.figures.unpricedCalls),
      },
    ],
    [by, total, name],
  );
  const sum = report.groups.reduce(
    (all, { figures }) => all + BigInt(figures.costNanodollars),
    BigInt(report.rest?.figures.costNanodollars ?? 0),
  );
  return (
    <Card
      title={`By ${dimensions[by]}`}
      flush
      actions={
        <Button small onClick={() => download(report, by)}>
          <Download size={14} aria-hidden /> CSV
        </Button>
      }
    >
      <DataTable
        label={`Cost by ${dimensions[by]}`}
        columns={columns}
        rows={report.groups}
        rowId={(group) => group.values[0]?.value ?? ""}
      />
      <p style={{ padding: "0.75rem 1.15rem", borderTop: "1px solid var(--line)" }} className="number">
        {report.rest !== null && `All others: ${money(report.rest.figures.costNanodollars)}. `}
        The rows make {money(sum)}, the total is {money(total)}: {sum === total ? "they agree." : "they do NOT agree; please report this."}
      </p>
    </Card>
  );
}

function download(report: Report, by: DimensionName): void {
  const cell = (value: unknown): string => {
    const plain = String(value ?? "");
    return `"${(/^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain).replaceAll('"', '""')}"`;
  };
  const rows = report.groups.map(({ values: [value], figures }) => [
    value?.value,
    value?.label,
    figures.costNanodollars,
    figures.calls,
    figures.failedCalls,
    figures.totalTokens,
    figures.unpricedCalls,
  ]);
  if (report.rest !== null)
    rows.push([
      "",
      "all others",
      report.rest.figures.costNanodollars,
      report.rest.figures.calls,
      report.rest.figures.failedCalls,
      report.rest.figures.totalTokens,
      report.rest.figures.unpricedCalls,
    ]);
  const text = [
    `${by.toLowerCase()},label,cost_nanodollars,calls,failed_calls,total_tokens,unpriced_calls`,
    ...rows.map((row) => row.map(cell).join(",")),
  ].join("\r\n");
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `penstock-cost-by-${by.toLowerCase()}.csv`;
  link.click();
  URL.revokeObjectURL(address);
}
