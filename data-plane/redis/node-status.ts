/** Publishes what this node serves from. Nobody may be listening; the next report comes in two seconds. */
import { toBinary } from "@bufbuild/protobuf";
import { nodeStatusChannel } from "#agreements/redis-names.ts";
import { NodeStatusSchema } from "#proto/penstock/config/v1/node_pb.ts";
import type { NodeStatusReport } from "../snapshot/node-status-report.ts";
import type { RedisConnections } from "./connect.ts";

export function redisNodeStatus(redis: Pick<RedisConnections, "config">): NodeStatusReport {
  return {
    report: async (status, signal) => {
      signal.throwIfAborted();
      await redis.config.publish(nodeStatusChannel, Buffer.from(toBinary(NodeStatusSchema, status)));
    },
    // The connections belong to whoever made them.
    close: async () => {},
  };
}
