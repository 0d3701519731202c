/** `penstock.inference.v1.FeedbackService`: takes feedback into the node's log, on the same way to the ledger as usage. */
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { validate as isUuid, v7 as uuidv7 } from "uuid";
import type { FeedbackService, RecordFeedbackRequest } from "#proto/penstock/inference/v1/feedback_pb.ts";
import { UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { ServiceHandlers } from "../../proto/transport/grpc-server.ts";
import { GatewayError } from "../gateway-error.ts";
import { readSnapshot } from "../snapshot/snapshot-source.ts";
import { readCallerHeaders } from "./caller-headers.ts";
import type { ModelDependencies } from "./openai-models.ts";

export interface FeedbackDependencies extends ModelDependencies {
  readonly nodeId: string;
  readonly pseudonym: (id: string) => string;
  /** Appends bytes of a UsageRecord to the node's log. */
  readonly append: (record: Uint8Array) => void;
}

const lengthsMax = { category: 64, comment: 4096, demonstration: 65_536 };

export function feedbackService({
  snapshot,
  authenticate,
  nodeId,
  pseudonym,
  append,
}: FeedbackDependencies): ServiceHandlers<typeof FeedbackService> {
  return {
    async recordFeedback(request, call) {
      const { credential } = readCallerHeaders((name) => call.metadata.get(name)[0]?.toString());
      const nowMs = Date.now();
      const { organisationId, apiKey } = authenticate(readSnapshot(snapshot), credential, nowMs);
      check(request);
      const feedbackId = request.feedbackId || uuidv7();
      const record = create(UsageRecordSchema, {
        record: {
          case: "feedback",
          value: {
            feedbackId,
            nodeId,
            recordedAt: timestampFromMs(nowMs),
            organisationId,
            apiKeyId: apiKey.id,
            callId: request.requestId,
            metric: request.metric,
            value: request.value,
            endUserHash: request.endUserId === "" ? "" : pseudonym(request.endUserId),
          },
        },
      });
      append(toBinary(UsageRecordSchema, record));
      return { feedbackId };
    },
  };
}

function check({ feedbackId, requestId, metric, value, endUserId }: RecordFeedbackRequest): void {
  if (feedbackId !== "" && !isUuid(feedbackId)) throw wrong("feedback_id", "must be a UUID");
  if (requestId === "" || requestId.length > 128) throw wrong("request_id", "must be the x-penstock-call-id of the call that is judged");
  if (!/^[a-z0-9_.-]{1,64}$/.test(metric)) throw wrong("metric", "must be 1 to 64 of a-z, 0-9, _, . and -");
  if (endUserId.length > 512) throw wrong("end_user_id", "must have at most 512 characters");
  switch (value.case) {
    case undefined:
      throw wrong("value", "must be said");
    case "number":
      if (!Number.isFinite(value.value)) throw wrong("number", "must be finite");
      break;
    case "boolean":
      break;
    default:
      if (value.value.length > lengthsMax[value.case]) throw wrong(value.case, `must have at most ${lengthsMax[value.case]} characters`);
  }
}

const wrong = (field: string, what: string) => new GatewayError("INVALID_ARGUMENT", `${field} ${what}`, { field });
