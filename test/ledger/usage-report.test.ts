/** What is said of usage is what the calls were: whatever is asked, in whichever way it is read, and however it is cut. */
import fc from "fast-check";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Outcome, type UsageEvent, type UsageRecord } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type Database, openDatabase } from "../../control-plane/database/orm.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { cubes, type Dimension, dimensionNames, dimensionValueOf, figureNames, figuresOf } from "../../control-plane/usage/cubes.ts";
import { percentileMs } from "../../control-plane/usage/latency-sketch.ts";
import { keptSince, planUsage } from "../../control-plane/usage/plan-usage.ts";
import { countsOf, readReport, type UsageFigures } from "../../control-plane/usage/read-report.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import type { Grouping, UsageQuestion } from "../../control-plane/usage/usage-question.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../harness/temporary-directory.ts";
import { randomCalls } from "./random-calls.ts";

const dayMs = 86_400_000;
const beginMs = Math.floor(Date.now() / dayMs) * dayMs - 4 * dayMs;
const endMs = beginMs + 4 * dayMs;
const kept = keptSince(Date.now(), 400);
const logger = openLogger("silent");

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

const startOf = ({ startedAt }: UsageEvent): number => Number(startedAt?.seconds) * 1000 + (startedAt?.nanos ?? 0) / 1_000_000;

