/** What quotas did to calls, and what running calls hold of them now. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { count } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useLookAgain } from "../../graphql/look-again.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { Card } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Chart } from "../../ui/chart.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, Notice, type Tone, When } from "../../ui/marks.tsx";
import { NodeName } from "../../ui/node-name.tsx";
import { AlertMe } from "../alerts/alert-me.tsx";
import { type RangeName, rangeChoices } from "../overview/ranges.ts";
import { lower, shortAmount } from "./words.ts";

const effectsQuery = graphql(`
  query QuotaEffects($range: UsageRange!, $granularity: UsageGranularity!) {
    denials(range: $range, effects: [DENIED, UNAVAILABLE, CUT, PASSED_OVER, PASSED]) {
      ... on QueryDenialsSuccess {
        quotas {
          quotaId
          quotaKey
          scope
          resource
          enforcement
          calls
          lastAt
          effects {
            effect
            calls
          }
          keys {
            apiKeyId
            calls
          }
        }
      }
      ... on UserError {
        message
      }
    }
    usage(
      range: $range
      granularity: $granularity
      filter: { errorReason: ["RATE_LIMITED", "BUDGET_EXHAUSTED", "QUOTA_UNAVAILABLE"] }
    ) {
      ... on UsageReport {
        total {
          points {
            at
            figures {
              calls
            }
          }
        }
      }
    }
    apiKeys(first: 100, includeArchived: true) {
      edges {
        node {
          id
          name
        }
      }
    }
  }
`);

type Effects = ResultOf<typeof effectsQuery>;
type Denials = Extract<Effects["denials"], { quotas: unknown }>["quotas"][number];

export const effects: Readonly<Record<string, { readonly name: string; readonly tone: Tone }>> = {
  DENIED: { name: "refused", tone: "bad" },
  UNAVAILABLE: { name: "could not be counted", tone: "bad" },
  CUT: { name: "ended half-way", tone: "bad" },
  PASSED_OVER: { name: "went to another backend", tone: "warn" },
  PASSED: { name: "let through", tone: "warn" },
};

type Report = Extract<Effects["usage"], { total: unknown }>;

const granularities = { "1h": "MINUTE", "24h": "HOUR", "7d": "HOUR", "30d": "DAY", "90d": "DAY" } as const satisfies Record<
  RangeName,
  string
>;

/** When calls were refused. */
function Refusals({ points }: { readonly points: Report["total"]["points"] }) {
  const times = useMemo(() => points.map(({ at }) => Date.parse(at) / 1000), [points]);
  const series = useMemo(() => [{ name: "Refused calls", values: points.map(({ figures }) => Number(figures.calls)) }], [points]);
  if (points.every(({ figures }) => figures.calls === "0")) return null;
  return (
    <Card title="Refused over time" actions={<AlertMe metric="DENIAL_RATE" of="refused calls" />}>
      <Chart label="Refused calls over time" times={times} series={series} format={count} bars />
    </Card>
  );
}

