/** Changes of the configuration in people's words: names of the forms, units, things by name, lists as they are read, no secrets. */

import { readFileSync } from "node:fs";
import { buildSchema, isEnumType } from "graphql";
import { describe, expect, it } from "vitest";
import { configEntities } from "../../control-plane/database/config-kinds.ts";
import { changeTitle, columnChanges } from "../../web-console/change/words/column-changes.ts";
import { columnValue } from "../../web-console/change/words/column-lines.ts";
import { type ConfigColumn, columnNames, imageKeyOf } from "../../web-console/change/words/column-names.ts";
import { type Line, linesOf, type Piece } from "../../web-console/change/words/value-lines.ts";

const id = (digit: number): string => `0197a000-0000-7000-8000-00000000000${digit}`;
const textOf = (lines: readonly Line[]): readonly string[] =>
  lines.map((line) =>
    line.map((piece: Piece) => (typeof piece === "string" ? piece : "ref" in piece ? `<${piece.ref.at(-1)}>` : piece.at)).join(""),
  );
const said = (column: ConfigColumn, value: unknown, image: Record<string, unknown> = {}) => textOf(columnValue(column, value, image));

describe("columns of the configuration", () => {
  it("all have names, and each name finds its column in an image", () => {
    const type = buildSchema(readFileSync("control-plane/schema.graphql", "utf8")).getType("ConfigColumn");
    const columns = isEnumType(type) ? type.getValues().map(({ name }) => name) : [];
    expect(Object.keys(columnNames).sort()).toEqual(columns.toSorted());
    const found = Object.entries(configEntities).flatMap(([kind, { properties }]) =>
      columns
        .filter((column): column is ConfigColumn => column in columnNames && imageKeyOf(kind, column as ConfigColumn) in properties)
        .filter((column) => column.startsWith(`${kind.toUpperCase()}_`)),
    );
    expect([...new Set(found)].sort()).toEqual(columns.toSorted());
  });

  it.each<[ConfigColumn, unknown, readonly string[], Record<string, unknown>?]>([
    [
      "ROUTE_TIERS",
      [
        {
          targets: [
            { backendId: id(1), weight: 3 },
            { backendId: id(2), weight: 1 },
          ],
        },
        { targets: [] },
      ],
      ["tier 1: <1> × 3, <2> × 1", "tier 2: no backend"],
    ],
    [
      "ROUTE_TIMEOUTS",
      { queueMs: 0, connectMs: 1500, firstByteMs: 0, idleMs: 0, writeStallMs: 0, totalMs: 60_000 },
      ["Connect: 1.5 s", "All of it: 1 min"],
    ],
    ["ROUTE_ECONOMY", { budgetPercent: 80, firstTier: 1 }, ["80%: calls begin with tier 2"]],
    ["ROUTE_PROMPT", { promptId: id(3), label: "production" }, ["<3>, label production"]],
    ["ROUTE_PROMPT", { promptId: id(3), version: 4 }, ["<3>, version 4"]],
    ["ROUTE_CACHE_TTL_SECONDS", 90, ["1 min 30 s"]],
    [
      "ROUTE_CONTENT_CAPTURE",
      { on: true, share: 0.25, retentionDays: 7, redact: ["card-numbers", "keys"] },
      ["kept for 7 days, 25% of calls, without card numbers, keys"],
    ],
    ["ROUTE_CONTENT_CAPTURE", { on: false, share: 1, retentionDays: 7, redact: [] }, ["not kept"]],
    ["QUOTA_LIMIT", "12500000000", ["$12.50"], { resource: "cost" }],
    ["QUOTA_LIMIT", "12500", ["12,500"], { resource: "tokens" }],
    ["QUOTA_BURST", "0", ["as much as the limit"], { resource: "tokens" }],
    [
      "QUOTA_WITHIN",
      [
        { kind: "route", id: id(4) },
        { kind: "end_user", id: null },
      ],
      ["on route <4>", "on end user each"],
    ],
    ["BUDGET_LIMIT_NANODOLLARS", "1000000000000", ["$1,000.00"]],
    ["BUDGET_THRESHOLD_PERCENTS", [50, 80], ["50%, 80%"]],
    ["PROMPT_LABELS", { production: 3, staging: 4 }, ["production: version 3", "staging: version 4"]],
    ["EXPERIMENT_COVERAGE", 0.5, ["50%"]],
    ["QUOTA_SCOPE_KIND", "api_key", ["API key"]],
    [
      "EXPERIMENT_ANALYSIS",
      {
        alpha: 0.05,
        unitsMin: 100,
        metrics: [{ metric: "error_rate", role: "guardrail", feedback: "", category: "", margin: 0.01, windowHours: 0 }],
      },
      ["guardrail: error rate, margin 0.01", "chance of a false find: 5%", "units in each arm at least: 100"],
    ],
    [
      "EXPERIMENT_ROLLOUT",
      { steps: [{ share: 0.1, holdSeconds: 21_600, unitsMin: 20, approval: true }], shipAtEnd: true },
      ["step 1: 10% for 6 h, 20 units in each arm at least, and somebody approves", "ships after the last step: yes"],
    ],
    [
      "EXPERIMENT_VARIANTS",
      [{ key: "b", weight: 1, prompt: { promptId: id(3), version: 2 }, tiers: [], parameters: { temperature: 0 } }],
      ["b × 1", "b: prompt <3>, version 2", "b: parameters temperature 0"],
    ],
    [
      "ORGANISATION_DISCOUNTS",
      [{ providerId: id(5), basisPoints: 1250, from: null, until: "2027-01-01T00:00:00.000Z" }],
      ["12.5% off at <5>, until 2027-01-01T00:00:00.000Z"],
    ],
    ["API_KEY_MAY_FORCE_VARIANTS", false, ["no"]],
    ["API_KEY_ALLOWED_ROUTES", [], []],
  ])("%s is read by people", (column, value, lines, image) => {
    expect(said(column, value, image)).toEqual(lines);
  });

  it("prices are dollars a million tokens, a line for each", () => {
    const price = {
      version: 1001,
      effectiveFrom: null,
      inputNanodollarsPerMillion: "2500000000",
      outputNanodollarsPerMillion: "10000000000",
      cacheReadNanodollarsPerMillion: null,
      requestNanodollars: "0",
      contextTiers: [{ inputTokensAbove: 200_000, inputNanodollarsPerMillion: "5000000000" }],
    };
    expect(said("BACKEND_PRICES", [price])).toEqual([
      "from the beginning: input $2.50, output $10.00 a million tokens",
      "above 200,000 tokens of input: input $5.00",
    ]);
  });
});

