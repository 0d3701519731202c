/** Exports of closing periods: every call once, exact to the nano-dollar, safe to open, and equal to the ledger and its roll-ups. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { columnsOf } from "../../control-plane/chargeback/read-export.ts";
import { changeConfiguration } from "../../control-plane/operations/change-configuration.ts";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { type CallFacts, recordCalls } from "./ledger-calls.ts";

const root = join(import.meta.dirname, "..", "..");
let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

describe.each(["PostgreSQL", "PGlite"])("chargeback on %s", (database) => {
  let services: TestServices;
  let client: GraphqlClient;
  let organisations = 0;
  beforeAll(async () => {
    services = await openTestServices(database === "PostgreSQL" ? await postgres.createDatabase() : undefined);
    client = await serveGraphql(services);
  });
  afterAll(async () => {
    await client.close();
    await services.close();
  });

  const organisation = async () => {
    const organisationId = await makeOrganisation(services, `o${++organisations}`);
    return { organisationId, token: await tokenFor(services, organisationId, "admin") };
  };
  const download = async (token: string, query: Record<string, string>) => {
    const answer = await request(`${client.url}/export/chargeback?${new URLSearchParams(query)}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, trailers: answer.trailers, text };
  };
  const rowsOf = (text: string): Record<string, string>[] => parse(text, { columns: true });
  const linesOf = (text: string): Record<string, string | null>[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, string | null>);
  const sum = (rows: readonly Record<string, string | null>[], column: string) =>
    rows.reduce((total, row) => total + BigInt(row[column] || "0"), 0n);
  const reconciliation = async (token: string, period: string, timeZone = "UTC") => {
    const totals = "calls unpricedCalls inputTokens outputTokens costNanodollars";
    const { data, errors } = await client.ask(
      token,
      `query($period: String!, $timeZone: String) { reconciliation(period: $period, timeZone: $timeZone) {
         ... on Reconciliation { agrees ledger { ${totals} } rollUps { ${totals} } closed { label actor } sinceClosing { ${totals} } }
         ... on ValidationError { issues { path message } } } }`,
      { period, timeZone },
    );
    expect(errors).toEqual([]);
    return data.reconciliation;
  };

  it("has each call once over many pages, though all came in one microsecond", async () => {
    const { organisationId, token } = await organisation();
    const stranger = await organisation();
    const at = new Date("2026-10-15T12:00:00Z");
    const calls = Array.from(
      { length: 2500 },
      (_, index): CallFacts => ({ organisationId, at, costNanodollars: BigInt(index), routeName: `r${index % 7}` }),
    );
    await recordCalls(services.database, [...calls, { organisationId: stranger.organisationId, at, costNanodollars: 10n ** 15n }]);
    const { text, trailers, headers } = await download(token, { period: "2026-10", format: "jsonl" });
    const rows = linesOf(text);
    expect(rows.length).toBe(2500);
    expect(new Set(rows.map((row) => row["call_id"])).size).toBe(2500);
    expect(sum(rows, "cost_nanodollars")).toBe(3_123_750n);
    expect(trailers).toMatchObject({ "x-penstock-rows": "2500", "x-penstock-calls": "2500", "x-penstock-cost-nanodollars": "3123750" });
    expect(headers["x-penstock-period"]).toBe("2026-10-01T00:00:00.000Z/2026-11-01T00:00:00.000Z");
    const days = await download(token, { period: "2026-10", detail: "days" });
    expect([sum(rowsOf(days.text), "calls"), sum(rowsOf(days.text), "cost_nanodollars"), rowsOf(days.text).length]).toEqual([
      2500n,
      3_123_750n,
      7,
    ]);
    expect((await reconciliation(token, "2026-10")).ledger).toEqual({
      calls: "2500",
      unpricedCalls: "0",
      inputTokens: "250000",
      outputTokens: "25000",
      costNanodollars: "3123750",
    });
  });

  it("keeps its columns, says names beside ids, and does not say zero where nothing is known", async () => {
    const { organisationId, token } = await organisation();
    const made = await changeConfiguration(services, { actor: "test", organisationId }, { action: "test", summary: "" }, async (change) =>
      change.create("project", { key: "cost-centre", name: "P" }),
    );
    const at = new Date("2026-10-01T00:00:00.000Z");
    await recordCalls(services.database, [
      {
        organisationId,
        at,
        projectId: made.value.id,
        costNanodollars: 1_500_000_001n,
        priceVersion: 1042n,
        discountBasisPoints: 250,
        tags: { team: "a" },
      },
      { organisationId, at: new Date(at.getTime() + 1), usage: undefined as never, outcome: Outcome.UPSTREAM_ERROR },
    ]);
    const { text } = await download(token, { period: "2026-10-01" });
    expect(text.split("\n", 1)[0]).toBe(columnsOf("calls").join(","));
    expect(rowsOf(text)).toMatchObject([
      {
        started_at: "2026-10-01T00:00:00.000000Z",
        project_key: "cost-centre",
        cost_nanodollars: "1500000001",
        cost_usd: "1.500000001",
        price_version: "1042",
        discount_basis_points: "250",
        tags: '{"team": "a"}',
        api_key_name: "",
      },
      {
        project_id: "project",
        project_key: "",
        input_tokens: "",
        cost_nanodollars: "",
        cost_usd: "",
        price_version: "",
        outcome: "upstream_error",
      },
    ]);
    const documented = readFileSync(join(root, "docs", "chargeback.md"), "utf8");
    for (const detail of ["calls", "days"] as const)
      for (const column of columnsOf(detail)) expect(documented, `${detail}: ${column}`).toContain(`| \`${column}\` |`);
  });

  it("gives a spreadsheet no formula, whatever people call things", async () => {
    const { organisationId, token } = await organisation();
    const evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", 'a","=1', "a\n=1"];
    const at = new Date("2026-10-01T00:00:00Z");
    await recordCalls(
      services.database,
      evil.map((modelAsked, index) => ({ organisationId, at: new Date(at.getTime() + index), modelAsked })),
    );
    const { text } = await download(token, { period: "2026-10" });
    const said = rowsOf(text).map((row) => row["model_asked"] ?? "");
    expect(said).toEqual(evil.map((name) => (/^[=+\-@\t\r＝]/.test(name) ? `'${name}` : name)));
    expect(linesOf((await download(token, { period: "2026-10", format: "jsonl" })).text).map((row) => row["model_asked"])).toEqual(evil);
  });

  it("sum of calls = sum of days = ledger = roll-ups, for any calls, any period and any time zone", async () => {
    const { organisationId, token } = await organisation();
    const call = fc.record({
      minute: fc.integer({ min: -3 * 1440, max: 34 * 1440 }),
      costNanodollars: fc.option(fc.bigInt(0n, 10n ** 12n), { nil: undefined }),
      inputTokens: fc.option(fc.bigInt(0n, 10n ** 6n), { nil: undefined }),
      model: fc.constantFrom("a", "b", "=c"),
      key: fc.constantFrom("k1", "k2"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { maxLength: 40 }),
        fc.constantFrom("2026-10", "2026-Q4", "2026", "2026-10-31"),
        fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham"),
        async (calls, period, timeZone) => {
          await recordCalls(
            services.database,
            calls.map(({ minute, costNanodollars, inputTokens, model, key }) => ({
              organisationId,
              at: new Date(Date.UTC(2026, 9, 1) + minute * 60_000),
              modelServed: model,
              apiKeyId: key,
              ...(costNanodollars === undefined ? {} : { costNanodollars }),
              ...(inputTokens === undefined ? { usage: undefined as never } : { usage: { inputTokens, outputTokens: 1n } }),
            })),
          );
          const [byCall, byDay, { agrees, ledger, rollUps }] = [
            linesOf((await download(token, { period, timeZone, format: "jsonl" })).text),
            linesOf((await download(token, { period, timeZone, format: "jsonl", detail: "days" })).text),
            await reconciliation(token, period, timeZone),
          ];
          expect(agrees).toBe(true);
          for (const column of ["input_tokens", "output_tokens", "cost_nanodollars"])
            expect(sum(byDay, column), column).toBe(sum(byCall, column));
          expect([String(byCall.length), String(sum(byCall, "cost_nanodollars")), String(sum(byCall, "input_tokens"))]).toEqual([
            ledger.calls,
            ledger.costNanodollars,
            ledger.inputTokens,
          ]);
          expect([rollUps.calls, rollUps.costNanodollars]).toEqual([String(sum(byDay, "calls")), ledger.costNanodollars]);
        },
      ),
      { numRuns: database === "PostgreSQL" ? 8 : 4 },
    );
  });

  it("closes a period once, and tells what came later from what was there", async () => {
    const { organisationId, token } = await organisation();
    const at = new Date("2026-09-30T22:30:00Z");
    await recordCalls(services.database, [{ organisationId, at, costNanodollars: 5n }]);
    const close = async (period: string) =>
      (
        await client.ask(
          token,
          "mutation($input: ClosePeriodInput!) { closePeriod(input: $input) { ... on ClosePeriodPayload { closedPeriod { label actor totals { calls costNanodollars } } } ... on ValidationError { issues { path message } } } }",
          { input: { period, timeZone: "Europe/Berlin" } },
        )
      ).data.closePeriod;
    expect(await close("2026-10")).toEqual({
      closedPeriod: { label: "2026-10 Europe/Berlin", actor: "token:admin", totals: { calls: "1", costNanodollars: "5" } },
    });
    expect((await close("2026-10")).issues).toEqual([{ path: "period", message: "is closed already" }]);
    expect((await close("2999-10")).issues[0].message).toContain("is not over");
    await recordCalls(services.database, [{ organisationId, at, costNanodollars: 7n }]);
    const { closed, sinceClosing } = await reconciliation(token, "2026-10", "Europe/Berlin");
    expect(closed.label).toBe("2026-10 Europe/Berlin");
    expect(sinceClosing).toMatchObject({ calls: "1", costNanodollars: "7" });
    expect((await reconciliation(token, "2026-10")).sinceClosing).toBeNull();
  });

  it.each([
    ["nonsense", "UTC", 400],
    ["2026-13", "UTC", 400],
    ["2026-02-30", "UTC", 400],
    ["2026-Q5", "UTC", 400],
    ["2026-10", "Mars/Olympus", 400],
    ["", "UTC", 400],
  ])("refuses the period %s in %s", async (period, timeZone, status) => {
    const { token } = await organisation();
    const refused = await download(token, { period, timeZone });
    expect([refused.status, JSON.parse(refused.text)]).toEqual([status, { error: expect.stringMatching(/period|timeZone/) }]);
    expect((await reconciliation(token, period, timeZone)).issues).toHaveLength(1);
  });

  it("is for those who may read, and is written down", async () => {
    const { organisationId } = await organisation();
    expect((await download("pat_live_nobody", { period: "2026-10" })).status).toBe(401);
    const viewer = await tokenFor(services, organisationId, "viewer");
    expect((await download(viewer, { period: "2026-10" })).status).toBe(200);
    const { data } = await client.ask(viewer, "{ auditEntries(first: 1) { edges { node { action actor details } } } }");
    expect(data.auditEntries.edges[0].node).toEqual({
      action: "chargeback.export",
      actor: "token:viewer",
      details: { period: "2026-10 UTC", detail: "calls", format: "csv" },
    });
  });

  it("from the command line: whole, held against the ledger, or not there", async () => {
    const { organisationId, token } = await organisation();
    await recordCalls(services.database, [{ organisationId, at: new Date("2026-10-02T00:00:00Z"), costNanodollars: 1_234_567_890n }]);
    const directory = mkdtempSync(join(tmpdir(), "penstock-export-"));
    const run = (args: string[], adminToken = token) =>
      promisify(execFile)(process.execPath, [join(root, "cli", "main.ts"), "export", "--url", client.url, ...args], {
        cwd: directory,
        env: { ...process.env, PENSTOCK_ADMIN_TOKEN: adminToken },
      });
    try {
      const file = join(directory, "october.csv");
      const { stderr, stdout } = await run(["--period", "2026-10", "--output", file]);
      expect(stderr).toContain("1 rows, 1 calls, $1.234567890; the ledger says the same");
      expect(stdout).toBe("");
      expect(rowsOf(readFileSync(file, "utf8"))).toMatchObject([{ cost_usd: "1.234567890" }]);
      const piped = await run(["--period", "2026-10", "--format", "jsonl", "--detail", "days"]);
      expect(linesOf(piped.stdout)).toMatchObject([{ day: "2026-10-02", calls: "1" }]);
      await expect(run(["--period", "2026-10", "--output", join(directory, "no.csv")], "pat_live_x")).rejects.toThrow(/refused/);
      await expect(run(["--period", "October", "--output", join(directory, "no.csv")])).rejects.toThrow(/2026-10/);
      expect(readdirSync(directory)).toEqual(["october.csv"]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
