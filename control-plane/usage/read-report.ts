/**
 * Answers a question about usage. Everything in an answer is a sum of the same cells, so groups, points and totals agree:
 * the groups and the rest make the total, as do the points.
 */
import { ValidationError } from "../control-error.ts";
import { arrayParameter, executeBound } from "../database/bound-statement.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { type Figure, figureNames, type SketchName, sketchNames, wholeCube } from "./cubes.ts";
import { addSketch, type BinCounts, emptyCounts } from "./latency-sketch.ts";
import { type Astray, astrayMax, instantOf } from "./ledger-span.ts";
import { type Kept, planUsage, type UsagePlan } from "./plan-usage.ts";
import { checkQuestion, type UsageQuestion, type UsageRange } from "./usage-question.ts";
import { type Asked, type ChosenGroups, cellsStatement, rankingStatement, tagOf } from "./usage-statement.ts";
import { stepsOf } from "./usage-steps.ts";

/** Calls that may be read one by one for an answer: some 300 ms. */
const ledgerCallsMax = 400_000;

export interface UsageFigures {
  readonly sums: Readonly<Record<Figure, bigint>>;
  readonly sketches: Readonly<Record<SketchName, SketchSum>>;
}

/** Sketches to be added up by whoever wants a percentile of them. Empty where latencies were not asked for. */
export interface SketchSum {
  readonly added: readonly Uint8Array[];
  readonly taken: readonly Uint8Array[];
}

export interface UsagePoint {
  readonly at: Date;
  readonly figures: UsageFigures;
}

export interface UsageSeries {
  readonly figures: UsageFigures;
  /** One for each step of the range, empty ones too; none where no granularity was asked for. */
  readonly points: readonly UsagePoint[];
}

export interface UsageGroup extends UsageSeries {
  /** In the order of groupBy. */
  readonly values: readonly string[];
}

export interface UsageReport {
  readonly range: UsageRange;
  readonly total: UsageSeries;
  readonly groups: readonly UsageGroup[];
  /** What the groups beyond the limit have together; undefined: there are none. */
  readonly rest: UsageSeries | undefined;
}

export interface ComparedReport extends UsageReport {
  /** The same groups over the time before, as long as the range. */
  readonly before: UsageReport | undefined;
}

/** @throws ValidationError for a question that cannot be answered, or not in time. */
export async function readReport(
  database: Database,
  organisationId: string,
  question: UsageQuestion,
  compare: boolean,
  kept: Kept,
): Promise<ComparedReport> {
  checkQuestion(question);
  return database.tenantAtOnce(organisationId, async (em) => {
    const report = await answer(em, question, kept, undefined);
    if (!compare) return { ...report, before: undefined };
    const { since, until } = question.range;
    const range = { since: new Date(since.getTime() - (until.getTime() - since.getTime())), until: since };
    const same = report.groups.map(({ values }) => values);
    return { ...report, before: await answer(em, { ...question, range }, kept, same) };
  });
}

/** All together, by time; then the groups with the most. What they leave of all is the rest. */
async function answer(em: EntityManager, question: UsageQuestion, kept: Kept, same: ChosenGroups | undefined): Promise<UsageReport> {
  const steps = await stepsOf(em, question);
  const all = { ...question, groupBy: [] };
  const total = await cellsOf(em, await askedOf(em, all, kept, steps), undefined);
  if (question.groupBy.length === 0 || total.length === 0) return reportOf(question, steps, total, []);
  const asked = await askedOf(em, question, kept, steps);
  const groups = same ?? (await rankedGroups(em, { ...asked, plan: planUsage(question, kept) }));
  const cells = groups.length === 0 ? [] : await cellsOf(em, asked, groups);
  if (asked.plan.cube?.tags !== true) return reportOf(question, steps, total, cells);
  return reportOf(question, steps, total, [...cells, ...(await untagged(em, asked, total, same))]);
}

