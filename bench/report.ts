/** Writes a run down: results.json for machines, RESULTS.md for people, a plot for each comparison of costs. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { nginxVersion } from "./peers/nginx.ts";
import { portkeyVersion } from "./peers/portkey.ts";
import { plotText } from "./plot.ts";
import { type Budget, holds, type Scenario, type ScenarioReport, type Table } from "./scenario.ts";
import type { Stage } from "./stage.ts";

interface Played {
  readonly scenario: Scenario;
  readonly report: ScenarioReport;
}

/** What results.json holds of a scenario: its figures, and the machine, versions and commit that they were measured with. */
interface Kept extends ScenarioReport {
  readonly name: string;
  readonly title: string;
  readonly calls: number;
  readonly facts: Readonly<Record<string, string>>;
}

const here = (name: string) => new URL(name, import.meta.url);

/** @param order names of all scenarios; what an earlier run measured of those that were not played now is kept where `keepOthers`. */
export async function writeReport(stage: Stage, played: readonly Played[], order: readonly string[], keepOthers: boolean): Promise<void> {
  const facts = factsOf(stage);
  const now = played.map(({ scenario: { name, title }, report }): Kept => ({ name, title, facts, calls: stage.tally.calls, ...report }));
  const others = keepOthers ? (await readKept()).filter(({ name }) => !now.some((one) => one.name === name)) : [];
  const kept = [...now, ...others].sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
  await writeFile(here("results.json"), `${JSON.stringify({ scenarios: kept }, null, 2)}\n`);
  await mkdir(here("plots/"), { recursive: true });
  for (const { plots } of kept) for (const plot of plots) await writeFile(here(`plots/${plot.name}.svg`), plotText(plot));
  await writeFile(here("RESULTS.md"), resultsText(kept, kept[0]?.facts ?? facts));
}

async function readKept(): Promise<readonly Kept[]> {
  try {
    return (JSON.parse(await readFile(here("results.json"), "utf8")) as { scenarios: readonly Kept[] }).scenarios;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** @param facts of the most; a scenario that was measured with others says so. */
function resultsText(kept: readonly Kept[], facts: Readonly<Record<string, string>>): string {
  const measured = (own: Readonly<Record<string, string>>) =>
    Object.entries(own)
      .filter(([name, value]) => facts[name] !== value)
      .map(([name, value]) => `${name} ${value}`);
  const text = [
    "# What the gateway costs",
    "",
    "Written by `npm run bench`; [README.md](README.md) says how each figure is obtained and what it does not show. Every answer was",
    "compared with the backend's; every call to the gateway was authenticated, counted in its metrics and is in its ledger, in each run.",
    "",
    ...Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`),
    "",
    "## Budgets",
    "",
    ...tableLines({
      title: "",
      columns: ["", "budget", "measured", ""],
      rows: kept
        .flatMap(({ budgets }) => budgets)
        .map((budget) => [budget.what, limitText(budget), figure(budget.value), holds(budget) ? "holds" : "**does not hold**"]),
    }),
    ...kept.flatMap(({ title, tables, plots, facts: own }) => [
      `## ${title}`,
      "",
      ...(measured(own).length === 0 ? [] : [`Measured in a run of its own: ${measured(own).join(", ")}.`, ""]),
      ...tables.flatMap(tableLines),
      ...plots.flatMap((plot) => [`![${plot.title}](plots/${plot.name}.svg)`, ""]),
    ]),
  ];
  return `${text.join("\n").trimEnd()}\n`;
}

export const budgetLine = (budget: Budget): string =>
  `${holds(budget) ? "holds         " : "DOES NOT HOLD "} ${budget.what}: ${figure(budget.value)} (${limitText(budget)})`;

export const tableText = (table: Table): string => tableLines(table).join("\n");

const limitText = ({ kind, limit }: Budget): string => `${kind === "at-most" ? "≤" : "≥"} ${figure(limit)}`;

const figure = (value: number): string =>
  value === Number.MAX_VALUE ? "failed" : value >= 1000 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

const tableLines = ({ title, columns, rows, note }: Table): string[] => [
  ...(title === "" ? [] : [`### ${title}`, ""]),
  `| ${columns.join(" | ")} |`,
  `|${columns.map((_, index) => (index === 0 ? "---|" : "---:|")).join("")}`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
  "",
  ...(note === undefined ? [] : [note, ""]),
];

function factsOf({ gateway, absent }: Stage): Record<string, string> {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: here("."), encoding: "utf8" }).trim();
  const changed = git("status", "--porcelain", "--", "../data-plane", "../control-plane", "../proto").length > 0;
  const redis = spawnSync("redis-server", ["--version"], { encoding: "utf8" }).stdout;
  return {
    date: new Date().toISOString(),
    commit: `${git("rev-parse", "--short", "HEAD")}${changed ? " with uncommitted changes" : ""}`,
    machine: `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? "an unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`,
    node: process.version,
    redis: /v=(\S+)/.exec(redis)?.[1] ?? "",
    database: gateway.database,
    nginx: nginxVersion() ?? "not installed",
    portkey: absent.some((why) => why.startsWith("Portkey")) ? "not there" : portkeyVersion,
  };
}
