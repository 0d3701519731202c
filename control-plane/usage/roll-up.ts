/**
 * What a batch of new calls adds to the roll-ups. Pure: calls in, additions out; record-usage.ts writes them in the
 * transaction that writes the calls, so nothing is added twice and nothing is left out, whatever dies in between.
 *
 * The cubes are walked as one tree of dimensions, so that what many of them begin with is looked up once. Values are told apart
 * by numbers while a batch is added up: a call meets some fifty cells of the tree, and texts would be hashed for each.
 */
import type { UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import {
  type Combination,
  type Cube,
  combinationId,
  combinationText,
  cubes,
  type Dimension,
  dimensions,
  figuresOf,
  type Grain,
  grainMs,
  sketches,
} from "./cubes.ts";
import { textOf } from "./ledger-text.ts";

export interface Addition {
  readonly combination: Combination;
  /** Milliseconds since the epoch. */
  readonly bucketMs: number;
  /** In the order of the figures; whole numbers that a double holds. */
  readonly figures: number[];
  /** One bin for each call. */
  readonly durations: number[];
  readonly timesToFirstToken: number[];
}

/** At the finest grain of each cube; the database makes hours and days of them. */
export function rollUp(events: readonly UsageEvent[]): readonly Addition[] {
  const additions: Addition[] = [];
  const latest: (Addition | undefined)[] = [];
  const combinations: (Combination | undefined)[] = [];
  const cells = openCells();

  const addAt = (leaf: number, cube: Cube, call: CountedCall, tag: readonly string[]): void => {
    const bucketMs = floorTo(call.startedAtMs, cube.grains[0] as Grain);
    const key = cells.below(leaf, bucketMs);
    const known = latest[key];
    if (known !== undefined && addCall(known, call)) return;
    const combination = combinations[leaf] ?? combinationOf(cube, call.event, tag);
    combinations[leaf] = combination;
    const addition = additionOf(combination, bucketMs, call);
    latest[key] = addition;
    additions.push(addition);
  };
  const walk = (place: Place, cell: number, call: CountedCall): void => {
    for (const cube of place.ending) {
      const leaf = cells.below(cell, cube.number);
      if (!cube.tags) addAt(leaf, cube, call, []);
      else for (const tag of Object.entries(call.event.tags)) addAt(cells.below(cells.below(leaf, tag[0]), tag[1]), cube, call, tag);
    }
    for (const { dimension, place: next } of place.branches) walk(next, cells.below(cell, valueIn(dimension, call.event), dimension), call);
  };
  for (const event of events) walk(tree, cells.below(0, event.organisationId), countedCall(event));
  return additions;
}

/** Below a place in the tree: cubes that end here, and dimensions that others go on with. */
interface Place {
  readonly ending: Cube[];
  readonly branches: { readonly dimension: Dimension; readonly place: Place }[];
}

const tree = grown(cubes);

function grown(all: readonly Cube[]): Place {
  const root: Place = { ending: [], branches: [] };
  for (const cube of all) {
    let place = root;
    for (const dimension of cube.dimensions) {
      let branch = place.branches.find((known) => known.dimension === dimension);
      if (branch === undefined) {
        branch = { dimension, place: { ending: [], branches: [] } };
        place.branches.push(branch);
      }
      place = branch.place;
    }
    place.ending.push(cube);
  }
  return root;
}

interface Cells {
  /** From a cell to the one that a value leads to; equal values of two kinds lead to two. */
  below(cell: number, value: string | number, kind?: string): number;
}

/** Cells and values are numbered as they come. The table is open and of plain integers: a Map's keys would be boxed doubles. */
function openCells(): Cells {
  const numbers = new Map<string, Map<string | number, number>>();
  let values = 0;
  let count = 0;
  let size = 2 ** 14;
  let cells = new Int32Array(size);
  let steps = new Int32Array(size);
  let nexts = new Int32Array(size);

  const numberOf = (value: string | number, kind: string): number => {
    let known = numbers.get(kind);
    if (known === undefined) {
      known = new Map();
      numbers.set(kind, known);
    }
    let number = known.get(value);
    if (number === undefined) {
      number = values++;
      known.set(value, number);
    }
    return number;
  };
  /** Where a step from a cell stands, or would. */
  const placeOf = (cell: number, step: number): number => {
    let place = Math.imul(Math.imul(cell, 0x9e3779b1) ^ step, 0x85ebca6b);
    for (place = (place ^ (place >>> 15)) & (size - 1); nexts[place] !== 0; place = (place + 1) & (size - 1))
      if (cells[place] === cell && steps[place] === step) return place;
    return place;
  };
  const grow = (): void => {
    const [oldCells, oldSteps, oldNexts] = [cells, steps, nexts];
    size *= 2;
    cells = new Int32Array(size);
    steps = new Int32Array(size);
    nexts = new Int32Array(size);
    for (const [place, next] of oldNexts.entries()) if (next !== 0) put(oldCells[place] ?? 0, oldSteps[place] ?? 0, next);
  };
  const put = (cell: number, step: number, next: number): void => {
    const place = placeOf(cell, step);
    cells[place] = cell;
    steps[place] = step;
    nexts[place] = next;
  };
  return {
    below: (cell, value, kind = "") => {
      const step = numberOf(value, kind);
      const known = nexts[placeOf(cell, step)] ?? 0;
      if (known !== 0) return known;
      if (++count * 2 > size) grow();
      put(cell, step, count);
      return count;
    },
  };
}

/** What one call adds wherever it counts. */
interface CountedCall {
  readonly event: UsageEvent;
  readonly startedAtMs: number;
  readonly figures: readonly number[];
  /** Which of the figures are not 0. */
  readonly counted: readonly number[];
  readonly duration: number | undefined;
  readonly timeToFirstToken: number | undefined;
}

function countedCall(event: UsageEvent): CountedCall {
  const figures = figuresOf(event);
  return {
    event,
    startedAtMs: startOf(event),
    figures,
    counted: [...figures.keys()].filter((index) => figures[index] !== 0),
    duration: sketches.durations.binOf(event),
    timeToFirstToken: sketches.times_to_first_token.binOf(event),
  };
}

const additionOf = (combination: Combination, bucketMs: number, call: CountedCall): Addition => ({
  combination,
  bucketMs,
  figures: call.figures.slice(),
  durations: call.duration === undefined ? [] : [call.duration],
  timesToFirstToken: call.timeToFirstToken === undefined ? [] : [call.timeToFirstToken],
});

/** @returns false where a sum would not fit a double: then it goes on in another addition to the same; the database has 64 bits. */
function addCall({ figures, durations, timesToFirstToken }: Addition, call: CountedCall): boolean {
  for (const index of call.counted) if (!Number.isSafeInteger((figures[index] ?? 0) + (call.figures[index] ?? 0))) return false;
  for (const index of call.counted) figures[index] = (figures[index] ?? 0) + (call.figures[index] ?? 0);
  if (call.duration !== undefined) durations.push(call.duration);
  if (call.timeToFirstToken !== undefined) timesToFirstToken.push(call.timeToFirstToken);
  return true;
}

const valueIn = (dimension: Dimension, event: UsageEvent): string => dimensions[dimension].of(event);

function combinationOf(cube: Cube, event: UsageEvent, tag: readonly string[]): Combination {
  const values = [...cube.dimensions.map((dimension) => valueIn(dimension, event)), ...tag].map(textOf);
  return { id: combinationId(combinationText(cube, values)), organisationId: event.organisationId, cube, values };
}

const floorTo = (ms: number, grain: Grain): number => Math.floor(ms / grainMs[grain]) * grainMs[grain];

/** A call whose time cannot be read was refused by the ledger before. */
const startOf = ({ startedAt }: UsageEvent): number =>
  startedAt === undefined ? 0 : Number(startedAt.seconds) * 1000 + Math.floor(startedAt.nanos / 1_000_000);
