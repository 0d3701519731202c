/** The arms: who has met them, what they change, and what their calls did in a time, together or told apart. */
import { useMemo } from "react";
import { count, duration, money, percent } from "../../format/numbers.ts";
import { Card } from "../../shell/page.tsx";
import { Chart } from "../../ui/chart.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Notice, When } from "../../ui/marks.tsx";
import { rangeChoices } from "../overview/ranges.ts";
import { type Figures, failedShare } from "../overview/report.ts";
import type { Experiment, ExperimentData } from "./experiment-query.ts";

/** By what the calls of the arms are told apart; none: they are not. */
export const dimensionChoices = {
  BACKEND: "backend",
  MODEL_SERVED: "model",
  PROJECT: "project",
  API_KEY: "API key",
  INGRESS: "edge",
  NODE: "node",
  OUTCOME: "outcome",
  CACHE: "cache",
} as const;
export type DimensionName = keyof typeof dimensionChoices;
export const rangeNames = ["24h", "7d", "30d"] as const;
export type RangeName = (typeof rangeNames)[number];
export const granularities = { "24h": "HOUR", "7d": "HOUR", "30d": "DAY" } as const satisfies Record<RangeName, string>;

export type Group = Extract<ExperimentData["usage"], { groups: unknown }>["groups"][number];

export const groupsOf = (data: ExperimentData): readonly Group[] => ("groups" in data.usage ? (data.usage.groups as readonly Group[]) : []);
/** "<experiment>@<arm>" is how the ledger has it. */
const armOf = (group: Group): string => group.values[0]?.value.split("@").at(-1) ?? "";
const partOf = (group: Group): string => group.values[1]?.label || group.values[1]?.value || "";

interface ArmRow {
  readonly id: string;
  readonly key: string;
  /** By what it is told apart; empty: it is the whole arm. */
  readonly part: string;
  readonly share: number;
  /** Units that have met it, and their share of all. */
  readonly units: number;
  readonly unitShare: number | undefined;
  readonly figures: Figures | undefined;
  readonly changes: string;
}

function rowsOf(experiment: Experiment, groups: readonly Group[], apart: boolean): readonly ArmRow[] {
  const weights = experiment.variants.reduce((sum, { weight }) => sum + weight, 0);
  const met = experiment.evaluation?.variants ?? [];
  const all = met.reduce((sum, { units }) => sum + units, 0);
  return experiment.variants.flatMap((variant) => {
    const units = met.find((one) => one.variant === variant.key)?.units ?? 0;
    const own = groups.filter((group) => armOf(group) === variant.key);
    const row = {
      key: variant.key,
      share: variant.weight / weights,
      units,
      unitShare: all === 0 ? undefined : units / all,
      changes: changesOf(variant),
    };
    return apart && own.length > 0
      ? own.map((group) => ({ ...row, id: `${variant.key} ${partOf(group)}`, part: partOf(group) || "none", figures: group.figures }))
      : [{ ...row, id: variant.key, part: "", figures: own[0]?.figures }];
  });
}

