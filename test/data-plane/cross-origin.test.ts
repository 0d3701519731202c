/** A browser's calls from a page of another origin: preflight, answer and error, for those whom the operator lets. */
import { expect, it } from "vitest";
import { routeOver, startTestNode } from "../harness/node.ts";

const origin = "https://app.example";
const preflight = (url: string, from: string) =>
  fetch(`${url}/v1/chat/completions`, {
    method: "OPTIONS",
    headers: { origin: from, "access-control-request-method": "POST", "access-control-request-headers": "authorization,x-stainless-os" },
  });

it("is let where the operator says so, and there alone", async () => {
  await using node = await startTestNode({ resources: routeOver("sim-instant"), settings: { allowedOrigins: [origin] } });
  const asked = await preflight(node.restUrl, origin);
  expect(asked.status).toBe(204);
  expect(Object.fromEntries(asked.headers)).toMatchObject({
    "access-control-allow-origin": origin,
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": "authorization,x-stainless-os",
    vary: "origin",
  });
  const body = { model: "sim-instant", messages: [{ role: "user", content: "hi" }] };
  for (const stream of [false, true]) {
    const answer = await node.post("/v1/chat/completions", { ...body, stream }, { origin });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(answer.headers.get("access-control-expose-headers")).toContain("x-request-id");
    await answer.text();
  }
  const failed = await node.post("/v1/chat/completions", { ...body, model: "none" }, { origin });
  expect([failed.status, failed.headers.get("access-control-allow-origin")]).toEqual([404, origin]);
  const stranger = await preflight(node.restUrl, "https://evil.example");
  expect([stranger.status, stranger.headers.get("access-control-allow-origin")]).toEqual([404, null]);
});

it("is let to nobody by itself", async () => {
  await using node = await startTestNode({ resources: routeOver("sim-instant") });
  const asked = await preflight(node.restUrl, origin);
  expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([404, null]);
});