describe.each(["PostgreSQL", "PGlite"])("usage on %s", (kind) => {
  const [ours, theirs] = [v7(), v7()];
  let database: Database;
  let directory: TemporaryDirectory;
  let events: readonly UsageEvent[];

  beforeAll(async () => {
    directory = await temporaryDirectory();
    database = await openDatabase(
      { databaseUrl: kind === "PostgreSQL" ? await postgres.createDatabase() : undefined, dataDir: directory.path },
      logger,
    );
    const records = randomCalls({ seed: 11, count: 800, fromMs: beginMs, untilMs: endMs, organisationIds: [ours, ours, theirs] });
    for (let at = 0; at < records.length; at += 250) await recordUsage(database, records.slice(at, at + 250));
    events = records.map(({ record }: UsageRecord) => record.value as UsageEvent).filter(({ organisationId }) => organisationId === ours);
  });
  afterAll(async () => {
    await database.close();
    await directory.remove();
  });

  const sumsOf = (calls: readonly UsageEvent[]) =>
    Object.fromEntries(
      figureNames.map((figure, index) => [figure, calls.reduce((sum, call) => sum + BigInt(figuresOf(call)[index] ?? 0), 0n)]),
    );
  const groupValueOf = (grouping: Grouping, call: UsageEvent) =>
    "tag" in grouping ? (call.tags[grouping.tag] ?? "") : dimensionValueOf(grouping.dimension, call);
  const added = (parts: readonly UsageFigures[]) =>
    Object.fromEntries(figureNames.map((figure) => [figure, parts.reduce((sum, { sums }) => sum + sums[figure], 0n)]));

  const grouping = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...dimensionNames).map((dimension): Grouping => ({ dimension })) },
    { weight: 1, arbitrary: fc.constantFrom("team", "stage", "nobody").map((tag): Grouping => ({ tag })) },
  );
  const instant = fc.oneof(
    fc.integer({ min: beginMs - dayMs, max: endMs + dayMs }),
    fc.integer({ min: 0, max: 96 }).map((hours) => beginMs + hours * 3_600_000),
    fc.integer({ min: 0, max: 4 }).map((days) => beginMs + days * dayMs),
  );
  const question = fc
    .record({
      instants: fc.tuple(instant, instant).filter(([one, other]) => one !== other),
      granularity: fc.constantFrom(undefined, undefined, "hour" as const, "day" as const, "week" as const, "month" as const),
      groupBy: fc.uniqueArray(grouping, { maxLength: 3, selector: (value) => JSON.stringify(value) }),
      filtered: fc.option(fc.constantFrom(...dimensionNames), { nil: undefined }),
      picks: fc.array(fc.nat(799), { minLength: 1, maxLength: 3 }),
      tag: fc.option(fc.constantFrom("red", "blue", ""), { nil: undefined, freq: 4 }),
      limit: fc.constantFrom(1, 3, 100),
      orderBy: fc.constantFrom("calls" as const, "cost_nanodollars" as const),
    })
    .map(({ instants, filtered, picks, tag, ...rest }) => ({
      ...rest,
      filtered,
      picks,
      tag,
      range: { since: new Date(Math.min(...instants)), until: new Date(Math.max(...instants)) },
    }));

  it("is the sum of the calls in the range, and the groups, the rest and the points each make it", async () => {
    let byLedger = 0;
    await fc.assert(
      fc.asyncProperty(question, async ({ filtered, picks, tag, ...asked }) => {
        const values = picks.map((pick) => dimensionValueOf(filtered ?? "outcome", events[pick % events.length] as UsageEvent));
        const filter = {
          ...(filtered === undefined ? {} : { [filtered]: values }),
          ...(tag === undefined ? {} : { tags: [{ name: "team", values: [tag] }] }),
        };
        const whole: UsageQuestion = { ...asked, filter, timeZone: "UTC", figures: figureNames, latencies: false };
        if (planUsage(whole, kept).cube === undefined) byLedger++;
        const report = await readReport(database, ours, whole, false, kept);
        const calls = events.filter(
          (call) =>
            startOf(call) >= asked.range.since.getTime() &&
            startOf(call) < asked.range.until.getTime() &&
            (filtered === undefined || values.includes(dimensionValueOf(filtered, call))) &&
            (tag === undefined || (call.tags["team"] ?? "") === tag),
        );
        expect(report.total.figures.sums).toEqual(sumsOf(calls));
        if (asked.granularity !== undefined) expect(added(report.total.points.map(({ figures }) => figures))).toEqual(sumsOf(calls));
        if (asked.groupBy.length === 0) return;
        const parts = [...report.groups, ...(report.rest === undefined ? [] : [report.rest])];
        expect(added(parts.map(({ figures }) => figures))).toEqual(sumsOf(calls));
        for (const group of report.groups) {
          const own = calls.filter((call) => asked.groupBy.every((by, index) => groupValueOf(by, call) === group.values[index]));
          expect(group.figures.sums).toEqual(sumsOf(own));
          if (asked.granularity !== undefined) expect(added(group.points.map(({ figures }) => figures))).toEqual(sumsOf(own));
        }
      }),
      { numRuns: kind === "PostgreSQL" ? 150 : 40, seed: 5 },
    );
    expect(byLedger).toBeGreaterThan(5);
  });

  it("gives every dimension by itself, from sums and not from the ledger", async () => {
    for (const dimension of dimensionNames) {
      const asked: UsageQuestion = {
        range: { since: new Date(beginMs), until: new Date(endMs) },
        granularity: undefined,
        groupBy: [{ dimension }],
        filter: {},
        orderBy: "calls",
        limit: 100,
        timeZone: "UTC",
        figures: figureNames,
        latencies: false,
      };
      expect(planUsage(asked, kept).pieces.map(({ source }) => source)).toEqual(["day"]);
      const report = await readReport(database, ours, asked, false, kept);
      expect(
        report.groups.reduce((sum, { figures }) => sum + figures.sums.calls, 0n),
        dimension,
      ).toBe(BigInt(events.length));
      expect(new Set(report.groups.map(({ values }) => values[0]))).toEqual(
        new Set(events.map((call) => dimensionValueOf(dimension, call))),
      );
    }
  });

  it("gives percentiles within 4.4 % of the true ones, also of what is left without a tag", async () => {
    const asked: UsageQuestion = {
      range: { since: new Date(beginMs + 12_345), until: new Date(endMs) },
      granularity: undefined,
      groupBy: [{ tag: "team" }],
      filter: {},
      orderBy: "calls",
      limit: 100,
      timeZone: "UTC",
      figures: figureNames,
      latencies: true,
    };
    const report = await readReport(database, ours, asked, false, kept);
    expect(report.groups.map(({ values }) => values[0]).sort()).toEqual(["", "blue", "red"]);
    for (const { values, figures } of [...report.groups, { values: undefined, figures: report.total.figures }]) {
      const sorted = events
        .filter((call) => startOf(call) >= beginMs + 12_345 && (values === undefined || (call.tags["team"] ?? "") === values[0]))
        .map(({ durationMs }) => durationMs)
        .sort((one, other) => one - other);
      for (const share of [0.5, 0.9, 0.95, 0.99, 1]) {
        const truth = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0;
        const said = percentileMs(countsOf(figures.sketches.durations), share) ?? Number.NaN;
        expect(Math.abs(said - truth)).toBeLessThanOrEqual(Math.max(0.5, truth * 0.044));
      }
    }
  });

  it("compares the same groups with the time before", async () => {
    const asked: UsageQuestion = {
      range: { since: new Date(beginMs + 2 * dayMs), until: new Date(endMs) },
      granularity: "day",
      groupBy: [{ dimension: "api_key_id" }],
      filter: {},
      orderBy: "calls",
      limit: 2,
      timeZone: "UTC",
      figures: figureNames,
      latencies: false,
    };
    const report = await readReport(database, ours, asked, true, kept);
    const earlier = events.filter((call) => startOf(call) < beginMs + 2 * dayMs);
    expect(report.before?.total.figures.sums).toEqual(sumsOf(earlier));
    for (const { values } of report.groups) {
      const before = report.before?.groups.find((group) => group.values[0] === values[0]);
      expect(before?.figures.sums.calls).toBe(BigInt(earlier.filter(({ apiKeyId }) => apiKeyId === values[0]).length));
    }
    expect(report.before?.groups.length).toBe(2);
  });

  it("shows another organisation nothing", async () => {
    const asked: UsageQuestion = {
      range: { since: new Date(beginMs), until: new Date(endMs) },
      granularity: undefined,
      groupBy: [{ dimension: "outcome" }],
      filter: {},
      orderBy: "calls",
      limit: 100,
      timeZone: "UTC",
      figures: figureNames,
      latencies: true,
    };
    const report = await readReport(database, v7(), asked, false, kept);
    expect(report.total.figures.sums.calls).toBe(0n);
    expect(report.groups).toEqual([]);
  });
});