const change = (kind: string, columns: readonly ConfigColumn[], before: object | null, after: object | null) =>
  columnChanges({ kind, columns: [...columns], before, after }).map(({ name, before: was, after: is, same }) => [
    name,
    textOf(was),
    textOf(is),
    same,
  ]);

it("of a list only the lines that differ are told, and how many do not", () => {
  const tier = (weight: number) => ({ targets: [{ backendId: id(1), weight }] });
  expect(change("route", ["ROUTE_TIERS"], { tiers: [tier(1), tier(2)] }, { tiers: [tier(1), tier(5)] })).toEqual([
    ["Backends", ["tier 2: <1> × 2"], ["tier 2: <1> × 5"], 1],
  ]);
});

it("what was left empty is told where it was something before, and not of a new thing", () => {
  expect(change("route", ["ROUTE_DESCRIPTION"], { description: "old" }, { description: "" })).toEqual([
    ["What it is for", ["old"], ["none"], 0],
  ]);
  expect(change("route", ["ROUTE_DESCRIPTION"], null, { description: "" })).toEqual([]);
});

it("a secret is told to have changed and nothing more, although images hold none", () => {
  expect(change("provider", ["PROVIDER_SEALED_CREDENTIAL"], { key: "a" }, { key: "a" })).toEqual([
    ["Credential", ["secret"], ["another secret, or none"], 0],
  ]);
  expect(change("provider", ["PROVIDER_SEALED_CREDENTIAL"], null, { key: "a" })).toEqual([["Credential", [], ["secret"], 0]]);
});

it("things are called by their names, versions of prompts by their prompt's", () => {
  const references = [{ kind: "prompt", id: id(3), name: "support" }];
  const of = (kind: string, after: object) => changeTitle({ kind, entityId: id(9), before: null, after, references });
  expect([of("api_key", { name: "web shop" }), of("prompt_version", { promptId: id(3), version: 4 }), of("quota", {})]).toEqual([
    "API key web shop",
    "version 4 of prompt support",
    `quota ${id(9)}`,
  ]);
});

it("values of forms are read as those of images are", () => {
  expect(textOf(linesOf([[{ backendId: id(1), weight: 2 }], []]))).toEqual(["tier 1: <1> × 2", "tier 2: no backend"]);
  expect(textOf(linesOf({ keep: "yes", percent: "100", redact: ["KEYS"], holdSeconds: 60, on: false }))).toEqual([
    "keep: yes",
    "percent: 100",
    "redact: KEYS",
    "seconds at least: 60",
    "on: no",
  ]);
  expect(linesOf({ a: "", b: [], c: null })).toEqual([]);
});
