/** What each version did with the calls that it made. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { count, duration, money, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Empty } from "../../graphql/result.tsx";
import { Card } from "../../shell/page.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { SelectField } from "../../ui/field.tsx";
import { rangeChoices } from "../overview/ranges.ts";

export const versionMetricsFragment = graphql(`
  fragment VersionMetrics on PromptVersionMetrics {
    version
    calls
    failedCalls
    routes
    durationMsP50
    durationMsP95
    timeToFirstTokenMsP50
    timeToFirstTokenMsP95
    inputTokens
    outputTokens
    costNanodollars
  }
`);

export type VersionMetrics = ResultOf<typeof versionMetricsFragment>;
export const rangeNames = ["24h", "7d", "30d", "90d"] as const;

const aCall = (sum: string, { calls }: VersionMetrics): bigint => BigInt(sum) / BigInt(calls);

const columnsOf = (promptId: string, range: MetricsProps["range"]): readonly Column<VersionMetrics>[] => [
  { id: "version", name: "Version", by: (row) => row.version, cell: (row) => <strong>{row.version}</strong> },
  {
    id: "calls",
    name: "Calls",
    end: true,
    by: (row) => row.calls,
    cell: (row) => (
      <Link to="/calls" search={{ prompt: promptId, version: String(row.version), range }}>
        {count(row.calls)}
      </Link>
    ),
  },
  {
    id: "failed",
    name: "Failed",
    end: true,
    by: (row) => row.failedCalls / row.calls,
    cell: (row) => percent(row.failedCalls / row.calls),
  },
  {
    id: "first",
    name: "First token p50 / p95",
    end: true,
    by: (row) => row.timeToFirstTokenMsP50 ?? 0,
    cell: (row) => `${duration(row.timeToFirstTokenMsP50)} / ${duration(row.timeToFirstTokenMsP95)}`,
  },
  {
    id: "whole",
    name: "Whole p50 / p95",
    end: true,
    by: (row) => row.durationMsP50 ?? 0,
    cell: (row) => `${duration(row.durationMsP50)} / ${duration(row.durationMsP95)}`,
  },
  {
    id: "tokens",
    name: "Tokens in / out a call",
    end: true,
    cell: (row) => `${count(aCall(row.inputTokens, row))} / ${count(aCall(row.outputTokens, row))}`,
  },
  {
    id: "cost",
    name: "Cost a call",
    end: true,
    by: (row) => Number(row.costNanodollars) / row.calls,
    cell: (row) => money(aCall(row.costNanodollars, row)),
  },
  { id: "routes", name: "Over", cell: (row) => row.routes.join(", ") },
];

interface MetricsProps {
  readonly promptId: string;
  readonly of: readonly VersionMetrics[];
  readonly range: (typeof rangeNames)[number];
  readonly onRange: (range: (typeof rangeNames)[number]) => void;
}

export function Metrics({ promptId, of, range, onRange }: MetricsProps) {
  const columns = useMemo(() => columnsOf(promptId, range), [promptId, range]);
  const choose = (
    <SelectField
      label={<span className="visually-hidden">Calls of</span>}
      value={range}
      onChange={(next) => onRange(rangeNames.find((name) => name === next) ?? "24h")}
      choices={rangeNames.map((name) => ({ value: name, label: rangeChoices[name].name }))}
    />
  );
  if (of.length === 0)
    return (
      <Empty title={`No call in the ${rangeChoices[range].name.toLowerCase()}`} action={choose}>
        A route that binds it, or a caller that names it, makes the first one.
      </Empty>
    );
  return (
    <Card
      title="What each version did"
      flush
      actions={
        <>
          <Link to="/calls" search={{ prompt: promptId, range }} className="button small">
            Its calls
          </Link>
          {choose}
        </>
      }
    >
      <DataTable label="Versions and their calls" columns={columns} rows={of} rowId={(row) => String(row.version)} />
    </Card>
  );
}
