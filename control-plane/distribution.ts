/**
 * Everything between the database and the nodes, started in one place: the publisher, the gRPC services that nodes call, what
 * is known of the nodes, and the consumer of usage records. Each goes on by itself when Redis or the database is away.
 */
import { openCallFeed } from "./redis/call-feed.ts";
import { openConfigChannel } from "./redis/config-channel.ts";
import { openDeadLetters } from "./redis/dead-letters.ts";
import { subscribeNodeStatus } from "./redis/node-status.ts";
import { openQuotaCounters } from "./redis/quota-counters.ts";
import { openUsageQueue } from "./redis/usage-queue.ts";
import type { Propagation, Services } from "./services.ts";
import { serveConfig } from "./snapshot/config-service.ts";
import { databaseHistory } from "./snapshot/database-history.ts";
import { databaseNodes } from "./snapshot/database-nodes.ts";
import { trackNodes } from "./snapshot/node-tracker.ts";
import { publishConfig } from "./snapshot/publish.ts";
import { openSnapshotSource } from "./snapshot/snapshot-source.ts";
import { type CallFeed, localCallFeed } from "./usage/call-feed.ts";
import { consumeUsage } from "./usage/consume-events.ts";
import { type DeadLetters, noDeadLetters } from "./usage/dead-letters.ts";
import { keepLedger, sumLedgerOnce } from "./usage/keep-ledger.ts";
import type { QuotaCounters } from "./usage/quota-level.ts";
import { usageHandlers } from "./usage/usage-service.ts";

export interface Distribution {
  /** Where nodes find ConfigService and UsageService. */
  readonly configPort: number;
  readonly propagation: Propagation;
  readonly callFeed: CallFeed;
  readonly deadLetters: DeadLetters;
  /** undefined: there is no Redis. */
  readonly quotaCounters: QuotaCounters | undefined;
  /** Nodes are cut off first, then what is in hand is finished, within about three seconds. */
  close(): Promise<void>;
}

/** @throws Error naming the address, where the port for nodes cannot be bound. */
export async function startDistribution(
  services: Pick<Services, "settings" | "logger" | "database" | "signer" | "committed">,
): Promise<Distribution> {
  const { settings, logger, database, signer, committed } = services;
  await sumLedgerOnce(database);
  const { redisUrl } = settings;
  const callFeed = redisUrl === undefined ? { ...localCallFeed(), close: () => {} } : openCallFeed(redisUrl, logger);
  const deadLetters = redisUrl === undefined ? { ...noDeadLetters, close: () => {} } : openDeadLetters(redisUrl, logger);
  const history = databaseHistory(database);
  const source = openSnapshotSource(history, signer);
  const tracker = trackNodes(databaseNodes(database), logger);
  const configService = await serveConfig({
    source,
    nodes: tracker,
    usage: usageHandlers(database, callFeed, logger),
    pepper: settings.pepper,
    address: { host: settings.host, port: settings.configPort },
    logger,
  });
  const publisher = publishConfig({
    history,
    source,
    channel: redisUrl === undefined ? undefined : openConfigChannel(redisUrl, logger),
    logger,
    onCommit: committed.onCommit,
    liveNodes: () => tracker.heard().filter(({ live }) => live).length,
  });
  const statuses = redisUrl === undefined ? undefined : subscribeNodeStatus(redisUrl, logger, tracker.report);
  const keeper = keepLedger(database, settings, logger);
  const ledger = redisUrl === undefined ? undefined : consumeUsage(openUsageQueue(redisUrl, logger), database, callFeed, logger);
  const quotaCounters = redisUrl === undefined ? undefined : openQuotaCounters(redisUrl, logger);
  return {
    configPort: configService.port,
    callFeed,
    deadLetters,
    quotaCounters,
    propagation: {
      wait: tracker.wait,
      nodes: tracker.nodes,
      heard: tracker.heard,
      nameOf: tracker.nameOf,
      onReport: tracker.onReport,
      current: source.current,
      onChange: source.onChange,
    },
    close: async () => {
      await configService.close();
      statuses?.close();
      quotaCounters?.close();
      await Promise.all([publisher.close(), ledger?.close(), keeper.close()]);
      await tracker.close();
      callFeed.close();
      deadLetters.close();
    },
  };
}