describe("a plan", () => {
  const at = (text: string) => new Date(`2027-03-${text}Z`);
  const plan = (since: string, until: string, groupBy: readonly Dimension[] = [], stepMs?: number) =>
    planUsage(
      { range: { since: at(since), until: at(until) }, groupBy: groupBy.map((dimension) => ({ dimension })), filter: {} },
      keptSince(at("20T00:00:00").getTime(), 400),
      stepMs === undefined ? [] : Array.from({ length: 2000 }, (_, index) => at("01T00:00:00").getTime() + index * stepMs),
    ).pieces.map(({ source, fromMs, untilMs }) => [
      source,
      new Date(fromMs).toISOString().slice(8, 19),
      new Date(untilMs).toISOString().slice(8, 19),
    ]);

  it("takes the coarsest sums that fit and reads the ends more finely", () => {
    expect(plan("10T22:58:30", "13T00:00:01")).toEqual([
      ["ledger", "10T22:58:30", "10T22:59:00"],
      ["minute", "10T22:59:00", "10T23:00:00"],
      ["hour", "10T23:00:00", "11T00:00:00"],
      ["day", "11T00:00:00", "13T00:00:00"],
      ["ledger", "13T00:00:00", "13T00:00:01"],
    ]);
    expect(plan("10T22:30:00", "11T02:00:00", ["cache"], 3_600_000)).toEqual([
      ["ledger", "10T22:30:00", "10T23:00:00"],
      ["hour", "10T23:00:00", "11T02:00:00"],
    ]);
  });

  it("does not look for minutes that are no longer kept", () => {
    expect(plan("01T10:30:00", "01T12:00:00", [], 60_000)).toEqual([["ledger", "01T10:30:00", "01T12:00:00"]]);
  });

  it("reads the ledger for what no sums are kept of together", () => {
    expect(plan("10T00:00:00", "12T00:00:00", ["end_user", "cache"])).toEqual([["ledger", "10T00:00:00", "12T00:00:00"]]);
  });

  it("finds every dimension in a cube whose number is its own", () => {
    expect(new Set(cubes.map(({ number }) => number)).size).toBe(cubes.length);
    for (const dimension of dimensionNames)
      expect(
        cubes.some((cube) => cube.dimensions.includes(dimension)),
        dimension,
      ).toBe(true);
  });
});

it("says how many calls failed", () => {
  // The figures above are checked against themselves; this one against the record.
  expect(
    figuresOf({ outcome: Outcome.DENIED, attempts: [], durationMs: 7 } as unknown as UsageEvent)[figureNames.indexOf("failed_calls")],
  ).toBe(1);
});
