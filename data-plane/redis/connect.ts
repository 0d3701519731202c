/**
 * The data plane's connections to Redis, and the breaker that keeps a sick Redis off the path of a call.
 *
 * ioredis by default queues commands while it is disconnected, sends them again when a reply is lost, and waits for a hung
 * server without end: a Redis outage would be ours. Here nothing is queued, nothing is sent twice by the library, each
 * command and each socket has a clock. Four connections, because one that waits on a large snapshot must not hold up a quota.
 */
import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { Logger } from "pino";
import { readRedisAddress } from "#agreements/redis-address.ts";

export interface RedisConnections {
  /** Quota scripts, on the path of a call: 50 ms a command. Only behind the breaker. */
  readonly quota: Redis;
  /** Usage records: 2 s a command. */
  readonly stream: Redis;
  /** Pulling configuration and publishing this node's status: 5 s a command, because a snapshot may be large. */
  readonly config: Redis;
  /** In subscriber mode. Does not subscribe again by itself: whoever subscribes does so on each "ready". */
  readonly subscriber: Redis;
  readonly breaker: Breaker;
  close(): void;
}

/** While open, the path of a call does not touch Redis at all. */
export interface Breaker {
  /** Whether a command may be tried. */
  readonly closed: boolean;
  /** @throws RedisUnavailable at once while open or not connected, else what the command throws. */
  run<T>(command: (redis: Redis) => Promise<T>): Promise<T>;
}

export class RedisUnavailable extends Error {
  override readonly name = "RedisUnavailable";
}

/** How long a call waits for one command, in milliseconds. */
const commandMsMax = 50;
/** A clock of 50 ms that rings only then has waited for our own event loop, in milliseconds. */
const lateMs = 70;
/** Five failures in a row, or failures for this long, open the breaker. */
const failuresMax = 5;
const failingMsMax = 200;
/** While open, one PING goes out in this rhythm, in milliseconds, give or take a fifth. */
const probeMs = 1000;

const common: RedisOptions = {
  protocol: 2,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  connectTimeout: 500,
  disableClientInfo: true,
  // Grows to 1 s with jitter: a hundred nodes must not knock in the same millisecond.
  retryStrategy: (times) => retryMs(times),
  // After a failover the old master answers READONLY for ever; a new connection finds the new one.
  reconnectOnError: (error) => error.message.startsWith("READONLY"),
};

const retryMs = (times: number): number => Math.min(1000, 50 * 2 ** Math.min(times, 5)) * (0.8 + Math.random() * 0.4);

export function connectRedis(url: string, logger: Logger): RedisConnections {
  const open = (role: string, options: RedisOptions): Redis => {
    const redis = connect(url, { ...common, ...options });
    logStateChanges(redis, role, logger);
    return redis;
  };
  // The breaker keeps this one's clocks: those of ioredis fire before a reply is read that came while the event loop was busy.
  const quota = open("quota", { commandTimeout: 2000 });
  const stream = open("stream", { commandTimeout: 2000, socketTimeout: 2500 });
  const config = open("config", { commandTimeout: 5000, socketTimeout: 5500 });
  const subscriber = open("subscriber", { commandTimeout: 2000 });
  const breaker = breakerOf(quota, logger);
  return {
    quota,
    stream,
    config,
    subscriber,
    breaker,
    close: () => {
      breaker.close();
      for (const redis of [quota, stream, config, subscriber]) redis.disconnect();
    },
  };
}

/** A server, the master that sentinels name, or a cluster, which takes the same commands. */
function connect(url: string, given: Omit<RedisOptions, "replyMapping">): Redis {
  const options = { ...given, replyMapping: "legacy" as const };
  const address = readRedisAddress(url);
  if (address.kind === "server") return new Redis(address.url, options);
  if (address.kind === "sentinel")
    return new Redis({
      ...options,
      ...address.credentials,
      sentinels: [...address.hosts],
      name: address.name,
      sentinelRetryStrategy: retryMs,
      sentinelCommandTimeout: 500,
      failoverDetector: true,
    });
  const { retryStrategy: _, ...redisOptions } = { ...options, ...address.credentials };
  const cluster = new Cluster([...address.hosts], {
    redisOptions,
    enableOfflineQueue: false,
    clusterRetryStrategy: retryMs,
    slotsRefreshTimeout: 1000,
    slotsRefreshInterval: 5000,
    retryDelayOnFailover: 50,
  });
  // What is destroyed where a server hangs: of a cluster, all of its connections.
  Object.defineProperty(cluster, "stream", { value: { destroy: () => cluster.disconnect(true) } });
  // Both have every command that is used; only their types know nothing of each other.
  return cluster as unknown as Redis;
}

/** One line when a connection is lost and one when it is back, not one for each try. */
function logStateChanges(redis: Redis, role: string, logger: Logger): void {
  let state: "unknown" | "up" | "down" = "unknown";
  let reason = "closed";
  redis.on("ready", () => {
    if (state !== "up") logger.info({ role }, "Redis connected");
    state = "up";
  });
  // Without a listener ioredis prints each error to standard error.
  redis.on("error", (error: Error) => {
    reason = error.message || error.name;
  });
  redis.on("close", () => {
    if (state !== "down") logger.warn({ role, reason }, "Redis connection lost; trying again until it is back");
    state = "down";
  });
  redis.on("end", () => {
    state = "down";
  });
}

function breakerOf(redis: Redis, logger: Logger): Breaker & { close(): void } {
  let failures = 0;
  let failingSinceMs = 0;
  let open = false;
  let probe: NodeJS.Timeout | undefined;

  const succeeded = () => {
    failures = 0;
    if (!open) return;
    open = false;
    clearTimeout(probe);
    logger.info("Redis answers again: quotas are shared again");
  };
  const failed = () => {
    const now = performance.now();
    if (failures === 0) failingSinceMs = now;
    failures++;
    if (open || (failures < failuresMax && now - failingSinceMs < failingMsMax)) return;
    open = true;
    // What hangs is not waited for: a new connection shows when the server is back.
    if (redis.status === "ready") redis.stream.destroy();
    logger.warn("Redis does not answer: calls go on without it until it does");
    probeLater();
  };
  const probeLater = () => {
    probe = setTimeout(
      () => {
        if (redis.status !== "ready") return probeLater();
        inTime(redis.ping()).then(succeeded, probeLater);
      },
      probeMs * (0.8 + Math.random() * 0.4),
    );
    probe.unref();
  };

  return {
    get closed() {
      return !open && redis.status === "ready";
    },
    run: async (command) => {
      if (open || redis.status !== "ready") throw new RedisUnavailable("Redis cannot be reached");
      try {
        const answer = await inTime(command(redis));
        succeeded();
        return answer;
      } catch (cause) {
        // An answer that says "error" is an answer: only silence and lost connections count.
        // So is a server that says it is not the one to ask.
        if (cause instanceof Error && cause.name === "ReplyError" && !notServing.test(cause.message)) succeeded();
        else failed();
        throw cause;
      }
    },
    close: () => clearTimeout(probe),
  };
}

const notServing = /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF)/;

/**
 * Rejects when the answer takes too long. A stall of our own event loop is not the server's: a clock that rings late is set
 * once more, and what has come by then is read first.
 */
function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const setMs = performance.now();
    const giveUp = () => setImmediate(() => reject(new RedisUnavailable(`Redis did not answer within ${commandMsMax} ms`)));
    let timer = setTimeout(() => {
      if (performance.now() - setMs < lateMs) giveUp();
      else timer = setTimeout(giveUp, commandMsMax);
    }, commandMsMax);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
