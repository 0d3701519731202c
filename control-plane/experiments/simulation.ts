/**
 * What the statistics promise, tried out: thousands of experiments without a true difference, looked at all the time, and
 * thousands with one. Seeded, so that the same tables come out on every machine. `penstock simulate-experiments` prints them.
 */
import { sequenceOf, unitsPlannedDefault, unitsPlannedOfGuardrail } from "./statistics/confidence-sequence.ts";
import { absoluteEffect, type Effect, logRatio, relativeEffect, welchTest } from "./statistics/effect.ts";
import { type Estimate, estimateOf, type MetricKind } from "./statistics/estimate.ts";
import { groupSequentialBounds, groupSequentialDefault } from "./statistics/group-sequential.ts";
import { noUnits, type UnitSums } from "./statistics/unit-sums.ts";

export interface SimulationSettings {
  readonly runs: number;
  readonly seed: number;
  /** In each arm. */
  readonly unitsMax: number;
  readonly lookEvery: number;
  readonly alpha: number;
}

export const simulationDefault: SimulationSettings = { runs: 1000, seed: 1, unitsMax: 5000, lookEvery: 50, alpha: 0.05 };

/** One unit's value. */
export type Draw = (random: () => number) => number;

export const lognormal =
  (sigma: number): Draw =>
  (random) =>
    Math.exp(sigma * normal(random));

export const event =
  (rate: number): Draw =>
  (random) =>
    random() < rate ? 1 : 0;

/** Whether a look at two arms would be taken for a difference. */
export type Method = (control: Estimate, treatment: Estimate, settings: SimulationSettings) => boolean;

const excludesZero = ({ lower, upper }: { readonly lower: number; readonly upper: number }): boolean => lower > 0 || upper < 0;
const sequential =
  (effectOf: (control: Estimate, treatment: Estimate) => Effect, unitsPlanned = unitsPlannedDefault): Method =>
  (control, treatment, { alpha }) => {
    const effect = effectOf(control, treatment);
    // Nothing is so and so many per cent more than nothing.
    return Number.isFinite(effect.standardError) && excludesZero(sequenceOf(effect, { alpha, unitsPlanned }));
  };

export const methods = {
  "fixed t-test": (control, treatment, { alpha }) => excludesZero(welchTest(absoluteEffect(control, treatment), control, treatment, alpha)),
  "sequence, absolute": sequential(absoluteEffect),
  "sequence, guardrail": sequential(absoluteEffect, unitsPlannedOfGuardrail),
  "sequence, relative": sequential(relativeEffect),
  "sequence, log ratio": (control, treatment, settings) =>
    control.value > 0 && treatment.value > 0 && sequential(logRatio)(control, treatment, settings),
  "planned looks": (control, treatment, settings) => {
    const { value, standardError } = absoluteEffect(control, treatment);
    const bound = plannedBounds(settings)[control.units / settings.lookEvery - 1] ?? Number.POSITIVE_INFINITY;
    return Math.abs(value / standardError) > bound;
  },
} as const satisfies Record<string, Method>;

/** Computed once: each bound is an integral over the paths before it. */
function plannedBounds({ alpha, unitsMax, lookEvery }: SimulationSettings): readonly number[] {
  const key = `${alpha} ${unitsMax} ${lookEvery}`;
  const looks = Math.floor(unitsMax / lookEvery);
  let bounds = planned.get(key);
  if (bounds === undefined) {
    bounds = groupSequentialBounds(
      Array.from({ length: looks }, (_, look) => (look + 1) / looks),
      { ...groupSequentialDefault, alpha },
    );
    planned.set(key, bounds);
  }
  return bounds;
}
const planned = new Map<string, readonly number[]>();

export interface PeekingOutcome {
  /** Share of the runs in which any look was taken for a difference. */
  readonly found: number;
  /** Units in each arm at the first such look; NaN: none. */
  readonly unitsMedian: number;
}

