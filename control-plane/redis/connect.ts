/**
 * Opens the control plane's connections to Redis. Redis is a pipe and a hint here, never the record: each command has a clock,
 * none is queued while the link is down, none is sent a second time behind our back, and the client goes on reconnecting for
 * ever. A link that goes or comes back is logged once, not once for each retry.
 *
 * One connection for each kind of work, because a blocking read or a subscription holds up whatever stands behind it.
 */
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { readRedisAddress } from "#agreements/redis-address.ts";
import type { Logger } from "../logger.ts";

export type RedisPurpose = "publish" | "subscribe" | "consume" | "acknowledge" | "dead-letters" | "quotas";

/** Nobody's call waits for these commands, so the clock is generous: a 20 MB snapshot must fit in it. In milliseconds. */
const commandTimeoutMs = 5_000;
/** Without an answer for so long the socket is destroyed: commandTimeout alone would leave a half-open link in use. */
const socketTimeoutMs = 3_000;
const connectTimeoutMs = 2_000;
const reconnectMsMax = 1_000;

/** Connections that we ended ourselves: their end is no news. */
const closing = new WeakSet<Redis>();

export function connectRedis(url: string, purpose: RedisPurpose, logger: Logger): Redis {
  const client = connect(url, {
    // The default of ioredis 6 is RESP3; the replies read here are those of RESP2.
    protocol: 2,
    connectionName: `penstock-control-plane-${purpose}`,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    commandTimeout: commandTimeoutMs,
    socketTimeout: socketTimeoutMs,
    connectTimeout: connectTimeoutMs,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), reconnectMsMax) * (0.8 + Math.random() * 0.4),
    // After a failover the old master answers READONLY for ever; a new connection finds the new one.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  });
  let state: "unknown" | "up" | "down" = "unknown";
  let lastError: Error | undefined;
  client.on("error", (error: Error) => {
    lastError = error;
  });
  client.on("ready", () => {
    if (state !== "up") logger.info({ purpose }, "connected to Redis");
    state = "up";
  });
  client.on("close", () => {
    if (closing.has(client)) return;
    // An error event may follow the close event, so the reason is read a turn later.
    if (state !== "down") setImmediate(() => logger.warn({ purpose, err: lastError }, "no connection to Redis; trying until it is back"));
    state = "down";
  });
  return client;
}

/** A server, the master that sentinels name, or a cluster, which takes the same commands. */
function connect(url: string, options: Omit<RedisOptions, "replyMapping">): Redis {
  const address = readRedisAddress(url);
  if (address.kind === "server") return new Redis(address.url, options);
  if (address.kind === "sentinel")
    return new Redis({ ...options, ...address.credentials, sentinels: [...address.hosts], name: address.name, failoverDetector: true });
  const { retryStrategy: _, ...redisOptions } = { ...options, ...address.credentials };
  const clusterOptions = { redisOptions, enableOfflineQueue: false, slotsRefreshInterval: reconnectMsMax * 5 };
  // Both have every command that is used; only their types know nothing of each other.
  return new Cluster([...address.hosts], clusterOptions) as unknown as Redis;
}

/** Whether a command would be sent now and not refused at once. */
export const isReady = (client: Redis): boolean => client.status === "ready";

/** Ends the connection for good, without waiting for an answer that may never come. */
export function closeRedis(client: Redis): void {
  closing.add(client);
  client.disconnect(false);
}