export function QuotaEffects() {
  const [{ range: name = "24h" }, setUrl] = useUrlState({ range: oneOf(...(Object.keys(rangeChoices) as RangeName[])) });
  const range = useMemo(() => rangeChoices[name].of(), [name]);
  const page = usePageQuery(effectsQuery, { range, granularity: granularities[name] });
  const keys = new Map(page.data?.apiKeys.edges.map(({ node }) => [node.id, node.name]));
  const columns: readonly Column<Denials>[] = [
    {
      id: "quota",
      name: "Quota",
      by: (row) => row.quotaKey,
      cell: (row) => (
        <>
          <span className="strong">{row.quotaKey}</span> <span className="quiet">{row.scope}</span>
        </>
      ),
    },
    {
      id: "did",
      name: "What it did",
      cell: (row) => (
        <span className="row">
          {row.effects.map(({ effect, calls }) => (
            <Badge key={effect} tone={effects[effect]?.tone ?? "neutral"}>
              {effects[effect]?.name ?? lower(effect)}: {count(calls)}
            </Badge>
          ))}
        </span>
      ),
    },
    {
      id: "whom",
      name: "To whom most",
      cell: (row) =>
        row.keys.slice(0, 3).map(({ apiKeyId, calls }, index) => (
          <span key={apiKeyId}>
            {index > 0 && ", "}
            <Link to="/keys/$keyId" params={{ keyId: apiKeyId }}>
              {keys.get(apiKeyId) ?? "a key that is gone"}
            </Link>{" "}
            <span className="quiet">{count(calls)}</span>
          </span>
        )),
    },
    { id: "calls", name: "Calls", end: true, by: (row) => Number(row.calls), cell: (row) => count(row.calls) },
    { id: "last", name: "Last", end: true, by: (row) => row.lastAt, cell: (row) => <When at={row.lastAt} /> },
  ];
  return (
    <>
      <div className="filters">
        <SelectField
          label="Time"
          value={name}
          onChange={(next) => setUrl({ range: next as RangeName })}
          choices={Object.entries(rangeChoices).map(([value, choice]) => ({ value, label: choice.name }))}
        />
      </div>
      <Result of={page}>
        {({ denials, usage }) => {
          if (!("quotas" in denials)) return <Notice tone="bad">{(denials as { message: string }).message}</Notice>;
          return denials.quotas.length === 0 ? (
            <Empty title="No quota had to do anything">No call was refused, cut or warned in this time.</Empty>
          ) : (
            <>
              {"total" in usage && <Refusals points={(usage as Report).total.points} />}
              <div className="card flush">
                <DataTable
                  label="What quotas did"
                  columns={columns}
                  rows={denials.quotas as readonly Denials[]}
                  rowId={(row) => row.quotaId}
                />
              </div>
            </>
          );
        }}
      </Result>
    </>
  );
}

const heldQuery = graphql(`
  query Held {
    liveReservations {
      callId
      routeName
      apiKeyId
      nodeId
      nodeName
      since
      holds {
        quotaKey
        resource
        amount
      }
    }
    apiKeys(first: 100) {
      edges {
        node {
          id
          name
        }
      }
    }
  }
`);

type Held = ResultOf<typeof heldQuery>["liveReservations"][number];
/** As often as nodes report. */
const lookEveryMs = 2_000;

export function HeldNow() {
  const page = usePageQuery(heldQuery, {}, { follow: false });
  useLookAgain(lookEveryMs, page.again);
  const keys = new Map(page.data?.apiKeys.edges.map(({ node }) => [node.id, node.name]));
  const columns: readonly Column<Held>[] = [
    { id: "since", name: "Since", by: (row) => row.since, cell: (row) => <When at={row.since} /> },
    { id: "route", name: "Route", by: (row) => row.routeName, cell: (row) => row.routeName },
    {
      id: "key",
      name: "Key",
      cell: (row) => (
        <Link to="/keys/$keyId" params={{ keyId: row.apiKeyId }}>
          {keys.get(row.apiKeyId) ?? row.apiKeyId}
        </Link>
      ),
    },
    {
      id: "holds",
      name: "Holds",
      cell: (row) => row.holds.map(({ quotaKey, resource, amount }) => `${shortAmount(amount, resource)} of ${quotaKey}`).join(", "),
    },
    { id: "node", name: "Node", cell: (row) => <NodeName id={row.nodeId} name={row.nodeName} /> },
  ];
  return (
    <Result of={page}>
      {({ liveReservations }) =>
        liveReservations.length === 0 ? (
          <Empty title="No running call holds anything">
            What a call may come to is reserved before it begins, and settled when it ends.
          </Empty>
        ) : (
          <div className="card flush">
            <DataTable label="What running calls hold" columns={columns} rows={liveReservations} rowId={(row) => row.callId} />
          </div>
        )
      }
    </Result>
  );
}
