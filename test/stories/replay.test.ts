/**
 * Replay on real processes: calls are kept where somebody has said so, tried again with other versions, backends, parameters and
 * revisions, on a real node, and held beside what was answered then.
 */
import { createClient } from "graphql-sse";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { graphqlClient, installation, type RunningProcess } from "../harness/planes.ts";

let penstock: ReturnType<typeof installation>;
let controlPlane: RunningProcess;
let simulator: RunningProcess;
let node: RunningProcess;
let graphql: ReturnType<typeof graphqlClient>;
let graphqlUrl: string;
let admin: string;

// biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for, the compiler does not.
type Answer = any;
const ids: Record<string, string> = {};
const calls: string[] = [];

async function mutate(name: string, input: object, fields: string): Promise<Answer> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const data = await graphql<Record<string, unknown>>(
    `mutation ($input: ${type}Input!) { ${name}(input: $input, waitForPropagation: true) { __typename ... on ${type}Payload { ${fields} } ... on ValidationError { issues { path message } } } }`,
    { input },
  );
  return data[name];
}
const sides =
  "done skipped different baseline { passed failed errors durationMsP50 costUsd } candidate { passed failed errors durationMsP50 costUsd outputTokens }";
const answer = "content error prompt backend callId durationMs costUsd passed toolCalls { name arguments }";
const run = `id state reason cases candidate { promptVersion revision } progress { ${sides} } results { position callId state skippedReason expected same baseline { ${answer} } candidate { ${answer} } }`;

async function replay(input: object): Promise<Answer> {
  const started = (
    await graphql<Answer>(
      `mutation ($input: ReplayCallsInput!) { replayCalls(input: $input) { __typename ... on ReplayRun { id state cases } ... on ValidationError { issues { path message } } ... on NotFoundError { message } } }`,
      { input },
    )
  ).replayCalls;
  return vi.waitFor(async () => {
    const { replayRun } = await graphql<Answer>(`query ($id: ID!) { replayRun(id: $id) { ${run} } }`, { id: started.id });
    expect(replayRun.state).toBe("FINISHED");
    return replayRun;
  }, 30_000);
}

const chat = (body: object, key = penstock.credentials().apiKey) =>
  fetch(`http://127.0.0.1:${node.ready["restPort"]}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

beforeAll(async () => {
  penstock = installation({});
  [controlPlane, simulator] = await Promise.all([penstock.controlPlane(), penstock.simulator()]);
  node = await penstock.node("node-1", { PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${controlPlane.ready["configPort"]}` });
  graphqlUrl = `http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`;
  admin = penstock.credentials().adminToken;
  graphql = graphqlClient(graphqlUrl, admin);
  const baseUrl = `http://127.0.0.1:${simulator.ready["port"]}/v1`;
  const provider = (await mutate("createProvider", { key: "simulator", kind: "SIMULATED", baseUrl }, "provider { id }")).provider.id;
  for (const model of ["sim-instant", "sim-fast", "sim-fault-error-500"])
    ids[model] = (await mutate("createBackend", { key: model, providerId: provider, model }, "backend { id }")).backend.id;
  const prompt = (await mutate("createPrompt", { name: "greeting" }, "prompt { id }")).prompt.id;
  ids["prompt"] = prompt;
  for (const template of ["You greet {{ name }}.", "echo: hello {{ name }}"])
    await mutate(
      "createPromptVersion",
      { promptId: prompt, messages: [{ role: "USER", template }], labels: ["production"] },
      "promptVersion { version }",
    );
  const made = await mutate(
    "createRoute",
    {
      name: "chat",
      tiers: [{ targets: [{ backendId: ids["sim-instant"], weight: 1 }] }],
      prompt: { promptId: prompt, version: 2 },
      contentCapture: { on: true },
    },
    "route { id revision contentCapture { on share retentionDays redact } } configRevision { number }",
  );
  expect(made.route.contentCapture).toEqual({ on: true, share: 1, retentionDays: 30, redact: ["KEYS", "MEDIA"] });
  ids["route"] = made.route.id;
  ids["revision"] = made.configRevision.number;
  for (const name of ["Ann", "Ben", "Cid"]) {
    const response = await chat({ model: "chat", prompt: { variables: { name } }, user: `user-${name}` });
    expect(response.status).toBe(200);
    expect(((await response.json()) as Answer).choices[0].message.content).toBe(`hello ${name}`);
    calls.push(response.headers.get("x-penstock-call-id") ?? "");
  }
  await vi.waitFor(async () => {
    const { usageEvents } = await graphql<Answer>("{ usageEvents(filter: { hasContent: true }) { edges { node { callId } } } }");
    expect(usageEvents.edges.length).toBe(3);
  }, 20_000);
}, 120_000);
afterAll(async () => {
  await Promise.all([node, controlPlane, simulator].map((part) => part?.kill("SIGKILL")));
  penstock?.close();
});

