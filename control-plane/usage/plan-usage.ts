/**
 * Where the answer to a question is read. Pure. The coarsest sums that fit are taken first, and what they do not cover at
 * either end is read more finely, at last from the ledger itself, so that any range is answered to the microsecond:
 *
 *     since                                                            until
 *       | ledger | minutes |  hours  |        days        | hours | … |
 *
 * Days are UTC's. Where the steps asked for are another calendar's, no sum may lie across two of them, so it is done for each step.
 */
import { type Cube, cubes, type Dimension, type Grain, grainMs, grains } from "./cubes.ts";
import type { DimensionFilter, Grouping } from "./usage-question.ts";

export interface Piece {
  readonly source: Grain | "ledger";
  readonly fromMs: number;
  /** Not included. */
  readonly untilMs: number;
}

export interface UsagePlan {
  /** Undefined: no cube tells all of it apart, the ledger alone does. */
  readonly cube: Cube | undefined;
  readonly pieces: readonly Piece[];
}

export interface Kept {
  /** From when on each is kept; before it there may be nothing. */
  readonly minutesFromMs: number;
  readonly ledgerFromMs: number;
}

/** Minutes are kept that long, and no longer than their calls. */
export const minuteDaysMax = 14;
const dayMs = grainMs.day;

export function keptSince(nowMs: number, ledgerDays: number): Kept {
  const today = Math.floor(nowMs / dayMs) * dayMs;
  const before = (days: number) => (days === 0 ? Number.NEGATIVE_INFINITY : today - days * dayMs);
  return { minutesFromMs: Math.max(before(minuteDaysMax), before(ledgerDays)), ledgerFromMs: before(ledgerDays) };
}

export interface PlannedQuestion {
  readonly range: { readonly since: Date; readonly until: Date };
  readonly groupBy: readonly Grouping[];
  readonly filter: DimensionFilter;
}

/** @param steps where the steps begin that are told apart, in milliseconds; empty: the range is one. */
export function planUsage(question: PlannedQuestion, kept: Kept, steps: readonly number[] = []): UsagePlan {
  const cube = cubeFor(question);
  const usable = grains.filter((grain) => cube?.grains.includes(grain)).reverse();
  const since = question.range.since.getTime();
  const until = question.range.until.getTime();
  const bounds = [since, ...steps.filter((step) => step > since && step < until), until].map((bound, index) => known(bound, index, kept));
  const pieces: Piece[] = [];
  for (const [index, bound] of bounds.slice(1).entries()) cover(bounds[index] ?? bound, bound, usable, kept, pieces);
  return { cube, pieces: joined(pieces) };
}

/** What is older than the ledger is known by whole days of UTC: the day in which a range begins, and elsewhere the nearest. */
const known = (bound: number, index: number, kept: Kept): number => {
  if (bound >= kept.ledgerFromMs) return bound;
  return index === 0 ? floorTo(bound, "day") : floorTo(bound + dayMs / 2, "day");
};

function cover(fromMs: number, untilMs: number, coarseToFine: readonly Grain[], kept: Kept, pieces: Piece[]): void {
  if (fromMs >= untilMs) return;
  const [grain, ...finer] = coarseToFine;
  if (grain === undefined) {
    pieces.push({ source: "ledger", fromMs, untilMs });
    return;
  }
  const first = Math.max(ceilTo(fromMs, grain), grain === "minute" ? ceilTo(kept.minutesFromMs, grain) : Number.NEGATIVE_INFINITY);
  const beyond = floorTo(untilMs, grain);
  if (first >= beyond) {
    cover(fromMs, untilMs, finer, kept, pieces);
    return;
  }
  cover(fromMs, first, finer, kept, pieces);
  pieces.push({ source: grain, fromMs: first, untilMs: beyond });
  cover(beyond, untilMs, finer, kept, pieces);
}

function joined(pieces: readonly Piece[]): readonly Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (last !== undefined && last.source === piece.source && last.untilMs === piece.fromMs)
      result[result.length - 1] = { ...last, untilMs: piece.untilMs };
    else result.push(piece);
  }
  return result;
}

/** The cube of tags answers one tag and no more; who has none of that name is not in it. */
function cubeFor({ groupBy, filter }: PlannedQuestion): Cube | undefined {
  const tags = [
    ...groupBy.flatMap((grouping) => ("tag" in grouping ? [grouping.tag] : [])),
    ...(filter.tags ?? []).map(({ name }) => name),
  ];
  const needed = [
    ...groupBy.flatMap((grouping) => ("tag" in grouping ? [] : [grouping.dimension])),
    ...(Object.keys(filter) as (Dimension | "tags")[]).filter((name): name is Dimension => name !== "tags" && filter[name] != null),
  ];
  if (tags.length === 0) return cubes.find((cube) => !cube.tags && needed.every((dimension) => cube.dimensions.includes(dimension)));
  const untagged = (filter.tags ?? []).some(({ values }) => values.includes(""));
  const alone = new Set(tags).size === 1 && !untagged && (groupBy.length === tags.length || !groupBy.some((grouping) => "tag" in grouping));
  return alone ? cubes.find((cube) => cube.tags && needed.every((dimension) => cube.dimensions.includes(dimension))) : undefined;
}

const floorTo = (ms: number, grain: Grain): number => Math.floor(ms / grainMs[grain]) * grainMs[grain];
const ceilTo = (ms: number, grain: Grain): number => Math.ceil(ms / grainMs[grain]) * grainMs[grain];
