/** The port to stored responses, against each of its implementations. */
import { afterAll, describe, expect, it } from "vitest";
import { openLogger } from "../../data-plane/logger.ts";
import { memoryResponseStore } from "../../data-plane/memory/response-store.ts";
import { type ResponseStore, recordLengthMax } from "../../data-plane/pipeline/response-store.ts";
import { connectRedis } from "../../data-plane/redis/connect.ts";
import { redisResponseStore } from "../../data-plane/redis/response-store.ts";
import { startRedis } from "../harness/redis.ts";

const server = await startRedis();
const redis = connectRedis(server.url, openLogger("silent"));
if (redis.stream.status !== "ready") await new Promise((resolve) => redis.stream.once("ready", resolve));
afterAll(async () => {
  redis.close();
  await server.close();
});

const stores: [string, ResponseStore][] = [
  ["memory", memoryResponseStore()],
  ["Redis", redisResponseStore(redis)],
];

describe.each(stores)("stored responses in %s", (_name, store) => {
  it("are their project's and nobody else's", async () => {
    expect(await store.put("p1", "resp_1", '{"a":"é"}')).toBe(true);
    expect(await store.get("p1", "resp_1")).toBe('{"a":"é"}');
    expect(await store.get("p2", "resp_1")).toBeUndefined();
    expect(await store.delete("p2", "resp_1")).toBe(false);
    expect(await store.delete("p1", "resp_1")).toBe(true);
    expect(await store.delete("p1", "resp_1")).toBe(false);
    expect(await store.get("p1", "resp_1")).toBeUndefined();
  });

  it("are replaced under the same id", async () => {
    await store.put("p1", "resp_2", "one");
    await store.put("p1", "resp_2", "two");
    expect(await store.get("p1", "resp_2")).toBe("two");
  });

  it("are not kept where one is larger than may be", async () => {
    expect(await store.put("p1", "resp_3", "x".repeat(recordLengthMax + 1))).toBe(false);
    expect(await store.get("p1", "resp_3")).toBeUndefined();
  });
});

describe("in memory", () => {
  it("they are gone after a day, and the oldest go where there are too many", async () => {
    let now = 0;
    const store = memoryResponseStore(() => now);
    await store.put("p", "a", "a");
    now += 24 * 3600 * 1000;
    expect(await store.get("p", "a")).toBeUndefined();
    for (let i = 0; i < 20; i++) await store.put("p", `big${i}`, "x".repeat(recordLengthMax));
    expect(await store.get("p", "big0")).toBeUndefined();
    expect(await store.get("p", "big19")).toHaveLength(recordLengthMax);
  });
});

describe("in Redis", () => {
  it("they have an end, and a Redis that is gone is said to be: a response is then not kept, and a reader is told", async () => {
    const store = redisResponseStore(redis);
    await store.put("p", "resp_4", "x");
    const left = await redis.stream.pttl("penstock:response:p:resp_4");
    expect(left).toBeGreaterThan(23 * 3600 * 1000);
    redis.stream.disconnect();
    expect(await store.put("p", "resp_5", "x")).toBe(false);
    await expect(store.get("p", "resp_4")).rejects.toThrow();
  });
});