describe("what was said", () => {
  it("is shown to administrators, who are written down, and to nobody else", async () => {
    const query = `query ($id: ID!) { callContent(callId: $id) { messages promptMessages answers requestCut keptUntil startedAt } }`;
    const { callContent } = await graphql<Answer>(query, { id: calls[0] });
    expect(callContent).toMatchObject({
      messages: [{ role: "user", content: "echo: hello Ann" }],
      promptMessages: [{ role: "user", content: "echo: hello Ann" }],
      answers: [{ role: "assistant", content: "hello Ann" }],
      requestCut: false,
    });
    expect(Date.parse(callContent.keptUntil) - Date.parse(callContent.startedAt)).toBe(30 * 86_400_000);
    const { auditEntries } = await graphql<Answer>(
      `{ auditEntries(filter: { action: "content.read" }) { edges { node { actor targetId } } } }`,
    );
    expect(auditEntries.edges[0].node).toMatchObject({ targetId: calls[0] });
    const made = await graphql<Answer>(
      `mutation { createAdminToken(input: { name: "looker", role: VIEWER }) { __typename ... on CreateAdminTokenPayload { credential } } }`,
    );
    const viewer = graphqlClient(graphqlUrl, made.createAdminToken.credential);
    await expect(viewer(query, { id: calls[0] })).rejects.toThrow(/may not/);
  });
});

