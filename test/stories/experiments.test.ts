/**
 * Experiments on real processes: two nodes, a control plane that looks every second, Redis and PostgreSQL, a simulator in which one
 * of two versions is truly slower and another truly fails. Nobody tells the control plane which; it finds out.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketOf, bucketRanges, variantIndexOf } from "#agreements/bucket-hash.ts";
import { graphqlClient, installation, type RunningProcess } from "../harness/planes.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";

let postgres: PostgresServer;
let redis: TestRedis;
let penstock: ReturnType<typeof installation>;
let controlPlane: RunningProcess;
let simulator: RunningProcess;
let nodes: RunningProcess[] = [];
let graphql: ReturnType<typeof graphqlClient>;
/** The default of a real one is 30,000: docs/promises.md says what is measured then. */
const lookMs = Number(process.env["PENSTOCK_STORY_LOOK_MS"] ?? 1000);
/** Until a look has come and is done, on a busy machine. */
const lookedMs = 2 * lookMs + 30_000;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  penstock = installation({ databaseUrl: await postgres.createDatabase(), redisUrl: redis.url });
  [controlPlane, simulator] = await Promise.all([
    penstock.controlPlane({ PENSTOCK_EXPERIMENT_EVALUATION_MS: String(lookMs) }),
    penstock.simulator(),
  ]);
  const address = { PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${controlPlane.ready["configPort"]}` };
  nodes = await Promise.all([penstock.node("node-1", address), penstock.node("node-2", address)]);
  graphql = graphqlClient(`http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`, penstock.credentials().adminToken);
}, 120_000);
afterAll(async () => {
  await Promise.all([...nodes, controlPlane, simulator].map((part) => part?.kill("SIGKILL")));
  await redis?.close();
  await postgres?.close();
  penstock?.close();
});

// biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for, the compiler does not.
async function mutate(name: string, input: object, fields: string): Promise<any> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const data = await graphql<Record<string, unknown>>(
    `mutation ($input: ${type}Input!) { ${name}(input: $input, waitForPropagation: true) { __typename ... on ${type}Payload { ${fields} } ... on ValidationError { issues { path message } } } }`,
    { input },
  );
  return data[name];
}

/** A route over one of the simulator's models, with a prompt of two versions. */
async function routeOver(name: string, models: Readonly<Record<string, string>>) {
  const provider = (
    await mutate(
      "createProvider",
      { key: `provider-${name}`, kind: "SIMULATED", baseUrl: `http://127.0.0.1:${simulator.ready["port"]}/v1` },
      "provider { id }",
    )
  ).provider;
  const backends: Record<string, string> = {};
  for (const [key, model] of Object.entries(models))
    backends[key] = (await mutate("createBackend", { key: `${name}-${key}`, providerId: provider.id, model }, "backend { id }")).backend.id;
  const prompt = (await mutate("createPrompt", { name }, "prompt { id }")).prompt;
  for (const template of ["Answer.", "Answer, steps first."])
    await mutate("createPromptVersion", { promptId: prompt.id, messages: [{ role: "SYSTEM", template }] }, "promptVersion { version }");
  const tiers = (key: string) => [{ targets: [{ backendId: backends[key], weight: 1 }] }];
  const route = (
    await mutate("createRoute", { name, tiers: tiers("old"), attemptsMax: 1, prompt: { promptId: prompt.id, version: 1 } }, "route { id }")
  ).route;
  return { routeId: route.id as string, promptId: prompt.id as string, tiers };
}