async function askedOf(em: EntityManager, question: UsageQuestion, kept: Kept, steps: readonly number[]): Promise<Asked> {
  const plan = planUsage(question, kept, steps);
  const figures = figureNames.filter((figure) => figure === "calls" || figure === question.orderBy || question.figures.includes(figure));
  return {
    question,
    plan,
    astray: await checkEffort(em, plan, steps.length > 0, kept),
    byTime: steps.length > 0,
    figures,
    sketches: question.latencies ? sketchNames : [],
  };
}

/** Without regard to steps: the coarsest sums tell it. */
async function rankedGroups(em: EntityManager, asked: Asked): Promise<ChosenGroups> {
  const { sql, parameters } = rankingStatement(asked);
  return (await executeBound<CellRow>(em, sql, parameters)).map((row) => valuesOf(asked.question, row));
}

/** Calls without the tag are in no row of its cube: they are what its rows leave of all. */
async function untagged(em: EntityManager, asked: Asked, total: readonly Cell[], same: ChosenGroups | undefined): Promise<readonly Cell[]> {
  if (same !== undefined && !same.some(([value]) => value === "")) return [];
  const anyTag = { ...asked, question: { ...asked.question, groupBy: [] }, tag: tagOf(asked.question) };
  const tagged = await cellsOf(em, anyTag, undefined);
  return lessThan(total, tagged).map((cell) => ({ ...cell, values: [""] }));
}

interface Cell {
  /** Undefined: no granularity. */
  readonly atMs: number | undefined;
  /** In the order of groupBy. */
  readonly values: readonly string[];
  readonly figures: UsageFigures;
}

type CellRow = Readonly<Record<string, unknown>>;

async function cellsOf(em: EntityManager, asked: Asked, chosen: ChosenGroups | undefined): Promise<readonly Cell[]> {
  const { sql, parameters } = cellsStatement(asked, chosen);
  const rows = await executeBound<CellRow>(em, sql, parameters);
  return rows
    .filter((row) => row.calls !== null)
    .map((row) => ({
      atMs: row.at_ms === null ? undefined : Number(row.at_ms),
      values: valuesOf(asked.question, row),
      figures: {
        sums: { ...noSums, ...Object.fromEntries(asked.figures.map((figure) => [figure, BigInt(String(row[figure]))])) },
        sketches: ofEachSketch((name) => ({ added: row[name] instanceof Uint8Array ? [row[name]] : [], taken: [] })),
      },
    }));
}

const valuesOf = ({ groupBy }: UsageQuestion, row: CellRow): readonly string[] => groupBy.map((_, index) => String(row[`g${index + 1}`]));

const noSums = Object.fromEntries(figureNames.map((figure) => [figure, 0n])) as Readonly<Record<Figure, bigint>>;

const ofEachSketch = <T>(make: (name: SketchName) => T): Readonly<Record<SketchName, T>> =>
  Object.fromEntries(sketchNames.map((name) => [name, make(name)])) as Record<SketchName, T>;

export function countsOf({ added, taken }: SketchSum): BinCounts {
  const counts = emptyCounts();
  for (const sketch of added) addSketch(counts, sketch);
  const less = emptyCounts();
  for (const sketch of taken) addSketch(less, sketch);
  return counts.map((count, bin) => Math.max(0, count - (less[bin] ?? 0)));
}

function reportOf(question: UsageQuestion, steps: readonly number[], total: readonly Cell[], cells: readonly Cell[]): UsageReport {
  const groups = [...Map.groupBy(cells, ({ values }) => JSON.stringify(values)).values()];
  const rest = question.groupBy.length === 0 ? [] : lessThan(total, cells);
  return {
    range: question.range,
    total: seriesOf(steps, total),
    groups: groups.map((own) => ({ values: own[0]?.values ?? [], ...seriesOf(steps, own) })).sort(byFigure(question.orderBy)),
    rest: rest.length === 0 ? undefined : seriesOf(steps, rest),
  };
}

/** What parts leave of a whole, where they leave any calls. */
function lessThan(whole: readonly Cell[], parts: readonly Cell[]): readonly Cell[] {
  const byTime = Map.groupBy(parts, ({ atMs }) => atMs);
  return whole
    .map(({ atMs, figures }) => ({ atMs, values: [], figures: less(figures, sumOf((byTime.get(atMs) ?? []).map((part) => part.figures))) }))
    .filter(({ figures }) => figures.sums.calls > 0n);
}

