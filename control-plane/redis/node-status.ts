/**
 * Hears the nodes' reports on their Redis channel. Fails open: a report that is lost is followed by another within two
 * seconds. A ping each second finds a half-open link, which a subscription alone would not notice for most of a minute.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { nodeStatusChannel } from "#agreements/redis-names.ts";
import { type NodeStatus, NodeStatusSchema } from "#proto/penstock/config/v1/node_pb.ts";
import type { Logger } from "../logger.ts";
import { closeRedis, connectRedis, isReady } from "./connect.ts";

const pingEveryMs = 1000;
/** A report is some hundred bytes, with all that it may list some 90 kB; what is longer is none. */
const reportBytesMax = 128 * 1024;

export interface NodeStatusSubscription {
  close(): void;
}

export function subscribeNodeStatus(url: string, logger: Logger, report: (status: NodeStatus) => void): NodeStatusSubscription {
  const client = connectRedis(url, "subscribe", logger);
  // Where subscribing fails the link just broke, and the next "ready" subscribes.
  client.on("ready", () => void client.subscribe(nodeStatusChannel).catch(() => client.disconnect(true)));
  client.on("messageBuffer", (_channel: Buffer, bytes: Buffer) => {
    if (bytes.length > reportBytesMax) return;
    try {
      report(fromBinary(NodeStatusSchema, bytes));
    } catch (error) {
      logger.debug({ err: error }, "a message on the node status channel is not a node's report");
    }
  });
  const ping = setInterval(() => {
    if (isReady(client)) client.ping().catch(noAnswer);
  }, pingEveryMs);
  return {
    close: () => {
      clearInterval(ping);
      closeRedis(client);
    },
  };
}

/** The connection's socket timeout destroys the link; the client logs that. */
const noAnswer = () => {};
