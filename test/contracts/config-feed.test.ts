/** What every feed of configuration guarantees: in one process, over Redis, from the control plane. */
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Revision, SignedDelta, SignedSnapshot } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { controlPlaneConfigFeed } from "../../data-plane/control-plane-client/config-feed.ts";
import { connectControlPlane } from "../../data-plane/control-plane-client/connect.ts";
import { memoryConfigFeed } from "../../data-plane/memory/config-feed.ts";
import { redisConfigFeed } from "../../data-plane/redis/config-feed.ts";
import { connectRedis } from "../../data-plane/redis/connect.ts";
import type { ConfigFeed } from "../../data-plane/snapshot/config-feed.ts";
import { checkPulled, configTrust } from "../../data-plane/snapshot/config-trust.ts";
import { configHistory } from "../harness/config-history.ts";
import { startConfigService } from "../harness/config-service.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";
import { redisPublisher } from "../harness/redis-publisher.ts";

const textOf = (revision: Revision | undefined) =>
  revision === undefined ? "none" : `${revision.epoch}/${revision.number}/${Buffer.from(revision.hash).toString("hex")}`;

interface Published {
  readonly feed: ConfigFeed;
  publishSnapshot(snapshot: SignedSnapshot): Promise<void>;
  publishDelta(delta: SignedDelta, revision: Revision): Promise<void>;
}

const logger = pino({ level: "silent" });
const signal = new AbortController().signal;
let redis: TestRedis;
const opened: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});
afterAll(() => redis.close());

const feeds: Record<string, () => Promise<Published>> = {
  memory: async () => {
    const feed = memoryConfigFeed();
    return {
      feed,
      publishSnapshot: async (snapshot) => feed.publishSnapshot(snapshot),
      publishDelta: async (delta) => feed.publishDelta(delta),
    };
  },
  redis: async () => {
    const connections = connectRedis(redis.url, logger);
    opened.push(() => connections.close());
    await expect.poll(() => connections.config.status, { timeout: 5000 }).toBe("ready");
    await connections.config.flushall();
    const publisher = redisPublisher(connections.config);
    return { feed: redisConfigFeed(connections), publishSnapshot: publisher.publishSnapshot, publishDelta: publisher.publishDelta };
  },
  "control-plane": async () => {
    const service = await startConfigService("pepper");
    const controlPlane = connectControlPlane({ address: service.address, nodeId: "node-1", pepper: "pepper" });
    opened.push(
      () => service.close(),
      () => controlPlane.close(),
    );
    return {
      feed: controlPlaneConfigFeed(controlPlane),
      publishSnapshot: async (snapshot) => service.publishSnapshot(snapshot),
      publishDelta: async (delta) => service.publishDelta(delta),
    };
  },
};

describe.each(Object.entries(feeds))("configuration feed: %s", (_, open) => {
  const opening = async () => {
    const published = await open();
    opened.push(() => published.feed.close());
    const history = configHistory();
    const trust = configTrust(history.verifier);
    /** Pulls, and says where that leads. */
    const pullFrom = async (have: Revision | undefined) => {
      const pulled = await published.feed.pull(have, signal);
      return { ...pulled, reached: textOf(checkPulled(trust, have, pulled)) };
    };
    return { ...published, history, pullFrom };
  };

  it("rejects while nothing is published", async () => {
    const { feed } = await opening();
    await expect(feed.pull(undefined, signal)).rejects.toThrow();
  });

  it("gives a node without configuration all of it", async () => {
    const { history, publishSnapshot, publishDelta, pullFrom } = await opening();
    history.add("a");
    await publishSnapshot(history.snapshot());
    await publishDelta(history.add("b"), history.revision());
    const pulled = await pullFrom(undefined);
    expect(pulled.snapshot).toBeDefined();
    expect(pulled.reached).toBe(textOf(history.revision()));
  });

  it("gives a node only the changes that it has not, and nothing where it has all", async () => {
    const { history, publishSnapshot, publishDelta, pullFrom } = await opening();
    await publishSnapshot(history.snapshot());
    await publishDelta(history.add("a"), history.revision());
    const have = history.revision();
    await publishDelta(history.add("b"), history.revision());
    await publishDelta(history.remove("a"), history.revision());
    const pulled = await pullFrom(have);
    expect(pulled.snapshot).toBeUndefined();
    expect(pulled.deltas).toHaveLength(2);
    expect(pulled.reached).toBe(textOf(history.revision()));
    expect(await pullFrom(history.revision())).toMatchObject({ snapshot: undefined, deltas: [] });
  });

  it("gives all of it where there is a gap", async () => {
    const { history, publishSnapshot, publishDelta, pullFrom } = await opening();
    const have = history.revision();
    for (const key of ["a", "b", "c"]) history.add(key);
    await publishSnapshot(history.snapshot());
    await publishDelta(history.add("d"), history.revision());
    const pulled = await pullFrom(have);
    expect(pulled.snapshot).toBeDefined();
    expect(pulled.reached).toBe(textOf(history.revision()));
  });

  it("gives all of it where the node stands in another epoch", async () => {
    const { history, publishSnapshot, pullFrom } = await opening();
    history.add("a");
    await publishSnapshot(history.snapshot());
    const other = configHistory("epoch-0");
    for (const key of ["a", "b", "c"]) other.add(key);
    expect((await pullFrom(other.revision())).reached).toBe(textOf(history.revision()));
  });

  it("tells listeners that the link is there, and of each change", async () => {
    const { feed, history, publishSnapshot, publishDelta } = await opening();
    await publishSnapshot(history.snapshot());
    const seen: bigint[] = [];
    let linked = 0;
    feed.watch({ hint: (revision) => seen.push(revision.number), linked: () => linked++ });
    await expect.poll(() => linked, { timeout: 5000 }).toBeGreaterThan(0);
    await publishDelta(history.add("a"), history.revision());
    await expect.poll(() => seen.at(-1), { timeout: 500, interval: 5 }).toBe(1n);
  });
});