describe("a run over logged calls", () => {
  it("holds another version beside what was answered then, and says who passes", async () => {
    const result = await replay({
      name: "back to one",
      calls: { filter: { routeName: ["chat"] } },
      candidate: { promptId: ids["prompt"], version: 1 },
      judge: { kind: "EXACT" },
    });
    expect(result).toMatchObject({ cases: 3, candidate: { promptVersion: 1 } });
    expect(result.progress).toMatchObject({
      done: 3,
      skipped: 0,
      different: 3,
      baseline: { passed: 3, errors: 0 },
      candidate: { passed: 0, failed: 3 },
    });
    const ann = result.results.find((one: Answer) => one.callId === calls[0]);
    expect(ann).toMatchObject({ same: false, baseline: { content: "hello Ann", prompt: "greeting@2", backend: "sim-instant" } });
    expect(ann.candidate).toMatchObject({ prompt: "greeting@1", backend: "sim-instant", error: null });
    expect(ann.candidate.durationMs).toBeGreaterThan(0);
    // The ledger says what it was, and nobody's call it was.
    const event = await vi.waitFor(async () => {
      const { usageEvent } = await graphql<Answer>(
        `query ($id: ID!) { usageEvent(callId: $id) { tags endUserHash apiKeyId exposure { variantKey } } }`,
        { id: ann.candidate.callId },
      );
      expect(usageEvent).not.toBeNull();
      return usageEvent;
    }, 10_000);
    expect(event).toEqual({ tags: { replay: result.id }, endUserHash: "", apiKeyId: "control-plane", exposure: null });
  });

  it("takes a label, a backend, parameters and several at once", async () => {
    const same = await replay({
      calls: { callIds: calls },
      candidate: { promptId: ids["prompt"], label: "latest", backendId: ids["sim-fast"] },
    });
    expect(same.progress).toMatchObject({ done: 3, different: 0 });
    expect(same.results.map((one: Answer) => one.candidate.backend)).toEqual(["sim-fast", "sim-fast", "sim-fast"]);
    const short = await replay({ calls: { callIds: calls }, candidate: { parameters: { max_tokens: 1 } }, baseline: "RERUN" });
    expect(short.progress).toMatchObject({ done: 3, different: 3, candidate: { outputTokens: 3 } });
    const broken = await replay({ calls: { callIds: calls }, candidate: { backendId: ids["sim-fault-error-500"] } });
    expect(broken.progress.candidate.errors).toBe(3);
    expect(broken.results[0].candidate.error).toBe("the backend failed with status 500");
  });

  it("tries the route as it was at another revision", async () => {
    const { route } = await graphql<Answer>(`query ($id: ID!) { route(id: $id) { revision } }`, { id: ids["route"] });
    await mutate(
      "updateRoute",
      {
        id: ids["route"],
        expectedRevision: route.revision,
        tiers: [{ targets: [{ backendId: ids["sim-fast"], weight: 1 }] }],
        prompt: { promptId: ids["prompt"], version: 1 },
      },
      "route { id }",
    );
    const result = await replay({ calls: { callIds: calls }, candidate: { revision: ids["revision"] }, baseline: "RERUN" });
    const [one] = result.results;
    expect(one.candidate).toMatchObject({ content: "hello Ann", prompt: "greeting@2", backend: "sim-instant" });
    expect(one.baseline).toMatchObject({ prompt: "greeting@1", backend: "sim-fast" });
    const { usageEvent } = await vi.waitFor(async () => {
      const found = await graphql<Answer>(`query ($id: ID!) { usageEvent(callId: $id) { configNumber } }`, { id: one.candidate.callId });
      expect(found.usageEvent).not.toBeNull();
      return found;
    }, 10_000);
    expect(usageEvent.configNumber).toBe(ids["revision"]);
  });

  it("judges by what an answer contains, by a schema, and by a model", async () => {
    const of = async (judge: object, candidate: object) =>
      (await replay({ calls: { callIds: calls }, candidate, judge })).progress.candidate;
    expect(await of({ kind: "CONTAINS", text: "hello" }, { promptId: ids["prompt"], version: 2 })).toMatchObject({ passed: 3, failed: 0 });
    expect(await of({ kind: "CONTAINS", text: "hello" }, { promptId: ids["prompt"], version: 1 })).toMatchObject({ passed: 0, failed: 3 });
    const schema = { type: "object", required: ["ok"], properties: { ok: { type: "boolean" } } };
    const asJson = { response_format: { type: "json_schema", json_schema: { name: "a", schema } } };
    expect(await of({ kind: "JSON_SCHEMA", schema }, { promptId: ids["prompt"], version: 1, parameters: asJson })).toMatchObject({
      passed: 3,
    });
    // A judge whose model always says the same: it is asked, and what it says is what counts.
    const judgePrompt = (await mutate("createPrompt", { name: "judge" }, "prompt { id }")).prompt.id;
    await mutate(
      "createPromptVersion",
      { promptId: judgePrompt, messages: [{ role: "SYSTEM", template: "Judge." }] },
      "promptVersion { version }",
    );
    await mutate(
      "createRoute",
      {
        name: "judge",
        tiers: [{ targets: [{ backendId: ids["sim-instant"], weight: 1 }] }],
        defaultParameters: { response_format: { type: "json_schema", json_schema: { name: "v", schema: { const: "same" } } } },
      },
      "route { id }",
    );
    expect(await of({ kind: "MODEL", route: "judge", criteria: "Be kind." }, { promptId: ids["prompt"], version: 1 })).toMatchObject({
      passed: 3,
    });
  });

  it("refuses what is not there by name, before anything is called", async () => {
    const refused = (input: object) => expect(replay({ calls: { callIds: calls }, ...input })).rejects;
    await refused({ candidate: { revision: "99999" } }).toThrow(/revision/);
    await refused({ candidate: { route: "nowhere" } }).toThrow(/no route/);
    await refused({ candidate: { promptId: ids["prompt"], version: 77 } }).toThrow(/version/);
    await refused({ candidate: { variant: "b" } }).toThrow(/no experiment/);
    await refused({ candidate: { backendId: ids["prompt"] } }).toThrow(/no backend/);
    await refused({ candidate: {}, judge: { kind: "MODEL" } }).toThrow(/which route/);
  });

  it("can be followed, and cancelled", async () => {
    const slow = ids["sim-fast"];
    const started = await graphql<Answer>(
      `mutation ($input: ReplayCallsInput!) { replayCalls(input: $input) { __typename ... on ReplayRun { id } } }`,
      { input: { calls: { callIds: calls }, candidate: { backendId: slow }, concurrency: 1 } },
    );
    const { id } = started.replayCalls;
    const client = createClient({ url: graphqlUrl, headers: { authorization: `Bearer ${admin}` }, retryAttempts: 0 });
    const states: Answer[] = [];
    for await (const { data } of client.iterate<Answer>({
      query: `subscription ($id: ID!) { replayRunProgress(id: $id) { state progress { done } } }`,
      variables: { id },
    }))
      states.push(data?.["replayRunProgress"]);
    expect(states.at(-1)).toEqual({ state: "FINISHED", progress: { done: 3 } });
    const again = await graphql<Answer>(
      `mutation ($input: ReplayCallsInput!) { replayCalls(input: $input) { __typename ... on ReplayRun { id } } }`,
      { input: { calls: { callIds: calls }, candidate: {} } },
    );
    const cancelled = await graphql<Answer>(`mutation ($id: ID!) { cancelReplayRun(id: $id) { __typename ... on ReplayRun { state } } }`, {
      id: again.replayCalls.id,
    });
    expect(cancelled.cancelReplayRun.state).toBe("CANCELLED");
  });
});

