/** Calls in the ledger, as nodes record them. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { v7 } from "uuid";
import { Outcome, type UsageEventSchema, type UsageRecord, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { Database } from "../../control-plane/database/orm.ts";
import { recordUsage } from "../../control-plane/usage/record-usage.ts";

export interface CallFacts extends Omit<MessageInitShape<typeof UsageEventSchema>, "startedAt"> {
  readonly organisationId: string;
  readonly at: Date;
}

export function usageRecord({ at, ...facts }: CallFacts): UsageRecord {
  return create(UsageRecordSchema, {
    record: {
      case: "usage",
      value: {
        callId: v7({ msecs: at.getTime() }),
        nodeId: "node",
        projectId: "project",
        apiKeyId: "key",
        routeId: "route",
        routeName: "chat",
        ingress: "openai-chat",
        backendId: "backend",
        providerId: "provider",
        modelAsked: "chat",
        modelServed: "model",
        outcome: Outcome.OK,
        finishReason: "stop",
        cache: "off",
        usage: { inputTokens: 100n, outputTokens: 10n },
        ...facts,
        startedAt: timestampFromDate(at),
      } as MessageInitShape<typeof UsageEventSchema>,
    },
  });
}

export async function recordCalls(database: Database, calls: readonly CallFacts[]): Promise<void> {
  const { rejected } = await recordUsage(database, calls.map(usageRecord));
  if (rejected.length > 0) throw new Error(rejected[0]?.reason);
}
