/**
 * Answers a question about usage. Everything in an answer is a sum of the same cells, so groups, points and totals agree:
 * the groups and the rest make the total, as do the points.
 */
import { ValidationError } from "../control-error.ts";
import { executeBound } from "../database/bound-statement.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { type Figure, figureNames, grainMs, type SketchName, sketchNames } from "./cubes.ts";
import { addSketch, type BinCounts, emptyCounts } from "./latency-sketch.ts";
import { type Kept, planUsage, type UsagePlan } from "./plan-usage.ts";
import { checkQuestion, type Granularity, type UsageQuestion, type UsageRange } from "./usage-question.ts";
import { type ChosenGroups, usageStatement } from "./usage-statement.ts";

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
  return database.tenant(organisationId, async (em) => {
    // PostgreSQL compiles what it thinks costly, which takes longer than any of these.
    await em.execute("set local jit = off");
    const report = await answer(em, question, kept, undefined);
    if (!compare) return { ...report, before: undefined };
    const { since, until } = question.range;
    const range = { since: new Date(since.getTime() - (until.getTime() - since.getTime())), until: since };
    return {
      ...report,
      before: await answer(
        em,
        { ...question, range },
        kept,
        report.groups.map(({ values }) => values),
      ),
    };
  });
}

async function answer(em: EntityManager, question: UsageQuestion, kept: Kept, chosen: ChosenGroups | undefined): Promise<UsageReport> {
  const plan = planUsage(question, kept);
  await checkEffort(em, plan, question, kept);
  const cells = await cellsOf(em, question, plan, chosen);
  // Calls without the tag are in no row of its cube: they are what is left of all.
  if (plan.cube?.tags !== true || question.groupBy.length === 0) return reportOf(question, cells);
  const ungrouped = { ...question, groupBy: [] };
  return withUntagged(question, cells, await cellsOf(em, ungrouped, planUsage(ungrouped, kept), undefined), chosen);
}

interface Cell {
  /** Undefined: no granularity. */
  readonly atMs: number | undefined;
  /** Undefined: of groups beyond the limit. */
  readonly values: readonly string[] | undefined;
  readonly figures: UsageFigures;
}

type CellRow = Readonly<Record<string, unknown>>;

async function cellsOf(
  em: EntityManager,
  question: UsageQuestion,
  plan: UsagePlan,
  chosen: ChosenGroups | undefined,
): Promise<readonly Cell[]> {
  const { sql, parameters } = usageStatement(question, plan, chosen);
  const rows = await executeBound<CellRow>(em, sql, parameters);
  return rows.map((row) => ({
    atMs: row.at_ms === null ? undefined : Number(row.at_ms),
    values: row.ranked === true ? question.groupBy.map((_, index) => String(row[`g${index + 1}`])) : undefined,
    figures: {
      sums: Object.fromEntries(figureNames.map((figure) => [figure, BigInt(String(row[figure]))])) as Record<Figure, bigint>,
      sketches: ofEachSketch((name) => ({ added: row[name] instanceof Uint8Array ? [row[name]] : [], taken: [] })),
    },
  }));
}

const ofEachSketch = <T>(make: (name: SketchName) => T): Readonly<Record<SketchName, T>> =>
  Object.fromEntries(sketchNames.map((name) => [name, make(name)])) as Record<SketchName, T>;

export function countsOf({ added, taken }: SketchSum): BinCounts {
  const counts = emptyCounts();
  for (const sketch of added) addSketch(counts, sketch);
  const less = emptyCounts();
  for (const sketch of taken) addSketch(less, sketch);
  return counts.map((count, bin) => Math.max(0, count - (less[bin] ?? 0)));
}

function reportOf(question: UsageQuestion, cells: readonly Cell[]): UsageReport {
  const times = timesOf(question);
  const groups = Map.groupBy(
    cells.filter(({ values }) => values !== undefined),
    ({ values }) => JSON.stringify(values),
  );
  const rest = cells.filter(({ values }) => values === undefined);
  return {
    range: question.range,
    total: seriesOf(times, cells),
    groups:
      question.groupBy.length === 0
        ? []
        : [...groups.values()].map((own) => ({ values: own[0]?.values ?? [], ...seriesOf(times, own) })).sort(byFigure(question.orderBy)),
    rest: rest.length === 0 ? undefined : seriesOf(times, rest),
  };
}

