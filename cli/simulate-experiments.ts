/** `penstock simulate-experiments`: prints how often each method finds a difference that is not there, and how soon one that is. */
import { parseArgs } from "node:util";
import {
  type Draw,
  event,
  lognormal,
  methods,
  peek,
  type SimulationSettings,
  simulationDefault,
  unitOrRequest,
} from "../control-plane/experiments/simulation.ts";
import type { MetricKind } from "../control-plane/experiments/statistics/estimate.ts";
import { SettingError } from "../proto/agreements/setting-source.ts";

const withoutDifference: readonly (readonly [name: string, kind: MetricKind, draw: Draw])[] = [
  ["lognormal, sigma 1", "mean", lognormal(1)],
  ["lognormal, sigma 1.5", "mean", lognormal(1.5)],
  ["error rate 0.5 %", "proportion", event(0.005)],
  ["error rate 2 %", "proportion", event(0.02)],
  ["error rate 10 %", "proportion", event(0.1)],
];

const withDifference: readonly (readonly [control: number, treatment: number])[] = [
  [0.01, 0.02],
  [0.01, 0.05],
  [0.01, 0.2],
];

/** @throws SettingError for a number of runs that is none. */
export function simulateExperiments(args: string[]): void {
  const { values } = parseArgs({ args, options: { runs: { type: "string" }, seed: { type: "string" } } });
  const settings: SimulationSettings = {
    ...simulationDefault,
    runs: wholeNumber("--runs", values.runs, simulationDefault.runs),
    seed: wholeNumber("--seed", values.seed, simulationDefault.seed),
  };
  const { runs, unitsMax, lookEvery, alpha } = settings;
  const names = Object.keys(methods) as (keyof typeof methods)[];
  print(`${runs} experiments a cell, ${lookEvery} to ${unitsMax} units an arm, a look every ${lookEvery}; nominal ${percent(alpha)}\n`);
  print("No difference: how often one is found while peeking");
  print(row("", names));
  for (const [name, kind, draw] of withoutDifference)
    print(
      row(
        name,
        names.map((method) => percent(peek([draw, draw], kind, methods[method], settings).found)),
      ),
    );
  print("\nA difference: how often it is found, and the median of units an arm at which it is");
  print(row("", names));
  for (const [control, treatment] of withDifference)
    print(
      row(
        `errors ${percent(control)} to ${percent(treatment)}`,
        names.map((method) => {
          const { found, unitsMedian } = peek([event(control), event(treatment)], "proportion", methods[method], settings);
          return `${percent(found)} at ${unitsMedian}`;
        }),
      ),
    );
  const clustered = unitOrRequest(settings);
  print("\n400 users with about 20 requests each, no difference, one look at the end");
  print(`counted by request ${percent(clustered.byRequest)}, by user with the delta method ${percent(clustered.byUnit)}`);
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 1_000_000)
    throw new SettingError(`${name} must be a whole number from 1 to 1000000, not "${text}"`);
  return number;
}

const row = (head: string, cells: readonly string[]): string => [head.padEnd(24), ...cells.map((cell) => cell.padStart(20))].join("");
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
