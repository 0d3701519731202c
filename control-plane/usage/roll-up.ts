/**
 * What a batch of new calls adds to the roll-ups. Pure: calls in, additions out; record-usage.ts writes them in the
 * transaction that writes the calls, so nothing is added twice and nothing is left out, whatever dies in between.
 */
import type { UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import {
  type Combination,
  type Cube,
  combinationId,
  combinationText,
  cubes,
  dimensionValueOf,
  figureNames,
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
  /** In the order of the figures. */
  readonly figures: bigint[];
  /** One bin for each call. */
  readonly durations: number[];
  readonly timesToFirstToken: number[];
}

/** What is known of a combination while a batch is added up. */
interface Entry {
  readonly combination: Combination;
  readonly buckets: Map<number, Addition>;
}

/** At the finest grain of each cube; the database makes hours and days of them. */
export function rollUp(events: readonly UsageEvent[]): readonly Addition[] {
  const entries = new Map<string, Entry>();
  for (const event of events) addCall(entries, event);
  return [...entries.values()].flatMap(({ buckets }) => [...buckets.values()]);
}

function addCall(entries: Map<string, Entry>, event: UsageEvent): void {
  const startedAtMs = startOf(event);
  const counted = figuresOf(event).flatMap((value, index) => (value === 0n ? [] : [{ index, value }]));
  const duration = sketches.durations.binOf(event);
  const timeToFirstToken = sketches.times_to_first_token.binOf(event);
  for (const cube of cubes) {
    for (const values of valuesOf(cube, event)) {
      const grain = cube.grains[0] as Grain;
      const addition = additionAt(entryOf(entries, event.organisationId, cube, values), floorTo(startedAtMs, grain));
      for (const { index, value } of counted) addition.figures[index] = (addition.figures[index] ?? 0n) + value;
      if (duration !== undefined) addition.durations.push(duration);
      if (timeToFirstToken !== undefined) addition.timesToFirstToken.push(timeToFirstToken);
    }
  }
}

function entryOf(entries: Map<string, Entry>, organisationId: string, cube: Cube, values: readonly string[]): Entry {
  const text = combinationText(cube, values);
  const key = organisationId + text;
  let entry = entries.get(key);
  if (entry === undefined) {
    const combination = { id: combinationId(text), organisationId, cube, values };
    entry = { combination, buckets: new Map() };
    entries.set(key, entry);
  }
  return entry;
}

function additionAt({ combination, buckets }: Entry, bucketMs: number): Addition {
  let addition = buckets.get(bucketMs);
  if (addition === undefined) {
    addition = { combination, bucketMs, figures: noFigures.slice(), durations: [], timesToFirstToken: [] };
    buckets.set(bucketMs, addition);
  }
  return addition;
}

const noFigures: readonly bigint[] = figureNames.map(() => 0n);

function valuesOf(cube: Cube, event: UsageEvent): readonly (readonly string[])[] {
  const values = cube.dimensions.map((dimension) => textOf(dimensionValueOf(dimension, event)));
  if (!cube.tags) return [values];
  return Object.entries(event.tags).map(([name, value]) => [...values, textOf(name), textOf(value)]);
}

const floorTo = (ms: number, grain: Grain): number => Math.floor(ms / grainMs[grain]) * grainMs[grain];

/** A call whose time cannot be read was refused by the ledger before. */
const startOf = ({ startedAt }: UsageEvent): number =>
  startedAt === undefined ? 0 : Number(startedAt.seconds) * 1000 + Math.floor(startedAt.nanos / 1_000_000);