/** Looks every `lookEvery` units, and stops at the first look that is taken for a difference. */
export function peek(
  draws: readonly [control: Draw, treatment: Draw],
  kind: MetricKind,
  method: Method,
  settings: SimulationSettings,
): PeekingOutcome {
  const random = seeded(settings.seed);
  const stops: number[] = [];
  for (let run = 0; run < settings.runs; run++) {
    const stop = firstFinding(draws, kind, method, settings, random);
    if (stop !== undefined) stops.push(stop);
  }
  stops.sort((a, b) => a - b);
  return { found: stops.length / settings.runs, unitsMedian: stops[stops.length >> 1] ?? Number.NaN };
}

function firstFinding(
  [control, treatment]: readonly [Draw, Draw],
  kind: MetricKind,
  method: Method,
  settings: SimulationSettings,
  random: () => number,
): number | undefined {
  const { unitsMax, lookEvery } = settings;
  const arms = [arm(control), arm(treatment)] as const;
  for (let units = lookEvery; units <= unitsMax; units += lookEvery) {
    for (const { add } of arms) add(lookEvery, random);
    const [one, other] = arms.map(({ sums }) => estimateOf(kind, sums())) as [Estimate, Estimate];
    // Without any spread there is nothing to test yet.
    if (one.variance + other.variance > 0 && method(one, other, settings)) return units;
  }
  return undefined;
}

function arm(draw: Draw): { add(count: number, random: () => number): void; sums(): UnitSums } {
  let [units, m, mm] = [0, 0, 0];
  return {
    add: (count, random) => {
      for (let i = 0; i < count; i++) {
        const value = draw(random);
        m += value;
        mm += value * value;
      }
      units += count;
    },
    sums: () => ({ ...noUnits, units, m, mm, d: units, dd: units, md: m }),
  };
}

/**
 * The price of counting requests as if each were a person: the share of runs without a true difference in which one look at
 * the end is taken for one, by request and by unit. 400 users, about 20 requests each, users' log-latency with deviation 0.5.
 */
export function unitOrRequest({ runs, seed, alpha }: Pick<SimulationSettings, "runs" | "seed" | "alpha">): {
  readonly byRequest: number;
  readonly byUnit: number;
} {
  const random = seeded(seed);
  const found = { byRequest: 0, byUnit: 0 };
  for (let run = 0; run < runs; run++) {
    const arms = [usersOf(200, random), usersOf(200, random)] as const;
    const test = (estimates: readonly [Estimate, Estimate]) =>
      excludesZero(welchTest(absoluteEffect(...estimates), ...estimates, alpha)) ? 1 : 0;
    found.byRequest += test([estimateOf("mean", arms[0].requests), estimateOf("mean", arms[1].requests)]);
    found.byUnit += test([estimateOf("ratio", arms[0].users), estimateOf("ratio", arms[1].users)]);
  }
  return { byRequest: found.byRequest / runs, byUnit: found.byUnit / runs };
}

function usersOf(count: number, random: () => number): { readonly requests: UnitSums; readonly users: UnitSums } {
  let requests = noUnits;
  let users = noUnits;
  for (let user = 0; user < count; user++) {
    const slowness = 0.5 * normal(random);
    const calls = 1 + Math.floor(random() * 39);
    let [m, mm] = [0, 0];
    for (let call = 0; call < calls; call++) {
      const latency = Math.exp(slowness + 0.5 * normal(random));
      m += latency;
      mm += latency * latency;
    }
    requests = { ...requests, units: requests.units + calls, m: requests.m + m, mm: requests.mm + mm };
    users = {
      ...users,
      units: users.units + 1,
      m: users.m + m,
      mm: users.mm + m * m,
      d: users.d + calls,
      dd: users.dd + calls * calls,
      md: users.md + m * calls,
    };
  }
  return { requests, users };
}

/** Mulberry32: good enough for a simulation, the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Box and Muller. */
const normal = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
