/** Units keep what they were given, over any of the stores: one process's memory, and a real Redis that nodes share. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openLogger } from "../../data-plane/logger.ts";
import { memoryStickyVariants } from "../../data-plane/memory/sticky-variants.ts";
import { assignStickyVariant, type StickyVariants } from "../../data-plane/pipeline/sticky-variant.ts";
import { connectRedis, type RedisConnections } from "../../data-plane/redis/connect.ts";
import { redisStickyVariants } from "../../data-plane/redis/sticky-variants.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";
import { backendNamed, organisationId, sampleCaller, sampleRequest, snapshotOf } from "../pipeline/sample-call.ts";

let redis: TestRedis;
let connections: RedisConnections;
beforeAll(async () => {
  redis = await startRedis();
  connections = connectRedis(redis.url, openLogger("silent"));
  await vi.waitFor(() => connections.breaker.run((one) => one.ping()));
});
afterAll(async () => {
  connections.close();
  await redis.close();
});

function routeWith(id: string, more: object = {}) {
  const route = snapshotOf([
    ...backendNamed("a"),
    {
      case: "route",
      value: { id: "route-1", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] },
    },
    {
      case: "experiment",
      value: {
        id,
        organisationId,
        key: "greeting",
        routeId: "route-1",
        seed: "seed",
        hashVersion: 3,
        unit: "end_user",
        fallbackUnit: "session",
        coverage: 1,
        sticky: true,
        bucketVersion: 1,
        variants: [
          { key: "control", weight: 50 },
          { key: "warm", weight: 50 },
        ],
        ...more,
      },
    },
  ]).route(organisationId, "chat");
  if (route?.experiment === undefined) throw new Error("the route was not compiled");
  return { route, experiment: route.experiment };
}

const stores: readonly (readonly [string, () => StickyVariants])[] = [
  ["memory", memoryStickyVariants],
  ["Redis", () => redisStickyVariants(connections)],
];
let experiments = 0;

describe.each(stores)("in %s", (_, open) => {
  const drawn = (store: StickyVariants, compiled: ReturnType<typeof routeWith>, endUserId: string, sessionId = "") =>
    assignStickyVariant(compiled.route, compiled.experiment, sampleRequest({}, { endUserId, sessionId }), sampleCaller(), {
      stickyVariants: store,
      pseudonym: (id) => `hash-of-${id}`,
    });

  it("a unit keeps its variant when weights are turned round, coverage falls, and it is no longer targeted", async () => {
    const [store, id] = [open(), `experiment-${++experiments}`];
    const before = await drawn(store, routeWith(id), "ada");
    expect(before).toMatchObject({ sticky: false });
    const key = before?.variant.key ?? "";
    const other = key === "control" ? "warm" : "control";
    const turned = { variants: [key, other].map((one) => ({ key: one, weight: one === key ? 1 : 1_000_000 })) };
    for (const more of [turned, { coverage: 0 }, { targeting: { projectIds: ["another"] } }])
      await expect.poll(() => drawn(store, routeWith(id, more), "ada")).toMatchObject({ variant: { key }, sticky: true });
    expect(await drawn(store, routeWith(id, { coverage: 0 }), "new")).toBeUndefined();
  });

  it("a session that signs in stays where it was", async () => {
    const [store, id] = [open(), `experiment-${++experiments}`];
    // One whose own hash says otherwise than its session's.
    const fresh = open();
    const session = (await drawn(fresh, routeWith(`${id}-a`), "", "session-1"))?.variant.key;
    let user = "";
    for (let i = 0; user === ""; i++)
      if ((await drawn(fresh, routeWith(`${id}-${i}`), `user-${i}`))?.variant.key !== session) user = `user-${i}`;
    await drawn(store, routeWith(id), "", "session-1");
    await expect
      .poll(() => drawn(store, routeWith(id), user, "session-1"))
      .toMatchObject({ variant: { key: session }, unitType: "end_user" });
    await expect.poll(() => drawn(store, routeWith(id), user)).toMatchObject({ variant: { key: session }, sticky: true });
  });

  it("a new bucket version draws anew, and one that blocks the old leaves them out", async () => {
    const [store, id] = [open(), `experiment-${++experiments}`];
    await drawn(store, routeWith(id), "ada");
    await expect.poll(() => drawn(store, routeWith(id), "ada")).toMatchObject({ sticky: true });
    expect(await drawn(store, routeWith(id, { bucketVersion: 2, bucketVersionMin: 2 }), "ada")).toBeUndefined();
    expect(await drawn(store, routeWith(id, { bucketVersion: 2, bucketVersionMin: 2 }), "eve")).toMatchObject({ sticky: false });
    expect(await drawn(store, routeWith(id, { bucketVersion: 2 }), "ada")).toMatchObject({ sticky: false });
    await expect.poll(() => drawn(store, routeWith(id, { bucketVersion: 2 }), "ada")).toMatchObject({ sticky: true });
  });

  it("a variant that is gone is drawn anew", async () => {
    const [store, id] = [open(), `experiment-${++experiments}`];
    const key = (await drawn(store, routeWith(id), "ada"))?.variant.key;
    const left = { variants: ["one", "two"].map((one) => ({ key: one, weight: 1 })) };
    const now = await drawn(store, routeWith(id, left), "ada");
    expect(["one", "two"]).toContain(now?.variant.key);
    expect(now?.variant.key).not.toBe(key);
  });
});

it("without a Redis that answers the hash decides, and no call waits for it", async () => {
  const away = connectRedis("redis://127.0.0.1:1", openLogger("silent"));
  const store = redisStickyVariants(away);
  store.keep("e", "k", "1:control");
  expect(await store.find("e", ["k", "l"])).toEqual([undefined, undefined]);
  away.close();
});
