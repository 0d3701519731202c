/** Feedback as a record for the ledger, whichever way it came in: checked, and with no caller's own id in it. */
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { validate as isUuid, NIL, v7 as uuidv7 } from "uuid";
import type { RecordFeedbackRequest } from "#proto/penstock/inference/v1/feedback_pb.ts";
import { UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Caller } from "../pipeline/authenticate.ts";
import type { ModelDependencies } from "./models.ts";

export interface FeedbackDependencies extends ModelDependencies {
  readonly nodeId: string;
  readonly pseudonym: (id: string) => string;
  /** Appends bytes of a UsageRecord to the node's log. */
  readonly append: (record: Uint8Array) => void;
}

export type Feedback = Omit<RecordFeedbackRequest, "$typeName" | "$unknown">;

const lengthsMax = { category: 64, comment: 4096, demonstration: 65_536 };

/** @returns its id. @throws GatewayError INVALID_ARGUMENT naming the field. */
export function takeFeedback(
  feedback: Feedback,
  { organisationId, apiKey }: Caller,
  nowMs: number,
  dependencies: FeedbackDependencies,
): string {
  const { nodeId, pseudonym, append } = dependencies;
  check(feedback);
  const feedbackId = feedback.feedbackId || uuidv7();
  const record = create(UsageRecordSchema, {
    record: {
      case: "feedback",
      value: {
        feedbackId,
        nodeId,
        recordedAt: timestampFromMs(nowMs),
        organisationId,
        apiKeyId: apiKey.id,
        // No call has this id: the session is what is judged.
        callId: feedback.requestId === "" ? NIL : feedback.requestId,
        metric: feedback.metric,
        value: feedback.value,
        endUserHash: feedback.endUserId === "" ? "" : pseudonym(feedback.endUserId),
        sessionHash: feedback.sessionId === "" ? "" : pseudonym(feedback.sessionId),
      },
    },
  });
  append(toBinary(UsageRecordSchema, record));
  return feedbackId;
}

function check({ feedbackId, requestId, sessionId, metric, value, endUserId }: Feedback): void {
  if (feedbackId !== "" && !isUuid(feedbackId)) throw wrong("feedback_id", "must be a UUID");
  if (requestId === "" && sessionId === "")
    throw wrong("request_id", "must be the x-penstock-call-id of the call that is judged, or session_id its session");
  if (requestId !== "" && !isUuid(requestId)) throw wrong("request_id", "must be the x-penstock-call-id of the call that is judged");
  if (sessionId.length > 256) throw wrong("session_id", "must have at most 256 characters");
  if (!/^[a-z0-9_.-]{1,64}$/.test(metric)) throw wrong("metric", "must be 1 to 64 of a-z, 0-9, _, . and -");
  if (endUserId.length > 512) throw wrong("end_user_id", "must have at most 512 characters");
  switch (value.case) {
    case undefined:
      throw wrong("value", "must be said: one of boolean, number, category, comment, demonstration");
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
