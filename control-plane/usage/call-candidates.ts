/**
 * Where in time the calls of a filter can be, from the sums: days first, and hours and minutes where a day holds few of them. What no
 * sum tells (a call of two things that no cube has together) is where each of the things is. Exact where one cube tells all of it.
 *
 * Sums agree with the ledger at every instant, so where they have nothing there is nothing.
 */
import { executeBound } from "../database/bound-statement.ts";
import type { EntityManager } from "../database/orm.ts";
import { type Cube, cubes, type Dimension, type Grain, grainMs, wholeCube } from "./cubes.ts";
import { addSketch, binOf, emptyCounts } from "./latency-sketch.ts";
import { instantOf, parametersOf, type Span } from "./ledger-span.ts";
import type { CallFilter } from "./read-usage.ts";
import type { DimensionFilter } from "./usage-question.ts";
import { conditionsOf } from "./usage-statement.ts";

export interface Candidate extends Span {
  /** At most so many match; of what no sum tells nothing is known, and they may be fewer. */
  readonly calls: number;
  /** Calls of all kinds there. */
  readonly all: number;
}

/** Where every hundredth call is meant, reading them in order finds enough at once. */
const denseShare = 0.01;
/** Looked into more finely at once. */
const bucketsAtOnce: Readonly<Record<Grain, number>> = { day: 7, hour: 48, minute: 0 };

export interface Sought {
  readonly filter: CallFilter;
  readonly span: Span;
  /** The newest first, or the oldest. */
  readonly newestFirst: boolean;
  /** Minutes from before are not kept. */
  readonly minutesFromMs: number;
}

export const candidates = (em: EntityManager, sought: Sought): AsyncGenerator<Candidate> =>
  descend(em, sought, coveringCubes(sought.filter), ["day", "hour", "minute"]);

async function* descend(
  em: EntityManager,
  sought: Sought,
  covering: readonly CoveringCube[],
  [grain, finer, ...rest]: readonly Grain[],
): AsyncGenerator<Candidate> {
  if (grain === undefined) return;
  const buckets = await bucketsOf(em, sought, covering, grain);
  const { span, newestFirst } = sought;
  const within = ({ fromMs, untilMs, calls, all }: Candidate): Candidate => ({
    fromMs: Math.max(fromMs, span.fromMs),
    untilMs: Math.min(untilMs, span.untilMs),
    calls,
    all,
  });
  for (let at = 0; at < buckets.length; ) {
    const bucket = buckets[at] as Candidate;
    if (!isSparse(bucket) || finer === undefined || !hasGrain(covering, finer, bucket, sought)) {
      yield within(bucket);
      at++;
      continue;
    }
    const run = buckets.slice(at, at + bucketsAtOnce[grain]);
    const stop = run.findIndex((each) => !isSparse(each) || !hasGrain(covering, finer, each, sought));
    const sparse = stop < 0 ? run : run.slice(0, stop);
    at += sparse.length;
    const [first, last] = newestFirst ? [sparse.at(-1), sparse[0]] : [sparse[0], sparse.at(-1)];
    const inner = { fromMs: Math.max(first?.fromMs ?? 0, span.fromMs), untilMs: Math.min(last?.untilMs ?? 0, span.untilMs) };
    yield* descend(em, { ...sought, span: inner }, covering, [finer, ...rest]);
  }
}

const isSparse = ({ calls, all }: Candidate): boolean => calls < all * denseShare;

const hasGrain = (covering: readonly CoveringCube[], grain: Grain, { fromMs }: Candidate, { minutesFromMs }: Sought): boolean =>
  covering.every(({ cube }) => cube.grains.includes(grain)) && (grain !== "minute" || fromMs >= minutesFromMs);

/** Buckets that every cube has calls in, in the order that is sought. */
async function bucketsOf(
  em: EntityManager,
  sought: Sought,
  covering: readonly CoveringCube[],
  grain: Grain,
): Promise<readonly Candidate[]> {
  const all = new Map((await callsIn(em, sought, { cube: wholeCube, filter: {} }, grain)).map(({ fromMs, all: calls }) => [fromMs, calls]));
  let found: readonly Candidate[] | undefined;
  for (const each of covering) {
    const own = new Map((await callsIn(em, sought, each, grain)).map((bucket) => [bucket.fromMs, bucket]));
    const before: readonly Candidate[] = found ?? [...own.values()];
    found = before.flatMap((bucket) => {
      const calls = Math.min(bucket.calls, own.get(bucket.fromMs)?.calls ?? 0);
      return calls === 0 ? [] : [{ ...bucket, calls, all: all.get(bucket.fromMs) ?? calls }];
    });
  }
  return [...(found ?? [])].sort((one, other) => (sought.newestFirst ? other.fromMs - one.fromMs : one.fromMs - other.fromMs));
}

