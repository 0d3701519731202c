/** A node lets nobody but its control plane say where a call goes, and takes no configuration for another. */
import { toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeControlPlaneCredential } from "#agreements/control-plane-credential.ts";
import { SignedSnapshotSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { ids, pepper, routeOver, say, startTestNode, type TestNode } from "../harness/node.ts";

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode({ resources: routeOver("sim-instant") });
});
afterAll(() => node[Symbol.asyncDispose]());

const snapshot = () => Buffer.from(toBinary(SignedSnapshotSchema, node.history.snapshot())).toString("base64");
const replay = (credential: string, text: string) =>
  node.post(
    "/v1/replay",
    { snapshot: text, request: { model: "sim-instant", messages: say("echo: hi") } },
    { authorization: `Bearer ${credential}` },
  );
const ours = () => makeControlPlaneCredential(pepper, ids.organisation, Date.now());

it("refuses what is signed as its own configuration, or not at all", async () => {
  for (const text of [snapshot(), "", "AAAA"]) {
    const response = await replay(ours(), text);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: { param: string } }).error.param).toBe("snapshot");
  }
  expect(await node.simulatorCalls()).toEqual([]);
});

it.each([
  ["an API key", () => node.apiKey, 404],
  ["a forged credential", () => makeControlPlaneCredential("another pepper", ids.organisation, Date.now()), 401],
  ["one that has run out", () => makeControlPlaneCredential(pepper, ids.organisation, Date.now() - 3_600_000), 401],
])("refuses %s", async (_, credential, status) => {
  expect((await replay(credential(), snapshot())).status).toBe(status);
});
