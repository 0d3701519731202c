/** The demo's week: laid by the ways that real calls and real looks take, once, and taken away without a trace in anybody's sums. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { v7 } from "uuid";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { Outcome, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { evaluateBudgets } from "../../control-plane/budgets/evaluate-budgets.ts";
import { Organisation } from "../../control-plane/database/entities/organisation.ts";
import { demoProjectKey, weekMs } from "../../control-plane/demo/demo-configuration.ts";
import { demoCapture } from "../../control-plane/demo/demo-content.ts";
import { demoConversations } from "../../control-plane/demo/demo-conversations.ts";
import { incidentHour } from "../../control-plane/demo/demo-traffic.ts";
import { startDemoSeed } from "../../control-plane/demo/seed-demo.ts";
import { firstStart } from "../../control-plane/operations/first-start.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";
import { redact } from "../../data-plane/pipeline/captured-content/redact.ts";
import { openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
let services: TestServices;
let client: GraphqlClient;
let organisationId: string;
let admin: string;
beforeAll(async () => {
  postgres = await startPostgres();
  services = await openTestServices(await postgres.createDatabase(), { demoSimulatorUrl: "http://127.0.0.1:4005/v1" });
  await firstStart(services);
  client = await serveGraphql(services);
  organisationId = (await services.database.system((em) => em.findOneOrFail(Organisation, { key: "default" }))).id;
  admin = await tokenFor(services, organisationId, "admin");
}, 60_000);
afterAll(async () => {
  await client.close();
  await services.close();
  await postgres.close();
});

const hourMs = 3_600_000;
const slow = 120_000;
const ask = async (query: string) => {
  const answer = await client.ask(admin, query);
  expect(answer.errors).toEqual([]);
  return answer.data;
};
const sums = () =>
  services.database.system((em) =>
    em.execute<{ calls: string; ledger: string; cost: string; feedback: string; units: string; said: string }[]>(
      `select (select coalesce(sum(calls), 0) from usage_day where cube = 1)::text as calls,
        (select count(*) from usage_event)::text as ledger, (select sum(cost_nanodollars) from usage_event)::text as cost,
        (select count(*) from feedback)::text as feedback, (select coalesce(sum(calls), 0) from experiment_unit)::text as units,
        (select count(*) from call_content)::text as said`,
    ),
  );
const realCall = (callId: string) =>
  create(UsageRecordSchema, {
    record: {
      case: "usage",
      value: {
        callId,
        nodeId: "a-real-node",
        startedAt: timestampFromMs(Date.now() - 3_600_000),
        organisationId,
        routeName: "demo-chat",
        outcome: Outcome.OK,
        durationMs: 12,
        usage: { inputTokens: 5n, outputTokens: 7n },
        costNanodollars: 11n,
      },
    },
  });

/** What its rules have told, and in which hour after the one that went wrong began: 0, 1 … */
const rulesTold = async (of: TestServices) => {
  const rows = await of.database.system((em) =>
    em.execute<{ rule: string; type: string; at_ms: string; made_ms: string }[]>(
      `select data->>'alertRuleName' as rule, type, (extract(epoch from at) * 1000)::bigint::text as at_ms,
         (select (extract(epoch from created_at) * 1000)::bigint::text from project where key = ?) as made_ms
       from alert where type like 'alert_rule.%' order by at, id`,
      [demoProjectKey],
    ),
  );
  // The project is as old as its week.
  return rows.map(({ rule, type, at_ms: atMs, made_ms: weekBeganMs }) => {
    const madeAt = new Date(Number(weekBeganMs) + weekMs);
    const beganMs = Number(weekBeganMs) + incidentHour({ madeAt }) * hourMs;
    return `${rule} ${type} ${Math.floor((Number(atMs) - beganMs) / hourMs)}`;
  });
};
const toldOfTheHour = [
  "Storefront: backends fail, others answer alert_rule.fired 0",
  "Storefront: backends fail, others answer alert_rule.resolved 1",
];