describe("a dataset", () => {
  it("is made of logged calls and of cases that people write, outlives the content, and can be run", async () => {
    const fields =
      "__typename ... on Dataset { id casesCount cases { position expected request callId } } ... on ValidationError { issues { path message } }";
    const { createDataset } = await graphql<Answer>(
      `mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { ${fields} } }`,
      {
        input: {
          name: "greetings",
          calls: { callIds: calls },
          cases: [{ request: { model: "chat", messages: [{ role: "user", content: "echo: by hand" }] }, expected: "by hand" }],
        },
      },
    );
    expect(createDataset).toMatchObject({ casesCount: 4 });
    expect(createDataset.cases.map((one: Answer) => one.expected).sort()).toEqual(["by hand", "hello Ann", "hello Ben", "hello Cid"]);
    const { deleteCallContent } = await graphql<Answer>(
      `mutation ($input: DeleteCallContentInput!) { deleteCallContent(input: $input) { __typename ... on DeletedCallContent { deleted more } } }`,
      { input: { callIds: calls } },
    );
    expect(deleteCallContent).toMatchObject({ deleted: 3, more: false });
    const result = await replay({
      datasetId: createDataset.id,
      candidate: { promptId: ids["prompt"], version: 2 },
      judge: { kind: "EXACT" },
      baseline: "LOGGED",
    });
    // The case by hand brings no name for the prompt: an error that names the variable.
    expect(result.progress).toMatchObject({ done: 4, candidate: { passed: 3, errors: 1 } });
    expect(result.results.find((one: Answer) => one.candidate.error !== null).candidate.error).toContain('"name"');
  });

  it("keeps of runs over content that is gone their figures and no text", async () => {
    const { replayRuns } = await graphql<Answer>(
      `{ replayRuns { edges { node { name progress { done different } results { baseline { content durationMs } candidate { content } } } } } }`,
    );
    const first = replayRuns.edges.map((edge: Answer) => edge.node).find((one: Answer) => one.name === "back to one");
    expect(first.progress).toEqual({ done: 3, different: 3 });
    for (const { baseline, candidate } of first.results) {
      expect([baseline.content, candidate.content]).toEqual(["", ""]);
      expect(baseline.durationMs).toBeGreaterThan(0);
    }
  });
});

it("a run whose control plane ends in the middle goes on where it was, when one is back", async () => {
  const cases = Array.from({ length: 60 }, (_, index) => ({
    request: { model: "judge", messages: [{ role: "user", content: `number ${index}` }] },
  }));
  const { createDataset } = await graphql<Answer>(
    `mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { __typename ... on Dataset { id } } }`,
    { input: { name: "many", cases } },
  );
  const { replayCalls } = await graphql<Answer>(
    `mutation ($input: ReplayCallsInput!) { replayCalls(input: $input) { __typename ... on ReplayRun { id } } }`,
    { input: { datasetId: createDataset.id, baseline: "LOGGED", concurrency: 1, candidate: { backendId: ids["sim-fast"] } } },
  );
  const runNow = async () =>
    (await graphql<Answer>(`query ($id: ID!) { replayRun(id: $id) { state progress { done skipped } } }`, { id: replayCalls.id }))
      .replayRun;
  await expect.poll(async () => (await runNow()).progress.done, { timeout: 10_000, interval: 20 }).toBeGreaterThan(2);
  const { configPort } = controlPlane.ready;
  await controlPlane.kill("SIGTERM");
  controlPlane = await penstock.controlPlane({ PENSTOCK_CONFIG_PORT: String(configPort) });
  graphqlUrl = `http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`;
  graphql = graphqlClient(graphqlUrl, admin);
  const before = await runNow();
  expect(before.state).toBe("RUNNING");
  expect(before.progress.done).toBeLessThan(60);
  await expect.poll(runNow, { timeout: 60_000, interval: 200 }).toEqual({ state: "FINISHED", progress: { done: 60, skipped: 0 } });
}, 120_000);

it("a node serves replays to its control plane alone", async () => {
  const response = await fetch(`http://127.0.0.1:${node.ready["restPort"]}/v1/replay`, {
    method: "POST",
    headers: { authorization: `Bearer ${penstock.credentials().apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ snapshot: "", request: {} }),
  });
  expect(response.status).toBe(404);
});
