/** Points stand where the calendar of a time zone has them: half hours off, on days of 23 and 25 hours, and still make the total. */
import { v4, v7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type Database, openDatabase } from "../../control-plane/database/orm.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { figureNames } from "../../control-plane/usage/cubes.ts";
import { keptSince } from "../../control-plane/usage/plan-usage.ts";
import { readReport } from "../../control-plane/usage/read-report.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import type { UsageQuestion } from "../../control-plane/usage/usage-question.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { randomCalls } from "./random-calls.ts";

const ours = v7();
/** Clocks go back in Berlin, on Lord Howe and in New York, and on in Cairo and Sydney, in these. */
const spells = {
  autumn: Date.parse("2026-10-23T00:00:00Z"),
  spring: Date.parse("2026-03-27T00:00:00Z"),
  april: Date.parse("2026-04-03T00:00:00Z"),
};
const spellMs = 4 * 86_400_000;
const zones = [
  "UTC",
  "Europe/Berlin",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "America/St_Johns",
  "Australia/Lord_Howe",
  "Africa/Cairo",
  "Asia/Beirut",
];
let postgres: PostgresServer;
let database: Database;
let events: readonly UsageEvent[];

beforeAll(async () => {
  postgres = await startPostgres();
  database = await openDatabase({ databaseUrl: await postgres.createDatabase(), dataDir: "" }, openLogger("silent"));
  const records = Object.values(spells).flatMap((fromMs, seed) =>
    randomCalls({ seed, count: 400, fromMs, untilMs: fromMs + spellMs, organisationIds: [ours] }),
  );
  for (const [index, { record }] of records.entries()) if (record.case === "usage" && index % 40 === 0) record.value.callId = v4();
  await recordUsage(database, records);
  events = records.map(({ record }) => record.value as UsageEvent);
});
afterAll(async () => {
  await database.close();
  await postgres.close();
});

const startOf = ({ startedAt }: UsageEvent) => Number(startedAt?.seconds) * 1000 + (startedAt?.nanos ?? 0) / 1e6;
const countsOf = (labels: readonly string[]) =>
  Object.fromEntries([...Map.groupBy(labels, (label) => label)].map(([label, own]) => [label, own.length]));

it.each(zones)("in %s", { timeout: 120_000 }, async (timeZone) => {
  const clock = new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short" });
  for (const [spell, fromMs] of Object.entries(spells)) {
    for (const groupBy of [[], [{ dimension: "backend_id" as const }], [{ dimension: "end_user" as const }], [{ tag: "team" }]]) {
      const since = fromMs + 5 * 3_600_000 + 1_234;
      const until = fromMs + spellMs - 2 * 3_600_000;
      const question: UsageQuestion = {
        range: { since: new Date(since), until: new Date(until) },
        granularity: "day",
        timeZone,
        groupBy,
        filter: {},
        orderBy: "calls",
        figures: figureNames,
        limit: 2,
        latencies: false,
      };
      // Minutes are kept of none, of all.
      for (const kept of [keptSince(Date.now(), 400), { minutesFromMs: 0, ledgerFromMs: 0 }]) {
        const report = await readReport(database, ours, question, false, kept);
        const meant = events.filter((call) => startOf(call) >= since && startOf(call) < until).map((call) => clock.format(startOf(call)));
        // A day is named by its noon: where clocks go on at midnight it begins at one.
        const days = report.total.points.map(({ at }) => clock.format(at.getTime() + 11 * 3_600_000));
        expect(new Set(days).size, `${spell}: ${days}`).toBe(days.length);
        const counted = report.total.points.map(({ figures }, index) => [days[index], Number(figures.sums.calls)] as const);
        expect(Object.fromEntries(counted.filter(([, calls]) => calls > 0)), spell).toEqual(countsOf(meant));
        const parts = [...report.groups, ...(report.rest === undefined ? [] : [report.rest])];
        if (groupBy.length > 0)
          for (const [index, point] of report.total.points.entries())
            for (const figure of figureNames)
              expect(parts.reduce((sum, { points }) => sum + (points[index]?.figures.sums[figure] ?? 0n), 0n)).toBe(
                point.figures.sums[figure],
              );
      }
    }
  }
});

it("counts hours one by one where the clock shows one of them twice", async () => {
  const question: UsageQuestion = {
    range: { since: new Date("2026-10-24T22:00:00Z"), until: new Date("2026-10-25T23:00:00Z") },
    granularity: "hour",
    timeZone: "Europe/Berlin",
    groupBy: [],
    filter: {},
    orderBy: "calls",
    figures: figureNames,
    limit: 2,
    latencies: false,
  };
  const { total } = await readReport(database, ours, question, false, keptSince(Date.now(), 400));
  expect(total.points).toHaveLength(25);
  expect(total.points.reduce((sum, { figures }) => sum + figures.sums.calls, 0n)).toBe(total.figures.sums.calls);
});