it(
  "is laid with experiments in four states that the statistics have found, a budget near its end and an hour that went wrong",
  async () => {
    await startDemoSeed(services).done;
    await evaluateBudgets(services, new Date());
    const found = await ask(`{ demo { state } budgets { edges { node { key state { spentNanodollars } limitNanodollars } } }
      experiments { edges { node { key status conclusion { outcome variant reason actor at } evaluation { at verdict { recommendation text } health { sampleRatioOk } } } } } }`);
    expect(found.demo.state).toBe("READY");
    const experiment = (key: string) => found.experiments.edges.find((edge: { node: { key: string } }) => edge.node.key === key).node;
    expect(experiment("warmer-greeting")).toMatchObject({ status: "RUNNING", evaluation: { verdict: { recommendation: "KEEP_RUNNING" } } });
    expect(experiment("search-terms-alone")).toMatchObject({
      status: "STOPPED",
      conclusion: { outcome: "SHIPPED", variant: "terms-alone" },
      evaluation: { verdict: { recommendation: "SHIP" } },
    });
    expect(experiment("summary-in-three-points")).toMatchObject({ status: "RUNNING", evaluation: { health: { sampleRatioOk: false } } });
    const harmful = experiment("refunds-by-reasoner");
    expect(harmful.conclusion).toMatchObject({
      outcome: "ROLLED_BACK",
      actor: "system:experiments",
      reason: expect.stringMatching(/error rate of reasoner is worse/),
    });
    expect(Date.now() - Date.parse(harmful.conclusion.at)).toBeGreaterThan(24 * 3_600_000);
    const [budget] = found.budgets.edges.map((edge: { node: object }) => edge.node);
    expect(Number(budget.state.spentNanodollars) / Number(budget.limitNanodollars)).toBeCloseTo(0.93, 1);
    const hours = await services.database.system((em) =>
      em.execute<{ share: number }[]>(
        `select sum(failed_calls)::float8 / sum(calls) as share from usage_hour join usage_combination as of on of.id = combination_id
          where usage_hour.cube = 1 and of.route_name = 'support-chat' group by bucket having sum(calls) > 10 order by 1 desc`,
      ),
    );
    expect(hours[0]?.share).toBeGreaterThan(3 * (hours[Math.floor(hours.length / 2)]?.share ?? 1));
    expect(await rulesTold(services)).toEqual(toldOfTheHour);
  },
  slow,
);

it("dates what it made within its week, and the audit log says when it was written and by whom", async () => {
  const { revisions, demo, auditEntries } = await ask(
    `{ demo { madeAt } revisions(first: 100) { edges { node { number createdAt actor } } }
      auditEntries(first: 100) { edges { node { at actor revisionNumber details } } } }`,
  );
  const made: { number: string; createdAt: string; actor: string }[] = revisions.edges
    .map((edge: { node: object }) => edge.node)
    .filter(({ actor }: { actor: string }) => /^system:(demo|experiments)$/.test(actor))
    .reverse();
  const times = made.map(({ createdAt }) => Date.parse(createdAt));
  expect(times[0]).toBe(Date.parse(demo.madeAt) - 7 * 86_400_000);
  // The budget is made when the rest is there.
  expect(times.at(-1)).toBeGreaterThanOrEqual(Date.parse(demo.madeAt));
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(new Set(times.map((time) => Math.floor(time / 86_400_000))).size).toBeGreaterThanOrEqual(4);
  for (const { number, createdAt, actor } of made.slice(0, -1)) {
    const entry = auditEntries.edges.find((edge: { node: { revisionNumber: string } }) => edge.node.revisionNumber === number)?.node;
    expect(entry).toMatchObject({ actor, details: { asOf: createdAt } });
    expect(Date.parse(entry.at)).toBeGreaterThanOrEqual(Date.parse(demo.madeAt));
  }
});