export function changesOf({ prompt, tiers, parameters }: Experiment["variants"][number]): string {
  const parts = [
    prompt === null
      ? undefined
      : `${prompt.prompt?.name ?? "a prompt"} ${prompt.label === null ? `version ${prompt.version}` : `@ ${prompt.label}`}`,
    tiers.length === 0
      ? undefined
      : tiers.map((tier) => tier.targets.map(({ backend }) => backend?.key ?? "gone").join(" or ")).join(", then "),
    parameters == null ? undefined : JSON.stringify(parameters),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "nothing: the route as it is" : parts.join("; ");
}

const perCall = (row: ArmRow, of: (figures: Figures, calls: bigint) => string): string =>
  row.figures === undefined || row.figures.calls === "0" ? "–" : of(row.figures, BigInt(row.figures.calls));

const first: Column<ArmRow> = {
  id: "arm",
  name: "Arm",
  cell: (row) => (
    <div>
      <strong>{row.key}</strong>
      <div className="quiet">{row.changes}</div>
    </div>
  ),
};
const exposures: Column<ArmRow> = {
  id: "units",
  name: "Units",
  end: true,
  by: (row) => row.units,
  cell: (row) => (
    <>
      {count(row.units)}
      <div className="quiet">
        {percent(row.unitShare)} of {percent(row.share)}
      </div>
    </>
  ),
};
const figureColumns: readonly Column<ArmRow>[] = [
  { id: "calls", name: "Calls", end: true, by: (row) => Number(row.figures?.calls ?? 0), cell: (row) => count(row.figures?.calls ?? 0) },
  {
    id: "first",
    name: "First token p50 / p95",
    end: true,
    cell: (row) => `${duration(row.figures?.timeToFirstToken.p50Ms)} / ${duration(row.figures?.timeToFirstToken.p95Ms)}`,
  },
  { id: "failed", name: "Failed", end: true, cell: (row) => percent(row.figures === undefined ? undefined : failedShare(row.figures)) },
  {
    id: "tokens",
    name: "Tokens a call",
    end: true,
    cell: (row) => perCall(row, ({ totalTokens }, calls) => count(Math.round(Number(totalTokens) / Number(calls)))),
  },
  {
    id: "cost",
    name: "Cost a call",
    end: true,
    cell: (row) => perCall(row, ({ costNanodollars }, calls) => money(BigInt(costNanodollars) / calls)),
  },
];

interface ArmsProps {
  readonly experiment: Experiment;
  readonly data: ExperimentData;
  readonly range: RangeName;
  readonly by: DimensionName | undefined;
  readonly onPick: (patch: { readonly range?: RangeName | undefined; readonly by?: DimensionName | undefined }) => void;
}

export function Arms({ experiment, data, range, by, onPick }: ArmsProps) {
  const groups = groupsOf(data);
  const columns =
    by === undefined
      ? [first, exposures, ...figureColumns]
      : [
          first,
          { id: "part", name: `By ${dimensionChoices[by]}`, by: (row: ArmRow) => row.part, cell: (row: ArmRow) => row.part },
          ...figureColumns,
        ];
  const lastAt = experiment.evaluation?.health.lastExposureAt;
  return (
    <Card
      title="Arms and their calls"
      flush
      actions={
        <span className="row">
          <SelectField
            label={<span className="visually-hidden">Calls of</span>}
            value={range}
            onChange={(next) => onPick({ range: next === "7d" ? undefined : (next as RangeName) })}
            choices={rangeNames.map((name) => ({ value: name, label: rangeChoices[name].name }))}
          />
          <SelectField
            label={<span className="visually-hidden">Told apart by</span>}
            value={by ?? ""}
            onChange={(next) => onPick({ by: next === "" ? undefined : (next as DimensionName) })}
            choices={[
              { value: "", label: "all calls together" },
              ...Object.entries(dimensionChoices).map(([value, label]) => ({ value, label: `by ${label}` })),
            ]}
          />
        </span>
      }
    >
      {"message" in data.usage && <Notice tone="warn">{data.usage.message as string}</Notice>}
      <DataTable label="Arms" columns={columns} rows={rowsOf(experiment, groups, by !== undefined)} rowId={(row) => row.id} />
      <div className="card-note stack tight">
        {lastAt != null && (
          <p className="quiet">
            The last unit met it <When at={lastAt} />. Units are counted since it began, calls in the time above.
          </p>
        )}
        <Movement groups={groups} />
      </div>
    </Card>
  );
}

const whole = (value: number) => count(Math.round(value));

function Movement({ groups }: { readonly groups: readonly Group[] }) {
  const times = useMemo(() => groups[0]?.points.map(({ at }) => Date.parse(at) / 1000) ?? [], [groups]);
  const series = useMemo(
    () =>
      groups.slice(0, seriesMax).map((group) => ({
        name: [armOf(group), partOf(group)].filter((part) => part !== "").join(", "),
        values: group.points.map(({ figures }) => Number(figures.calls)),
      })),
    [groups],
  );
  return groups.length === 0 ? null : <Chart label="Calls of each arm over time" times={times} series={series} format={whole} />;
}
/** As many as there are colours. */
const seriesMax = 4;