const byFigure = (figure: Figure) => (one: UsageGroup, other: UsageGroup) => {
  const difference = other.figures.sums[figure] - one.figures.sums[figure];
  return difference === 0n ? (JSON.stringify(one.values) < JSON.stringify(other.values) ? -1 : 1) : difference < 0n ? -1 : 1;
};

function withUntagged(
  question: UsageQuestion,
  tagged: readonly Cell[],
  all: readonly Cell[],
  chosen: ChosenGroups | undefined,
): UsageReport {
  const untagged = all.map(({ atMs, figures }): Cell => {
    const known = sumOf(tagged.filter((cell) => cell.atMs === atMs).map((cell) => cell.figures));
    return { atMs, values: [""], figures: lessThan(figures, known) };
  });
  const asked = chosen === undefined || chosen.some(([value]) => value === "");
  const some = untagged.filter(({ figures }) => figures.sums.calls > 0n).map((cell) => (asked ? cell : { ...cell, values: undefined }));
  return reportOf(question, [...tagged, ...some]);
}

function seriesOf(times: readonly number[], cells: readonly Cell[]): UsageSeries {
  const byTime = Map.groupBy(cells, ({ atMs }) => atMs);
  return {
    figures: sumOf(cells.map(({ figures }) => figures)),
    points: times.map((atMs) => ({ at: new Date(atMs), figures: sumOf((byTime.get(atMs) ?? []).map(({ figures }) => figures)) })),
  };
}

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

const lessThan = (whole: UsageFigures, part: UsageFigures): UsageFigures => ({
  sums: Object.fromEntries(figureNames.map((figure) => [figure, whole.sums[figure] - part.sums[figure]])) as Record<Figure, bigint>,
  sketches: ofEachSketch((name) => ({
    added: [...whole.sketches[name].added, ...part.sketches[name].taken],
    taken: [...whole.sketches[name].taken, ...part.sketches[name].added],
  })),
});

/** The beginnings of the range's steps, in milliseconds: the first may lie before the range. */
function timesOf({ range, granularity }: UsageQuestion): readonly number[] {
  if (granularity === undefined) return [];
  const times: number[] = [];
  for (let at = stepBegin(range.since, granularity); at < range.until.getTime(); at = stepAfter(at, granularity)) times.push(at);
  return times;
}

function stepBegin(date: Date, granularity: Granularity): number {
  switch (granularity) {
    case "month":
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    case "week": {
      // As PostgreSQL counts: from Monday.
      const day = Math.floor(date.getTime() / grainMs.day) * grainMs.day;
      return day - ((new Date(day).getUTCDay() + 6) % 7) * grainMs.day;
    }
    default:
      return Math.floor(date.getTime() / grainMs[granularity]) * grainMs[granularity];
  }
}

function stepAfter(atMs: number, granularity: Granularity): number {
  const at = new Date(atMs);
  if (granularity === "month") return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
  return atMs + (granularity === "week" ? 7 * grainMs.day : grainMs[granularity]);
}

/** Refuses what would read more calls one by one than there is time for, and says what to ask instead. */
async function checkEffort(em: EntityManager, plan: UsagePlan, question: UsageQuestion, kept: Kept): Promise<void> {
  const spans = plan.pieces.filter(({ source }) => source === "ledger");
  let calls = 0n;
  for (const { fromMs, untilMs } of spans) {
    // Counted outwards, from sums alone: a look into the ledger is what is to be avoided.
    const grain = fromMs >= kept.minutesFromMs ? "minute" : "hour";
    const [row] = await executeBound<{ calls: string }>(
      em,
      `select coalesce(sum(calls), 0)::text as calls from usage_${grain} where cube = 1 and bucket >= date_trunc('${grain}', $1::timestamptz, 'UTC') and bucket < $2::timestamptz`,
      [new Date(fromMs).toISOString(), new Date(untilMs).toISOString()],
    );
    calls += BigInt(row?.calls ?? "0");
  }
  if (calls <= ledgerCallsMax) return;
  const message =
    plan.cube === undefined
      ? `no sums are kept for these together, and the range holds ${calls} calls to read one by one, at most ${ledgerCallsMax}; ask for a shorter range, or for fewer dimensions at once`
      : `its ends hold ${calls} calls to read one by one, at most ${ledgerCallsMax}; let it begin and end with a whole ${plan.cube.grains[0]}${question.granularity === undefined ? "" : ", and ask for coarser points"}`;
  throw new ValidationError([{ path: "range", message }]);
}