it("keeps what was said in some calls of its chat, as a node would have handed it in, and little of it", async () => {
  const [kept] = await services.database.system((em) =>
    em.execute<{ calls: number; bytes: number; strays: number }[]>(
      `select count(*)::integer as calls, sum(length(request) + length(prompt_messages) + length(answer))::integer as bytes,
         (count(*) filter (where route_name is distinct from 'support-chat'))::integer as strays
       from call_content left join usage_event using (call_id)`,
    ),
  );
  expect(kept?.strays).toBe(0);
  expect(kept?.calls).toBeGreaterThan(200);
  expect(kept?.bytes).toBeLessThan(1_000_000);
  const [{ call_id: callId } = { call_id: "" }] = await services.database.system((em) =>
    em.execute<{ call_id: string }[]>("select call_id from call_content where answer like '%Hello %' order by call_id limit 1"),
  );
  const { callContent } = await ask(`{ callContent(callId: "${callId}") { request promptMessages answers requestCut } }`);
  const request = JSON.parse(callContent.request);
  const { name } = request.prompt.variables;
  expect(callContent.promptMessages).toEqual([{ role: "system", content: expect.stringMatching(`Greet ${name} by name`) }]);
  expect(callContent.answers[0].content).toMatch(`Hello ${name}! `);
  expect(request.messages.at(-1).role).toBe("user");
  expect(JSON.stringify(callContent)).not.toMatch(/\{(item|order|days)\}/);
});

it("says nothing that a node would have taken out of a call of that route", () => {
  const texts = demoConversations.flatMap(({ before, question, answer, next }) => [...before.flat(), question, answer, next]);
  expect(redact(texts, demoCapture.redact, 1_000_000)).toEqual({ value: texts, cut: false });
  const taken = redact(["mia@example.com", "4111 1111 1111 1111"], demoCapture.redact, 1_000).value as string[];
  for (const mark of taken) expect(texts.filter((text) => text.includes(mark)).length, mark).toBe(1);
});

it(
  "is laid once: begun again, in the middle or at its end, it writes nothing twice",
  async () => {
    const [before] = await sums();
    expect(before?.calls).toBe(before?.ledger);
    await startDemoSeed(services).done;
    // As if the last step had not been reached.
    await services.database.system((em) => em.execute("delete from budget_state; delete from budget"));
    const interrupted = startDemoSeed(services);
    await interrupted.close();
    expect((await ask("{ demo { state } }")).demo.state).toBe("LAYING");
    await startDemoSeed(services).done;
    expect((await ask("{ demo { state } }")).demo.state).toBe("READY");
    expect((await sums())[0]).toEqual(before);
    expect(await rulesTold(services)).toHaveLength(toldOfTheHour.length);
  },
  slow,
);

