/** What was spent by whatever one asked for, as a file. Pure. */
import type { Range } from "../overview/ranges.ts";
import type { DimensionName } from "./dimensions.ts";

interface Value {
  readonly value: string;
  readonly label: string | null;
}

interface Figures {
  readonly costNanodollars: string;
  readonly calls: string;
  readonly failedCalls: string;
  readonly totalTokens: string;
  readonly unpricedCalls: string;
}

export interface CostGroups {
  readonly groups: readonly { readonly values: readonly Value[]; readonly figures: Figures }[];
  readonly rest: { readonly figures: Figures } | null;
}

/** "Unallocated" is a row of its own: what belongs to nothing of the kind is never hidden in a total. */
export const unallocated = "Unallocated";
export const nameOf = ({ label, value }: Value): string => label ?? (value || unallocated);
/** Stable: what reads these files goes by the names; new ones come at the end. */
const figureNames = ["cost_nanodollars", "calls", "failed_calls", "total_tokens", "unpriced_calls"] as const;
const periodNames = ["period_since", "period_until"] as const;
export const headerOf = (by: readonly DimensionName[]): readonly string[] => [
  ...by.flatMap((dimension) => [dimension.toLowerCase(), `${dimension.toLowerCase()}_label`]),
  ...figureNames,
  ...periodNames,
];

const figuresOf = ({ costNanodollars, calls, failedCalls, totalTokens, unpricedCalls }: Figures) => [
  costNanodollars,
  calls,
  failedCalls,
  totalTokens,
  unpricedCalls,
];

export function linesOf({ groups, rest }: CostGroups, { since, until }: Range): readonly (readonly unknown[])[] {
  const values = groups[0]?.values ?? [];
  return [
    ...groups.map((group) => [...group.values.flatMap((one) => [one.value, nameOf(one)]), ...figuresOf(group.figures), since, until]),
    ...(rest === null ? [] : [[...values.flatMap(() => ["", "all others"]), ...figuresOf(rest.figures), since, until]]),
  ];
}

export function jsonOf(report: CostGroups, by: readonly DimensionName[], period: Range): string {
  const names = headerOf(by);
  return JSON.stringify(
    linesOf(report, period).map((line) => Object.fromEntries(names.map((name, index) => [name, line[index]]))),
    null,
    2,
  );
}