const byFigure = (figure: Figure) => (one: UsageGroup, other: UsageGroup) => {
  const difference = other.figures.sums[figure] - one.figures.sums[figure];
  return difference === 0n ? (JSON.stringify(one.values) < JSON.stringify(other.values) ? -1 : 1) : difference < 0n ? -1 : 1;
};

function seriesOf(times: readonly number[], cells: readonly Cell[]): UsageSeries {
  const byTime = Map.groupBy(cells, ({ atMs }) => atMs);
  return {
    figures: sumOf(cells.map(({ figures }) => figures)),
    points: times.map((atMs) => ({ at: new Date(atMs), figures: sumOf((byTime.get(atMs) ?? []).map(({ figures }) => figures)) })),
  };
}

/** Of no call. */
export const noFigures: UsageFigures = { sums: noSums, sketches: ofEachSketch(() => ({ added: [], taken: [] })) };

function sumOf(parts: readonly UsageFigures[]): UsageFigures {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const sums = Object.fromEntries(figureNames.map((figure) => [figure, parts.reduce((sum, part) => sum + part.sums[figure], 0n)]));
  return {
    sums: sums as Record<Figure, bigint>,
    sketches: ofEachSketch((name) => ({
      added: parts.flatMap(({ sketches }) => sketches[name].added),
      taken: parts.flatMap(({ sketches }) => sketches[name].taken),
    })),
  };
}

const less = (whole: UsageFigures, part: UsageFigures): UsageFigures => ({
  sums: Object.fromEntries(figureNames.map((figure) => [figure, whole.sums[figure] - part.sums[figure]])) as Record<Figure, bigint>,
  sketches: ofEachSketch((name) => ({
    added: [...whole.sketches[name].added, ...part.sketches[name].taken],
    taken: [...whole.sketches[name].taken, ...part.sketches[name].added],
  })),
});

/**
 * Refuses what would read more calls one by one than there is time for, and says what to ask instead.
 * @returns those of these calls that stand among other days' ids.
 */
async function checkEffort(em: EntityManager, plan: UsagePlan, byTime: boolean, kept: Kept): Promise<Astray> {
  const spans = plan.pieces.filter(({ source }) => source === "ledger");
  if (spans.length === 0) return [];
  // Counted outwards, from sums alone: a look into the ledger is what is to be avoided.
  const grain = (spans[0]?.fromMs ?? 0) >= kept.minutesFromMs ? "minute" : "hour";
  const [row] = await executeBound<{ calls: string; astray: Astray | null }>(
    em,
    `with span as (select * from unnest($1::timestamptz[], $2::timestamptz[]) as span (first, beyond))
      select (select coalesce(sum(calls), 0)::text from span join usage_${grain} as sums
          on sums.cube = ${wholeCube.number} and bucket >= date_trunc('${grain}', first, 'UTC') and bucket < beyond) as calls,
        (select array_agg(call_id::text) from (select call_id from span join usage_event_astray on started_at >= first and started_at < beyond
          limit ${astrayMax + 1}) as found) as astray`,
    [arrayParameter(spans.map(({ fromMs }) => instantOf(fromMs))), arrayParameter(spans.map(({ untilMs }) => instantOf(untilMs)))],
  );
  const calls = BigInt(row?.calls ?? "0");
  if (calls <= ledgerCallsMax) return row?.astray ?? [];
  const message =
    plan.cube === undefined
      ? `no sums are kept for these together, and the range holds ${calls} calls to read one by one, at most ${ledgerCallsMax}; ask for a shorter range, or for fewer dimensions at once`
      : `its ends hold ${calls} calls to read one by one, at most ${ledgerCallsMax}; let it begin and end with a whole ${plan.cube.grains[0]}${byTime ? ", and ask for coarser points" : ""}`;
  throw new ValidationError([{ path: "range", message }]);
}