function call(node: RunningProcess, model: string, user: string) {
  return fetch(`http://127.0.0.1:${node.ready["restPort"]}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${penstock.credentials().apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model, user, stream: true, messages: [{ role: "user", content: `echo: hello ${user}` }] }),
  });
}

/** One call of each user, sixteen at a time, on the nodes in turn. @returns what answers said of their variant. */
async function callAll(model: string, users: readonly string[]): Promise<Map<string, string>> {
  const variants = new Map<string, string>();
  const waiting = [...users.entries()];
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const [i, user] = next;
        const response = await call(nodes[i % 2] as RunningProcess, model, user);
        await response.text().catch(() => "");
        variants.set(user, response.headers.get("x-penstock-variant") ?? "");
      }
    }),
  );
  return variants;
}

const users = Array.from({ length: 320 }, (_, i) => `user-${i}`);
// biome-ignore lint/suspicious/noExplicitAny: as above.
const experiment = async (id: string, fields: string): Promise<any> =>
  (await graphql<Record<string, unknown>>(`query($id: ID!) { experiment(id: $id) { ${fields} } }`, { id }))["experiment"];
/** Begun, and on both nodes: on a busy machine the mutation's wait may be over before they have it. */
async function started(model: string, input: object): Promise<{ id: string; seed: string }> {
  const made = (await mutate("createExperiment", input, "experiment { id revision seed }")).experiment;
  await mutate("startExperiment", { id: made.id, expectedRevision: made.revision }, "experiment { id }");
  const variantAt = async (node: RunningProcess) => {
    const response = await call(node, model, users[0] ?? "");
    await response.body?.cancel();
    return response.headers.get("x-penstock-variant") ?? "";
  };
  await expect.poll(async () => (await Promise.all(nodes.map(variantAt))).includes(""), { timeout: 30_000, interval: 100 }).toBe(false);
  return made;
}

describe("two versions, one of them truly faster", () => {
  it(
    "each user has one variant on both nodes, the one that the hash says, and the verdict is reached and right",
    async () => {
      const { routeId, promptId, tiers } = await routeOver("answers", { old: "sim-slow", fast: "sim-instant" });
      const { id, seed } = await started("answers", {
        key: "faster",
        routeId,
        unit: "END_USER",
        variants: [
          { key: "control", weight: 1 },
          { key: "steps", weight: 1, prompt: { promptId, version: 2 }, tiers: tiers("fast") },
        ],
        analysis: {
          daysMin: 0,
          latencyObjectiveMs: 250,
          metrics: [
            { metric: "SLOW_FIRST_TOKEN", role: "GOAL" },
            { metric: "ERROR_RATE", role: "GUARDRAIL" },
          ],
        },
      });
      const startedAtMs = Date.now();
      const variants = await callAll("answers", users);
      const ranges = bucketRanges([1, 1], 1);
      for (const [user, variant] of variants)
        expect(variant).toBe(`faster:${["control", "steps"][variantIndexOf(ranges, bucketOf(3, seed, user) ?? -1)]}`);
      for (const user of users.slice(0, 20))
        for (const node of nodes) {
          const response = await call(node, "answers", user);
          await response.body?.cancel();
          expect(response.headers.get("x-penstock-variant")).toBe(variants.get(user));
        }
      await expect
        .poll(async () => (await experiment(id, "evaluation { verdict { recommendation variant } }")).evaluation?.verdict, {
          timeout: lookedMs,
          interval: 250,
        })
        .toEqual({ recommendation: "SHIP", variant: "steps" });
      const found = await experiment(id, "revision evaluation { verdict { text } variants { variant units } health { sampleRatioOk } }");
      process.stdout.write(`verdict ${Date.now() - startedAtMs} ms after the first call: ${found.evaluation.verdict.text}\n`);
      expect(found.evaluation.health.sampleRatioOk).toBe(true);
      await mutate("shipExperiment", { id, expectedRevision: found.revision, variant: "steps" }, "experiment { status }");
      const servedBy = async () => {
        const response = await call(nodes[0] as RunningProcess, "answers", "anybody");
        await response.body?.cancel();
        return [response.headers.get("x-penstock-backend"), response.headers.get("x-penstock-prompt")];
      };
      await expect.poll(servedBy, { timeout: 30_000, interval: 100 }).toEqual(["answers-fast", "answers@2"]);
    },
    120_000 + lookedMs,
  );
});

describe("a version that truly fails", () => {
  it(
    "is rolled back by itself, with its reason, and both nodes have it within a look and a moment",
    async () => {
      const { routeId, promptId, tiers } = await routeOver("risky", { old: "sim-instant", broken: "sim-flaky" });
      const { id } = await started("risky", {
        key: "risky",
        routeId,
        unit: "END_USER",
        variants: [
          { key: "control", weight: 1 },
          { key: "broken", weight: 1, prompt: { promptId, version: 2 }, tiers: tiers("broken") },
        ],
        rollout: { steps: [{ share: 0.5, holdSeconds: 3600 }] },
      });
      const firstCallMs = Date.now();
      const harmed = [...(await callAll("risky", users))].filter(([, variant]) => variant === "risky:broken");
      const [[some] = [""]] = harmed;
      const variantNow = async (node: RunningProcess) => {
        const response = await call(node, "risky", some);
        await response.body?.cancel();
        return response.headers.get("x-penstock-variant") ?? "";
      };
      await expect.poll(() => Promise.all(nodes.map(variantNow)), { timeout: lookedMs, interval: 20 }).toEqual(["", ""]);
      const backAtMs = Date.now();
      const after = await experiment(id, "status rolloutState { state reason } conclusion { outcome reason at } timeline { at event }");
      expect(after).toMatchObject({
        status: "STOPPED",
        rolloutState: { state: "ROLLED_BACK" },
        conclusion: { outcome: "ROLLED_BACK", reason: expect.stringMatching(/error rate of broken is worse by at least/) },
      });
      const decidedAtMs = Date.parse(after.conclusion.at);
      process.stdout.write(
        `rolled back on both nodes ${backAtMs - firstCallMs} ms after the first call of a version that fails, ${backAtMs - decidedAtMs} ms after it was decided (a look every ${lookMs} ms): ${after.conclusion.reason}\n`,
      );
      // Harm is found by the first look that has enough units; the way to the nodes is the configuration's.
      expect(backAtMs - decidedAtMs).toBeLessThan(6000);
    },
    120_000 + lookedMs,
  );
});

describe("a prompt that is tried", () => {
  it("is called once on a real node, and replayed over saved cases against another version, judged side by side", async () => {
    const { promptId } = await routeOver("tried", { old: "sim-instant" });
    const answered = `... on TestAnswer { status content prompt backend error callId } ... on ValidationError { issues { path message } }`;
    const test = async (input: object) =>
      (
        await graphql<Record<string, Record<string, unknown>>>(
          `mutation ($input: TestPromptInput!) { testPrompt(input: $input) { __typename ${answered} } }`,
          { input },
        )
      )["testPrompt"];
    const one = await test({ promptId, version: 2, route: "tried", input: "echo: hi" });
    expect(one).toMatchObject({ status: 200, content: "hi", prompt: "tried@2", backend: "tried-old", error: null });
    expect(await test({ promptId, version: 2, route: "tried", variables: { x: 1 } })).toMatchObject({
      status: 400,
      error: expect.stringMatching(/variable "x"/),
    });

    const side = "passed failed errors durationMsMean costUsd";
    const replayed = async (more: object) =>
      (
        await graphql<Record<string, Record<string, unknown>>>(
          `mutation ($input: ReplayInput!) { replayPrompt(input: $input) { __typename ... on Replay { baseline { ${side} } candidate { ${side} } cases { input baseline { content prompt passed } candidate { content prompt passed } } } } }`,
          { input: { promptId, baseline: 1, candidate: 2, route: "tried", ...more } },
        )
      )["replayPrompt"];
    const cases = [
      { input: "echo: blue", expected: "blue" },
      { input: "echo: red", expected: "green" },
    ];
    expect(await replayed({ cases, judge: "EXACT" })).toMatchObject({
      baseline: { passed: 1, failed: 1, errors: 0 },
      candidate: { passed: 1, failed: 1, errors: 0 },
      cases: [
        {
          input: "echo: blue",
          baseline: { content: "blue", prompt: "tried@1", passed: true },
          candidate: { prompt: "tried@2", passed: true },
        },
        { candidate: { content: "red", passed: false } },
      ],
    });
    expect(
      await replayed({ cases: [{ input: 'echo: {"a":1}' }], judge: "JSON_SCHEMA", schema: { type: "object", required: ["b"] } }),
    ).toMatchObject({
      candidate: { passed: 0, failed: 1 },
    });
    expect(await replayed({ cases: [{ input: "rivers", expected: "x" }], judge: "MODEL", judgeRoute: "tried" })).toMatchObject({
      candidate: { errors: 0 },
    });
  }, 60_000);
});