/** A cube, and what of a filter it tells. */
interface CoveringCube {
  readonly cube: Cube;
  readonly filter: DimensionFilter;
}

async function callsIn(
  em: EntityManager,
  { filter, span }: Sought,
  { cube, filter: own }: CoveringCube,
  grain: Grain,
): Promise<readonly Candidate[]> {
  const { parameters, given } = parametersOf();
  const conditions = [
    ...conditionsOf(own, cube.tags ? "tags" : "cube", given),
    ...(cube.tags ? [`tag_name = ${given(own.tags?.[0]?.name ?? "", "text")}`] : []),
  ];
  const { durationMsMin, durationMsMax, costNanodollarsMin } = filter;
  const timed = durationMsMin != null || durationMsMax != null;
  const rows = await executeBound<{ ms: string; calls: string; durations: Uint8Array | null }>(
    em,
    `select (extract(epoch from bucket) * 1000)::bigint::text as ms, sum(calls)::text as calls, ${timed ? "string_agg(durations, '')" : "null"} as durations
      from usage_${grain} as sums ${conditions.length === 0 ? "" : "join usage_combination as combination on combination.organisation_id = sums.organisation_id and combination.id = sums.combination_id"}
      where ${[
        `sums.cube = ${cube.number}`,
        ...(conditions.length === 0 ? [] : [`combination.cube = ${cube.number}`]),
        `bucket >= date_trunc('${grain}', ${given(instantOf(span.fromMs), "timestamptz")}, 'UTC')`,
        `bucket < ${given(instantOf(span.untilMs), "timestamptz")}`,
        ...conditions,
      ].join(" and ")}
      group by bucket ${costNanodollarsMin == null ? "" : `having sum(cost_nanodollars) >= ${given(costNanodollarsMin, "bigint")}`}`,
    parameters,
  );
  return rows.map(({ ms, calls, durations }) => {
    const fromMs = Number(ms);
    const meant = durations === null ? Number(calls) : callsBetween(durations, durationMsMin ?? 0, durationMsMax ?? undefined);
    return { fromMs, untilMs: fromMs + grainMs[grain], calls: meant, all: Number(calls) };
  });
}

/** By bins, so a few may be of another length. */
function callsBetween(sketch: Uint8Array, minMs: number, maxMs: number | undefined): number {
  const counts = emptyCounts();
  addSketch(counts, sketch);
  return counts.slice(binOf(minMs), maxMs === undefined ? undefined : binOf(maxMs) + 1).reduce((sum, count) => sum + count, 0);
}

/** As few as tell everything of the filter that cubes can; the cube of all where there is nothing to tell. */
function coveringCubes(filter: CallFilter): readonly CoveringCube[] {
  let left = (Object.keys(dimensionsOf(filter)) as Dimension[]).toSorted();
  const covering: CoveringCube[] = [];
  const tag = filter.tags?.find(({ values }) => !values.includes(""));
  const tagCube = cubes.find((cube) => cube.tags);
  if (tag !== undefined && tagCube !== undefined) {
    const own = left.filter((name) => tagCube.dimensions.includes(name));
    covering.push({ cube: tagCube, filter: { ...only(filter, own), tags: [tag] } });
    left = left.filter((name) => !own.includes(name));
  }
  while (left.length > 0) {
    const told = (cube: Cube) => left.filter((name) => cube.dimensions.includes(name));
    const cube = cubes.filter(({ tags }) => !tags).reduce((best, each) => (told(each).length > told(best).length ? each : best));
    // What it also tells narrows it, though another has told it before.
    covering.push({
      cube,
      filter: only(
        filter,
        Object.keys(dimensionsOf(filter)).filter((name) => cube.dimensions.includes(name as Dimension)),
      ),
    });
    left = left.filter((name) => !cube.dimensions.includes(name));
  }
  return covering.length === 0 ? [{ cube: wholeCube, filter: {} }] : covering;
}

const dimensionNamesSet: ReadonlySet<string> = new Set(cubes.flatMap(({ dimensions }) => dimensions));
const dimensionsOf = (filter: CallFilter): DimensionFilter =>
  Object.fromEntries(Object.entries(filter).filter(([name, values]) => dimensionNamesSet.has(name) && values != null));
const only = (filter: DimensionFilter, names: readonly string[]): DimensionFilter =>
  Object.fromEntries(Object.entries(filter).filter(([name]) => names.includes(name)));
