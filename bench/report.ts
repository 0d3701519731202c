/** Writes a run down: results.json for machines, RESULTS.md for people, a plot for each comparison of costs. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { barPlot } from "./bar-plot.ts";
import { nginxVersion } from "./peers/nginx.ts";
import { portkeyVersion } from "./peers/portkey.ts";
import { type Budget, holds, type Scenario, type ScenarioReport, type Table } from "./scenario.ts";
import type { Stage } from "./stage.ts";

interface Played {
  readonly scenario: Scenario;
  readonly report: ScenarioReport;
}

const here = (name: string) => new URL(name, import.meta.url);

export async function writeReport(stage: Stage, played: readonly Played[]): Promise<void> {
  const facts = factsOf(stage);
  const scenarios = played.map(({ scenario: { name, title }, report }) => ({ name, title, ...report }));
  await writeFile(here("results.json"), `${JSON.stringify({ facts, calls: stage.tally.calls, scenarios }, null, 2)}\n`);
  await mkdir(here("plots/"), { recursive: true });
  for (const { report } of played) for (const plot of report.plots) await writeFile(here(`plots/${plot.name}.svg`), barPlot(plot));
  const budgets = played.flatMap(({ report }) => report.budgets);
  const text = [
    "# What the gateway costs",
    "",
    "Written by `npm run bench`; [README.md](README.md) says how each figure is obtained and what it does not show. Every answer was",
    `compared with the backend's; all ${stage.tally.calls} calls to the gateway were authenticated, counted in its metrics and are in its ledger.`,
    "",
    ...Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`),
    "",
    "## Budgets",
    "",
    ...tableLines({
      title: "",
      columns: ["", "budget", "measured", ""],
      rows: budgets.map((budget) => [budget.what, limitText(budget), figure(budget.value), holds(budget) ? "holds" : "**does not hold**"]),
    }),
    ...played.flatMap(({ scenario, report }) => [
      `## ${scenario.title}`,
      "",
      ...report.tables.flatMap(tableLines),
      ...report.plots.flatMap(({ name, title }) => [`![${title}](plots/${name}.svg)`, ""]),
    ]),
  ];
  await writeFile(here("RESULTS.md"), `${text.join("\n").trimEnd()}\n`);
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
