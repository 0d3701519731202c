/** Calls are seen while they run, and how far each has come; an operator ends one, also where the workers of a node share a port. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { graphqlClient, installation, type RunningProcess } from "../harness/planes.ts";

const penstock = installation({});
let simulator: RunningProcess;
let controlPlane: RunningProcess;
let node: RunningProcess;
let graphql: ReturnType<typeof graphqlClient>;

beforeAll(async () => {
  simulator = await penstock.simulator();
  controlPlane = await penstock.controlPlane({
    PENSTOCK_DEMO_SIMULATOR_URL: `http://127.0.0.1:${simulator.ready["port"]}/v1`,
    PENSTOCK_DEMO: "false",
  });
  graphql = graphqlClient(`http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`, penstock.credentials().adminToken);
  node = await penstock.node("node", { PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${controlPlane.ready["configPort"]}` }, ["--workers", "2"]);
}, 60_000);
afterAll(async () => {
  await Promise.all([node, controlPlane, simulator].map((part) => part?.kill("SIGKILL")));
  penstock.close();
});

const call = (headers: Record<string, string>) =>
  fetch(`http://127.0.0.1:${node.ready["restPort"]}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${penstock.credentials().apiKey}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "demo-chat", stream: true, messages: [{ role: "user", content: "tell me of rivers" }] }),
  });

interface Running {
  readonly callId: string;
  readonly progress: string;
  readonly routeName: string;
  readonly attempts: number;
  readonly outputTokens: string;
}
const running = async () =>
  (await graphql<{ runningCalls: Running[] }>("{ runningCalls { callId progress routeName attempts outputTokens } }")).runningCalls;
const end = (callId: string, as = graphql) =>
  as<{ endCall: { callId: string } }>(
    "mutation ($callId: ID!) { endCall(input: { callId: $callId }) { __typename ... on EndCallPayload { callId nodeId } ... on UserError { message } } }",
    { callId },
  );

it("tells waiting for the first token and streaming apart, counts along, and ends a call when an operator says so", async () => {
  const waiting = call({ "x-sim-ttft-ms": "60000" });
  const streaming = await call({ "x-sim-gap-ms": "50", "x-sim-tokens": "2000" });
  const streamingId = streaming.headers.get("x-penstock-call-id") ?? "";
  const seen = () => running().then((calls) => calls.map(({ progress }) => progress).toSorted());
  await expect.poll(seen, { timeout: 10_000 }).toEqual(["FIRST_TOKEN", "STREAMING"]);
  const tokens = async () => Number((await running()).find(({ callId }) => callId === streamingId)?.outputTokens);
  const before = await tokens();
  await expect.poll(tokens, { timeout: 10_000 }).toBeGreaterThan(before);
  const calls = await running();
  expect(calls.find(({ callId }) => callId === streamingId)).toMatchObject({ routeName: "demo-chat", attempts: 1, progress: "STREAMING" });

  expect((await end(streamingId)).endCall.callId).toBe(streamingId);
  expect(await streaming.text()).toMatch(/an operator ended this call/);
  const other = calls.find(({ callId }) => callId !== streamingId)?.callId ?? "";
  await end(other);
  expect(await (await waiting).text()).toMatch(/an operator ended this call/);
  await expect.poll(running, { timeout: 10_000 }).toEqual([]);

  const outcome = async () =>
    (
      await graphql<{ usageEvent: { outcome: string } | null }>("query ($id: ID!) { usageEvent(callId: $id) { outcome } }", {
        id: streamingId,
      })
    ).usageEvent?.outcome;
  await expect.poll(outcome, { timeout: 10_000 }).toBe("CANCELLED");
  const { auditEntries } = await graphql<{ auditEntries: { edges: { node: { action: string; targetId: string } }[] } }>(
    '{ auditEntries(first: 2, filter: { action: "call.end" }) { edges { node { action targetId } } } }',
  );
  expect(auditEntries.edges.map(({ node: entry }) => entry.targetId)).toEqual([other, streamingId]);
}, 60_000);

it("ends nothing that does not run, and nothing for callers", async () => {
  await expect(end("0198c0de-0000-7000-8000-000000000001")).rejects.toThrow(/there is no running call/);
  const asCaller = await fetch(`http://127.0.0.1:${node.ready["restPort"]}/v1/calls/end`, {
    method: "POST",
    headers: { authorization: `Bearer ${penstock.credentials().apiKey}`, "content-type": "application/json" },
    body: "{}",
  });
  expect(asCaller.status).toBe(404);
});
