/** What every usage stream guarantees: in one process, over Redis, to the control plane. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { usageStreamKey, usageWatermarkKey } from "#agreements/redis-names.ts";
import { framesOf, readFrames, type UsageFrame } from "#agreements/usage-frames.ts";
import { UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { connectControlPlane } from "../../data-plane/control-plane-client/connect.ts";
import { controlPlaneUsageStream } from "../../data-plane/control-plane-client/usage-stream.ts";
import { connectRedis } from "../../data-plane/redis/connect.ts";
import { redisUsageStream } from "../../data-plane/redis/usage-stream.ts";
import { RecordsLost, type UsageStream } from "../../data-plane/usage/usage-stream.ts";
import { startConfigService } from "../harness/config-service.ts";
import { memoryUsageStream } from "../harness/memory-usage-stream.ts";
import { startRedis, type TestRedis } from "../harness/redis.ts";

interface Opened {
  readonly stream: UsageStream;
  /** Call ids that arrived, in order. */
  arrived(): Promise<string[]>;
  /** The ledger takes all that arrived. */
  commit(upTo: bigint): Promise<void>;
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

const records = (first: number, last = first) =>
  framesOf(
    BigInt(first),
    Array.from({ length: last - first + 1 }, (_, index) =>
      toBinary(UsageRecordSchema, create(UsageRecordSchema, { record: { case: "usage", value: { callId: `call-${first + index}` } } })),
    ),
  );
const callIdOf = (bytes: Uint8Array) => {
  const { record: read } = fromBinary(UsageRecordSchema, bytes);
  return read.case === "usage" ? read.value.callId : "";
};
const connected = async () => {
  const connections = connectRedis(redis.url, logger);
  opened.push(() => connections.close());
  await expect.poll(() => connections.stream.status, { timeout: 5000 }).toBe("ready");
  await connections.stream.flushall();
  return connections;
};

const streams: Record<string, () => Promise<Opened>> = {
  memory: async () => {
    const taken: UsageFrame[] = [];
    const stream = memoryUsageStream(async (frames) => {
      taken.push(...frames);
    });
    return { stream, arrived: async () => taken.map((one) => callIdOf(one.record)), commit: async () => {} };
  },
  redis: async () => {
    const connections = await connected();
    return {
      stream: redisUsageStream({ redis: connections, logName: "log-1", confirmed: () => 0n }),
      arrived: async () => {
        const entries = await connections.config.xrangeBuffer(usageStreamKey, "-", "+");
        return entries.flatMap(([, fields]) => readFrames(fields[3] ?? Buffer.alloc(0)).frames.map(({ record }) => callIdOf(record)));
      },
      commit: async (upTo) => {
        await connections.config.hset(usageWatermarkKey, "log-1", String(upTo));
      },
    };
  },
  "control-plane": async () => {
    const service = await startConfigService("pepper");
    const controlPlane = connectControlPlane({ address: service.address, nodeId: "node-1", pepper: "pepper" });
    opened.push(
      () => service.close(),
      () => controlPlane.close(),
    );
    return {
      stream: controlPlaneUsageStream(controlPlane, () => {}),
      arrived: async () => service.records.map((one) => (one.record.case === "usage" ? one.record.value.callId : "")),
      commit: async () => {},
    };
  },
};

describe.each(Object.entries(streams))("usage stream: %s", (_, open) => {
  it("hands records on in order and knows when the ledger has them", async () => {
    const { stream, arrived, commit } = await open();
    expect(await stream.watermark(signal)).toBe(0n);
    await stream.send(records(1, 2), signal);
    await stream.send(records(3), signal);
    expect(await arrived()).toEqual(["call-1", "call-2", "call-3"]);
    await commit(3n);
    expect(await stream.watermark(signal)).toBe(3n);
  });

  it("bears a record that is sent again", async () => {
    const { stream, arrived } = await open();
    await stream.send(records(1), signal);
    await stream.send(records(1, 2), signal);
    expect(new Set(await arrived())).toEqual(new Set(["call-1", "call-2"]));
  });

  it("does nothing for a caller that has gone", async () => {
    const { stream, arrived } = await open();
    await expect(stream.send(records(1), AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
    expect(await arrived()).toEqual([]);
  });
});

it("Redis: says that it lost records which the ledger had not, and nothing of those which it had", async () => {
  const connections = await connected();
  const stream = redisUsageStream({ redis: connections, logName: "log-1", confirmed: () => 0n });
  await stream.send(records(1, 2), signal);
  await connections.config.flushall();
  await expect(stream.watermark(signal)).rejects.toThrow(RecordsLost);
  await stream.send(records(1, 2), signal);
  await connections.config.hset(usageWatermarkKey, "log-1", "2");
  await connections.config.xtrim(usageStreamKey, "MAXLEN", 0);
  expect(await stream.watermark(signal)).toBe(2n);
});

it("Redis: a watermark that was forgotten is put back from what the log knows", async () => {
  const connections = await connected();
  const stream = redisUsageStream({ redis: connections, logName: "log-1", confirmed: () => 41n });
  expect(await stream.watermark(signal)).toBe(41n);
  expect(await connections.config.hget(usageWatermarkKey, "log-1")).toBe("41");
});
