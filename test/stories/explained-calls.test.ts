/** What is said of a call before it is made is what becomes of it: each explanation is held against a node's own answer. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { graphqlClient, installation, type RunningProcess } from "../harness/planes.ts";

const parts = installation({});
let processes: RunningProcess[];
let restUrl: string;
let graphql: ReturnType<typeof graphqlClient>;
let apiKey: string;

beforeAll(async () => {
  const simulator = await parts.simulator();
  const baseUrl = `http://127.0.0.1:${simulator.ready["port"]}/v1`;
  const controlPlane = await parts.controlPlane({ PENSTOCK_DEMO_SIMULATOR_URL: baseUrl });
  const node = await parts.node("node", { PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${controlPlane.ready["configPort"]}` });
  processes = [node, controlPlane, simulator];
  restUrl = `http://127.0.0.1:${node.ready["restPort"]}`;
  const credentials = parts.credentials();
  apiKey = credentials.apiKey;
  graphql = graphqlClient(`http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`, credentials.adminToken);
}, 60_000);
afterAll(async () => {
  for (const process of processes) await process.kill("SIGTERM");
  parts.close();
});

const done = async <Data>(mutation: string, input: object): Promise<Data> => {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}`;
  const answer = await graphql<Record<string, Data>>(
    `mutation ($input: ${type}Input!) { ${mutation}(waitForPropagation: true, input: $input) { ... on ${type}Payload { thing: ${
      mutation.includes("Experiment") ? "experiment { id revision }" : "route { id revision }"
    } } ... on UserError { message } } }`,
    { input },
  );
  return answer[mutation] as Data;
};

interface Explanation {
  readonly dialect: string;
  readonly variantKey: string | null;
  readonly stages: readonly { readonly stage: string; readonly says: string; readonly refused: boolean }[];
  readonly backends: readonly { readonly backend: { readonly key: string }; readonly share: number; readonly doubts: readonly string[] }[];
}

const explain = async (request: object, more: object = {}): Promise<Explanation> =>
  (
    await graphql<{ explainCall: Explanation }>(
      `query ($request: JSON!, $apiKeyId: ID, $sessionId: String, $headers: [ExplainedHeaderInput!]) {
        explainCall(request: $request, apiKeyId: $apiKeyId, sessionId: $sessionId, headers: $headers) {
          ... on CallExplanation { dialect variantKey stages { stage says refused } backends { backend { key } tier share doubts } }
          ... on ValidationError { message }
        }
      }`,
      { request, ...more },
    )
  ).explainCall;

const call = async (path: string, body: object) => {
  const response = await fetch(`${restUrl}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json", "x-app": "mobile" },
    body: JSON.stringify(body),
  });
  await response.text();
  return response;
};
const messages = [{ role: "user", content: "hello" }];

describe("an explanation", () => {
  it("names the variant that a node draws for each end user: targeted, within a namespace, covered, held out, in every dialect", async () => {
    const { backends } = await graphql<{ backends: { edges: { node: { id: string; key: string } }[] } }>(
      "{ backends { edges { node { id key } } } }",
    );
    const idOf = (name: string) => backends.edges.find(({ node }) => node.key === name)?.node.id;
    const made = await done<{ thing: { id: string } }>("createRoute", {
      name: "drawn",
      tiers: [{ targets: [{ backendId: idOf("sim-fast"), weight: 3 }] }, { targets: [{ backendId: idOf("sim-slow"), weight: 1 }] }],
      defaultParameters: { temperature: 0.1 },
      forcedParameters: { max_completion_tokens: 4 },
    });
    const experiment = await done<{ thing: { id: string } }>("createExperiment", {
      key: "everything",
      routeId: made.thing.id,
      unit: "END_USER",
      coverage: 0.8,
      holdout: 0.2,
      namespace: { name: "greetings", start: 0, end: 0.9 },
      targeting: { headers: [{ name: "x-app", values: ["mobile"] }], share: 0.9 },
      variants: [
        { key: "plain", weight: 1 },
        { key: "other", weight: 1, tiers: [{ targets: [{ backendId: idOf("sim-slow"), weight: 1 }] }] },
      ],
    });
    await done("startExperiment", { id: experiment.thing.id, expectedRevision: 1 });

    const headers = { headers: [{ name: "X-App", value: "mobile" }] };
    const seen = new Set<string>();
    for (let at = 0; at < 30; at++) {
      const user = `user-${at}`;
      const [path, body] = [
        ["/v1/chat/completions", { model: "drawn", user, messages }],
        ["/v1/responses", { model: "drawn", user, input: "hello" }],
        ["/v1/messages", { model: "drawn", max_tokens: 4, metadata: { user_id: user }, messages }],
      ][at % 3] as [string, object];
      const answer = await call(path, body);
      expect(answer.status).toBe(200);
      // A unit that is held out is told so in the ledger; what it gets is the route as it is.
      const variant = answer.headers.get("x-penstock-variant")?.split(":").at(-1);
      const drawn = variant === undefined || variant === "holdout" ? null : variant;
      const explained = await explain(body, headers);
      expect([user, explained.variantKey, explained.dialect]).toEqual([user, drawn, ["CHAT", "RESPONSES", "MESSAGES"][at % 3]]);
      expect(explained.backends.map(({ backend }) => backend.key)).toContain(answer.headers.get("x-penstock-backend"));
      seen.add(drawn ?? "none");
    }
    expect([...seen].sort()).toEqual(["none", "other", "plain"]);
    const untargeted = await explain({ model: "drawn", user: "user-1", messages });
    expect(untargeted.variantKey).toBeNull();
    expect(untargeted.stages.find(({ stage }) => stage === "Experiment")?.says).toContain("its header x-app is not mobile");
  });

  it("says what the route fills in and sets, and what is known against a backend", async () => {
    const { stages, backends } = await explain({
      model: "drawn",
      messages,
      temperature: 1,
      tools: [{ type: "function", function: { name: "f" } }],
    });
    expect(stages.find(({ stage }) => stage === "Parameters")?.says).toBe("max_completion_tokens set over the caller's.");
    expect(backends).toEqual([
      { backend: { key: "sim-fast" }, tier: 1, share: 1, doubts: [] },
      { backend: { key: "sim-slow" }, tier: 2, share: 1, doubts: [] },
    ]);
  });

  it("ends where the call would: no such route, a key that may not use it, nothing that takes calls", async () => {
    expect((await explain({ model: "nowhere", messages })).stages).toEqual([
      { stage: "Route", says: "There is no route named nowhere: the call is refused.", refused: true },
    ]);
    expect((await call("/v1/chat/completions", { model: "nowhere", messages })).status).toBe(404);
    const { projects } = await graphql<{ projects: { edges: { node: { id: string } }[] } }>("{ projects { edges { node { id } } } }");
    const { createApiKey } = await graphql<{ createApiKey: { apiKey: { id: string } } }>(
      `mutation { createApiKey(input: { name: "narrow", projectId: "${projects.edges[0]?.node.id}", allowedRoutes: ["demo-chat"] }) { ... on CreateApiKeyPayload { apiKey { id } } ... on UserError { message } } }`,
    );
    const refused = await explain({ model: "drawn", messages }, { apiKeyId: createApiKey.apiKey.id });
    expect(refused.stages).toMatchObject([{ refused: true, says: "The key narrow may use demo-chat and not drawn: the call is refused." }]);
    const { explainCall } = await graphql<{ explainCall: { message: string } }>(
      '{ explainCall(request: "no object") { ... on UserError { message } } }',
    );
    expect(explainCall.message).toContain("must be a JSON object");
  });
});