it(
  "goes without what others made, which is refused where they built on it and else stays",
  async () => {
    await recordUsage(services.database, [realCall(v7())]);
    const { routes } = await ask("{ routes { edges { node { id name tiers { targets { backendId } } } } } }");
    const backendId = routes.edges.find((edge: { node: { name: string } }) => edge.node.name === "refund-agent").node.tiers[0].targets[0]
      .backendId;
    const { createRoute } = await ask(
      `mutation { createRoute(input: { name: "mine", tiers: [{ targets: [{ backendId: "${backendId}", weight: 1 }] }] }) { ... on CreateRoutePayload { route { id revision } } } }`,
    );
    const remove = "mutation { removeDemo { ... on RemoveDemoPayload { callsRemoved } ... on ValidationError { issues { message } } } }";
    expect((await ask(remove)).removeDemo.issues[0].message).toMatch(/still used by route mine/);
    expect((await ask("{ demo { state } }")).demo.state).toBe("READY");
    await ask(`mutation { archiveRoute(input: { id: "${createRoute.route.id}", expectedRevision: 1 }) { __typename } }`);
    const { demo } = await ask("{ demo { projectId } }");
    const { createApiKey } = await ask(
      `mutation { createApiKey(input: { name: "my key", projectId: "${demo.projectId}", environment: "live" }) { ... on CreateApiKeyPayload { apiKey { id } } } }`,
    );
    expect((await ask(remove)).removeDemo.issues[0].message).toMatch(/still used by API key my key \(\w{12}\)/);
    await ask(`mutation { revokeApiKey(input: { id: "${createApiKey.apiKey.id}" }) { __typename } }`);

    const { callsRemoved } = (await ask(remove)).removeDemo;
    expect(callsRemoved).toBeGreaterThan(10_000);
    expect(await sums()).toEqual([{ calls: "1", ledger: "1", cost: "11", feedback: "0", units: "0", said: "0" }]);
    const left = await ask(
      "{ demo { state } projects { edges { node { key } } } routes { edges { node { name } } } experiments { edges { node { key } } } alertRules { edges { node { name } } } }",
    );
    expect(left.demo.state).toBe("REMOVED");
    expect(left.alertRules.edges).toEqual([]);
    expect(left.projects.edges).toEqual([{ node: { key: "default" } }]);
    expect(left.routes.edges).toEqual([{ node: { name: "demo-chat" } }]);
    expect(left.experiments.edges).toEqual([{ node: { key: "support-answer-steps" } }]);
    await startDemoSeed(services).done;
    expect((await sums())[0]?.ledger).toBe("1");
  },
  slow,
);

afterEach(() => {
  vi.useRealTimers();
});

// Once laid in the evening, the steps of its rollout fell into the night and nobody was there to be harmed.
it.each(["2026-11-16T21:20:00Z", "2026-12-01T00:20:00Z"])(
  "tells the same story when it is laid at %s",
  async (at) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(at) });
    const then = await openTestServices(await postgres.createDatabase(), { demoSimulatorUrl: "http://127.0.0.1:4005/v1" });
    await firstStart(then);
    await startDemoSeed(then).done;
    const told = await then.database.system((em) =>
      em.execute<{ key: string; story: string }[]>(
        `select key, concat_ws(' ', conclusion->>'outcome', conclusion->>'actor', last.result->'health'->>'sampleRatioOk', last.result->'verdict'->>'recommendation') as story
          from experiment cross join lateral (select result from experiment_evaluation as of where of.experiment_id = experiment.id order by of.at desc limit 1) as last
          order by key`,
      ),
    );
    expect(Object.fromEntries(told.map(({ key, story }) => [key, story]))).toEqual({
      "refunds-by-reasoner": "rolled-back system:experiments true roll-back",
      "search-terms-alone": "shipped system:demo true ship",
      "summary-in-three-points": "false look-into-it",
      "warmer-greeting": "true keep-running",
    });
    expect(await rulesTold(then)).toEqual(toldOfTheHour);
    await evaluateBudgets(then, new Date());
    const [budget] = await then.database.system((em) =>
      em.execute<{ spent_percent: number }[]>(
        `select (100 * spent_nanodollars / limit_nanodollars)::integer as spent_percent from budget join budget_state on budget_id = id
          order by period_start desc limit 1`,
      ),
    );
    expect(Math.abs((budget?.spent_percent ?? 0) - 93)).toBeLessThan(5);
    await then.close();
  },
  slow,
);

it("is not laid behind an installation that has calls of its own", async () => {
  const used = await openTestServices(await postgres.createDatabase(), { demoSimulatorUrl: "http://127.0.0.1:4005/v1" });
  await firstStart(used);
  const { id } = await used.database.system((em) => em.findOneOrFail(Organisation, { key: "default" }));
  const call = realCall(v7());
  if (call.record.case === "usage") call.record.value.organisationId = id;
  await recordUsage(used.database, [call]);
  await startDemoSeed(used).done;
  const [projects] = await used.database.system((em) => em.execute<{ count: number }[]>("select count(*)::integer as count from project"));
  expect(projects?.count).toBe(1);
  await used.close();
});
