/** Publishes what this node serves from. Rejects where nobody listened, so that another way can be tried. */
import { toBinary } from "@bufbuild/protobuf";
import { nodeStatusChannel } from "#agreements/redis-names.ts";
import { NodeStatusSchema } from "#proto/penstock/config/v1/node_pb.ts";
import type { NodeStatusReport } from "../snapshot/node-status-report.ts";
import type { RedisConnections } from "./connect.ts";

export function redisNodeStatus(redis: Pick<RedisConnections, "config">): NodeStatusReport {
  return {
    report: async (status, signal) => {
      signal.throwIfAborted();
      const listeners = await redis.config.publish(nodeStatusChannel, Buffer.from(toBinary(NodeStatusSchema, status)));
      if (listeners === 0) throw new Error("no control plane listens on Redis");
    },
    // The connections belong to whoever made them.
    close: async () => {},
  };
}
