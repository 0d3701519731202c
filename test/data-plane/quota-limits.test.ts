/** Limits that are met on the way: an answer that runs into one, and a backend that has no room. Over a real node and the simulator. */
import { expect, it } from "vitest";
import { ids, type ResourceInit, routeOver, say, startTestNode } from "../harness/node.ts";

const organisationId = ids.organisation;
const quota = (id: string, value: object): ResourceInit =>
  ({ case: "quota", value: { id, organisationId, key: id, window: "day", enforcement: "hard", ...value } }) as ResourceInit;
const idOf = (resources: readonly ResourceInit[], kind: string) => resources.find((one) => one.case === kind)?.value?.id ?? "";

it("an answer that runs past a hard limit ends with a typed error in band, and never with [DONE]", async () => {
  const route = routeOver("sim-instant");
  const limit = quota("answers", { scope: { case: "routeId", value: idOf(route, "route") }, resource: "output_tokens", limit: 1100n });
  await using node = await startTestNode({ resources: [...route, limit] });
  const words = "one word after another ".repeat(600);
  const response = await node.post("/v1/chat/completions", { model: "sim-instant", stream: true, messages: say(`echo: ${words}`) });
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text).not.toContain("[DONE]");
  expect(text).toMatch(/"code":"insufficient_quota"/);
  expect(text).toContain("the answer ends here");
});

it("a backend whose quota is used up is passed over for another", async () => {
  const first = routeOver("sim-instant", {}, { key: "first" });
  const second = routeOver("sim-instant", {}, { key: "second" });
  const tiers = [first, second].map((resources) => ({ targets: [{ backendId: idOf(resources, "backend"), weight: 1 }] }));
  const both = routeOver("x", { name: "both", tiers }).filter((one) => one.case === "route");
  const limit = quota("of-first", { scope: { case: "backendId", value: idOf(first, "backend") }, resource: "requests", limit: 1n });
  await using node = await startTestNode({
    resources: [...[...first, ...second].filter((one) => one.case === "backend"), ...both, limit],
  });
  const backends = [];
  for (let call = 0; call < 3; call++) {
    const response = await node.post("/v1/chat/completions", { model: "both", messages: say("hi") });
    await response.arrayBuffer();
    backends.push(response.headers.get("x-penstock-backend"));
  }
  expect(backends).toEqual(["first", "second", "second"]);
});
