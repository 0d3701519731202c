/**
 * Where the steps of a range begin, by the calendar of its time zone: days of 23 and 25 hours, zones half an hour off, and midnights
 * that a summer time leaves out are as PostgreSQL has them, which also says which step a sum or a call falls in.
 */
import { executeBound } from "../database/bound-statement.ts";
import type { EntityManager } from "../database/orm.ts";
import { grainMs } from "./cubes.ts";
import type { Granularity, UsageQuestion, UsageRange } from "./usage-question.ts";

/** No step is shorter: a look that often meets each. Lord Howe moves its clocks by half an hour. */
const lookEvery = { minute: "1 minute", hour: "30 minutes", day: "12 hours", week: "3 days", month: "14 days" } as const satisfies Record<
  Granularity,
  string
>;

/** In milliseconds, in order: the first may lie before the range. None without a granularity. */
export async function stepsOf(
  em: EntityManager,
  { range, granularity, timeZone }: Pick<UsageQuestion, "range" | "granularity" | "timeZone">,
): Promise<readonly number[]> {
  if (granularity === undefined) return [];
  if (timeZone === "UTC" && granularity !== "week" && granularity !== "month") return evenSteps(range, grainMs[granularity]);
  const rows = await executeBound<{ ms: string }>(
    em,
    `select distinct floor(extract(epoch from date_trunc('${granularity}', at, $3)) * 1000)::bigint as ms from (
        select generate_series($1::timestamptz, $2::timestamptz - interval '1 microsecond', interval '${lookEvery[granularity]}') as at
        union all select $2::timestamptz - interval '1 microsecond') as looks order by ms`,
    [range.since.toISOString(), range.until.toISOString(), timeZone],
  );
  return rows.map(({ ms }) => Number(ms));
}

function evenSteps({ since, until }: UsageRange, stepMs: number): readonly number[] {
  const first = Math.floor(since.getTime() / stepMs) * stepMs;
  return Array.from({ length: Math.ceil((until.getTime() - first) / stepMs) }, (_, index) => first + index * stepMs);
}
