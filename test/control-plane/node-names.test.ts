/** What nodes are called, and what they were started with: heard of nodes, kept past a restart, shown to who may see it. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { v7 } from "uuid";
import { describe, expect, it } from "vitest";
import { NodeStatusSchema } from "#proto/penstock/config/v1/node_pb.ts";
import { noPropagation, type Services } from "../../control-plane/services.ts";
import { databaseNodes } from "../../control-plane/snapshot/database-nodes.ts";
import { nodeNames } from "../../control-plane/snapshot/node-names.ts";
import { type NodeTracker, trackNodes } from "../../control-plane/snapshot/node-tracker.ts";
import { makeOrganisation } from "../harness/control-plane.ts";
import { graphqlServices, serveGraphql, tokenFor } from "../harness/graphql.ts";

const one = "01975c00-0000-7000-8000-0000000abcde";
const other = "01975c00-0000-7000-8000-0000000fffff";

describe("names of nodes", () => {
  it("are their own while no other has the same, and then have a piece of the id behind them", () => {
    const names = nodeNames(10);
    names.note(one, "gateway-1");
    expect(names.of(one)).toBe("gateway-1");
    names.note(other, "gateway-1");
    expect([names.of(one), names.of(other)]).toEqual(["gateway-1 (0abcde)", "gateway-1 (0fffff)"]);
    names.note(other, "gateway-2");
    expect([names.of(one), names.of(other)]).toEqual(["gateway-1", "gateway-2"]);
  });

  it("are a piece of the id where a node has none, and the whole id where it is no UUID", () => {
    const names = nodeNames(10);
    names.note(one, "");
    expect([names.of(one), names.of("demo-node-1")]).toEqual(["0abcde", "demo-node-1"]);
  });

  it("hold no control characters, no more than 100 characters, and no more nodes than are wanted", () => {
    const names = nodeNames(2);
    names.note("a", `\u0000\u001b[31m ${"x".repeat(300)}`);
    expect(names.of("a")).toBe(`[31m ${"x".repeat(95)}`);
    names.note("b", "b's");
    names.note("c", "c's");
    expect([names.of("a"), names.of("b"), names.of("c")]).toEqual(["a", "b's", "c's"]);
  });
});

const { services } = await graphqlServices();
const organisationId = await makeOrganisation(services, "ours");

const settings = [
  { name: "PENSTOCK_PEPPER", isSecret: true, origin: "file" },
  { name: "PENSTOCK_REST_PORT", value: "4001", isSecret: false, origin: "default" },
];
const report = (nodeId: string, words: MessageInitShape<typeof NodeStatusSchema>) =>
  create(NodeStatusSchema, { nodeId, instanceId: "first", state: "ready", ...words });

const opened: NodeTracker[] = [];
const track = (now?: () => number): NodeTracker => {
  const tracker = trackNodes(databaseNodes(services.database), services.logger, now);
  opened.push(tracker);
  return tracker;
};

async function asked(tracker: NodeTracker, token: string, query: string) {
  const propagation: Services["propagation"] = { ...noPropagation, nodes: tracker.nodes, nameOf: tracker.nameOf };
  const client = await serveGraphql({ ...services, propagation });
  const answer = await client.ask(token, query);
  await client.close();
  return answer;
}

it("keeps names and settings past a restart, until another start of the node says others", async () => {
  const id = v7();
  const before = track();
  before.report(report(id, { nodeName: "gateway-7", settings }));
  before.report(report(id, { nodeName: "gateway-7" }));
  await before.close();
  // Others are heard every two seconds without their settings: the row keeps them.
  const between = track();
  between.report(report(id, { nodeName: "gateway-7" }));
  await between.close();

  const after = track();
  const settingsNow = async () => (await after.nodes()).find(({ status }) => status.nodeId === id)?.status.settings;
  expect(await settingsNow()).toMatchObject(settings);
  await expect.poll(() => after.nameOf(id)).toBe("gateway-7");
  after.report(report(id, { nodeName: "gateway-7", instanceId: "second" }));
  expect(await settingsNow()).toEqual([]);
  await after.close();
  expect((await track().nodes()).find(({ status }) => status.nodeId === id)?.status.settings).toEqual([]);
});

it("knows the name of a node that is no longer listed, for the calls that ran on it", async () => {
  const id = v7();
  const longAgo = track(() => Date.now() - 30 * 86_400_000);
  longAgo.report(report(id, { nodeName: "gateway-of-old" }));
  await longAgo.close();
  const now = track();
  await expect.poll(() => now.nameOf(id)).toBe("gateway-of-old");
  expect((await now.nodes()).map(({ status }) => status.nodeId)).not.toContain(id);
});

it("shows settings to the installation's administrators alone, and secrets to nobody", async () => {
  const id = v7();
  const tracker = track();
  // A node that does not keep its secrets to itself is not believed.
  tracker.report(
    report(id, { nodeName: "gateway-9", settings: [...settings, { name: "X", value: "s3cret", isSecret: true, origin: "file" }] }),
  );
  const query = "{ nodes { id name settings { name value isSecret origin } } }";
  const installation = await tokenFor(services, organisationId, "admin", true);
  const { data } = await asked(tracker, installation, query);
  expect(data.nodes.find((node: { id: string }) => node.id === id)).toEqual({
    id,
    name: "gateway-9",
    settings: [
      { name: "PENSTOCK_PEPPER", value: null, isSecret: true, origin: "FILE" },
      { name: "PENSTOCK_REST_PORT", value: "4001", isSecret: false, origin: "DEFAULT" },
      { name: "X", value: null, isSecret: true, origin: "FILE" },
    ],
  });
  const admin = await tokenFor(services, organisationId, "admin");
  expect((await asked(tracker, admin, query)).errors[0]?.extensions?.code).toBe("FORBIDDEN");
  expect((await asked(tracker, admin, "{ nodes { name } }")).errors).toEqual([]);
  for (const one of opened) await one.close();
});
