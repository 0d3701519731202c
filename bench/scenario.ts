/** What a scenario is and what it reports; run.ts plays them in order, report.ts writes them down. */
import type { Stage } from "./stage.ts";

export interface Scenario {
  /** For --only. */
  readonly name: string;
  readonly title: string;
  /** Part of --quick. */
  readonly quick: boolean;
  /** Played only where --only names it: it takes long. */
  readonly onlyWhenAsked?: boolean;
  /** @throws Error where an answer was wrong or did not come: then no figure is worth anything. */
  run(stage: Stage): Promise<ScenarioReport>;
}

export interface ScenarioReport {
  readonly tables: readonly Table[];
  readonly budgets: readonly Budget[];
  readonly plots: readonly Plot[];
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note?: string;
}

/** One line of DESIGN section 7. */
export interface Budget {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  /** at-most: value ≤ limit. at-least: value ≥ limit. */
  readonly kind: "at-most" | "at-least";
  /** What --quick fails on: the least of the rounds, against a peer of the same runtime, so that a busy machine moves both. */
  readonly gate?: { readonly least: number; readonly most: number };
}

export type Plot = BarPlot | LinePlot;

interface PlotFrame {
  /** File name without its ending. */
  readonly name: string;
  readonly title: string;
  /** Of the values. */
  readonly unit: string;
}

export interface BarPlot extends PlotFrame {
  readonly kind: "bars";
  readonly bars: readonly { readonly label: string; readonly value: number }[];
}

export interface LinePlot extends PlotFrame {
  readonly kind: "line";
  /** What runs from left to right, with its unit. */
  readonly along: string;
  /** At least two, by ascending `at`. */
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

export const holds = ({ kind, value, limit }: Budget): boolean => (kind === "at-most" ? value <= limit : value >= limit);

/** Beyond the gate in every round. */
export const isGrossLoss = ({ gate }: Budget): boolean => gate !== undefined && gate.least > gate.most;
