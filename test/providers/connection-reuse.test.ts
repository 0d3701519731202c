/** One connection carries call after call, also where a backend ends its body a moment after its answer; and none is kept by a body that never ends. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openaiCompatibleProvider } from "../../data-plane/providers/openai-compatible/provider.ts";
import type { Provider } from "../../data-plane/providers/provider.ts";
import { upstreamPools } from "../../data-plane/providers/upstream-pools.ts";
import { clockDefaults } from "../../data-plane/snapshot/compiled-route.ts";
import { organisationId, sampleRequest, snapshotOf } from "../pipeline/sample-call.ts";

const chunk = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n';
let server: Server;
let provider: Provider;
let opened = 0;
let open = 0;
/** Calls whose bodies have not ended, as the pool of connections sees it. */
let running = (): number => 0;

afterEach(async () => {
  await provider.close();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

/** A call to a backend that does what `finish` says when its stream is whole, or has come as far as `last`. */
async function caller(
  finish: (response: ServerResponse) => void,
  last = "data: [DONE]\n\n",
): Promise<(callsMax?: number) => Promise<void>> {
  opened = 0;
  open = 0;
  server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.setHeader("content-type", "text/event-stream");
      response.write(chunk);
      response.write(last, () => finish(response));
    });
  });
  server.on("connection", (socket) => {
    opened++;
    open++;
    socket.on("close", () => open--);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const backend = snapshotOf([
    { case: "provider", value: { id: "p", organisationId, key: "p", kind: "openai", baseUrl, privateAddressAllowed: true } },
    { case: "backend", value: { id: "b", organisationId, key: "b", providerId: "p", model: "m" } },
    { case: "route", value: { id: "r", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "b", weight: 1 }] }] } },
  ]).route(organisationId, "chat")?.tiers[0]?.targets[0]?.backend;
  if (backend === undefined) throw new Error("the route was not compiled");
  const pools = upstreamPools(new Uint8Array(32), ["127.0.0.1"]);
  running = () => pools.of(backend.provider).pool.stats.running;
  provider = openaiCompatibleProvider(pools);
  return async (batchesMax = Number.POSITIVE_INFINITY) => {
    const call = {
      backend,
      request: sampleRequest({ stream: true }),
      replacements: new Map<string, string>(),
      promptMessages: [],
      cannotCarry: () => {},
      form: "native",
      clocks: clockDefaults,
    } as const;
    let batches = 0;
    for await (const batch of provider.complete(call, new AbortController().signal)) {
      expect(batch.events.length).toBeGreaterThan(0);
      if (++batches >= batchesMax) break;
    }
  };
}

test("a body that ends a moment after [DONE] leaves its connection for the next call", async () => {
  const ends: (() => void)[] = [];
  const call = await caller((response) => ends.push(() => response.end()));
  for (let i = 0; i < 10; i++) {
    await call();
    // The caller has its answer before the body has ended.
    await expect.poll(() => ends.length).toBe(1);
    ends.pop()?.();
    await expect.poll(() => running(), { interval: 1 }).toBe(0);
  }
  expect(opened).toBe(1);
});

test("a body that does not end is closed", async () => {
  const call = await caller(() => {});
  await call();
  await expect.poll(() => open, { timeout: 5000 }).toBe(0);
});

test("a body that goes on for ever is closed, and nothing of it is told", async () => {
  const call = await caller((response) => {
    const more = () => {
      while (!response.destroyed && response.write("data: more\n\n".repeat(1000)));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  });
  await call();
  await expect.poll(() => open, { timeout: 5000 }).toBe(0);
});

test("an answer that was left is closed at once, not after a moment", async () => {
  const call = await caller(() => {}, ": it thinks\n\n");
  const startedAt = performance.now();
  await call(1);
  await expect.poll(() => open, { interval: 5 }).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(200);
});
