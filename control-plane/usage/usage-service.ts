/**
 * Usage records straight from a node, where there is no Redis between: answers when all of them are committed. A record that
 * the database refuses for its content would be refused again for ever, so it is written to the log whole and counted as
 * taken; while the database is away the answer is UNAVAILABLE, and the node keeps its records and asks again.
 */
import { toJson } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { type UsageRecord, UsageRecordSchema, type UsageService } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { ServiceHandlers } from "../../proto/transport/grpc-server.ts";
import { recordContent } from "../content/record-content.ts";
import { ControlError } from "../control-error.ts";
import type { Database } from "../database/orm.ts";
import type { Logger } from "../logger.ts";
import { ConfigServiceRefusal } from "../snapshot/config-service.ts";
import type { CallFeed } from "./call-feed.ts";
import { readQuotaUse } from "./quota-use.ts";
import { recordUsage } from "./record-usage.ts";

const recordsMax = 1000;
const contentsMax = 100;

export const usageHandlers = (
  database: Database,
  feed: Pick<CallFeed, "publish">,
  logger: Logger,
): ServiceHandlers<typeof UsageService> => ({
  readQuotaUse: async ({ organisationId }) => {
    try {
      return { uses: [...(await readQuotaUse(database, organisationId, new Date()))] };
    } catch (error) {
      throw refusalOf(error);
    }
  },
  recordContent: async ({ nodeId, contents }) => {
    if (contents.length > contentsMax)
      throw new ConfigServiceRefusal(status.INVALID_ARGUMENT, `at most ${contentsMax} contents in one call, these are ${contents.length}`);
    try {
      const { recorded, refused } = await recordContent(database, contents, Date.now());
      if (refused.length > 0) logger.warn({ nodeId, callIds: refused }, "what was said in calls cannot be kept");
      return { recorded };
    } catch (error) {
      throw refusalOf(error);
    }
  },
  recordUsage: async ({ nodeId, records }) => {
    if (records.length > recordsMax)
      throw new ConfigServiceRefusal(status.INVALID_ARGUMENT, `at most ${recordsMax} records in one call, these are ${records.length}`);
    try {
      const { recorded, calls, rejected } = await recordUsage(database, records);
      feed.publish(calls);
      for (const { index, reason } of rejected)
        logger.error(
          { nodeId, reason, record: readable(records[index]) },
          "a usage record cannot be written to the ledger; it stands only here",
        );
      return { recorded };
    } catch (error) {
      throw refusalOf(error);
    }
  },
});

const refusalOf = (error: unknown): unknown =>
  error instanceof ControlError && error.kind === "UNAVAILABLE" ? new ConfigServiceRefusal(status.UNAVAILABLE, error.message) : error;

function readable(record: UsageRecord | undefined): unknown {
  try {
    return record === undefined ? undefined : toJson(UsageRecordSchema, record);
  } catch {
    return undefined;
  }
}
