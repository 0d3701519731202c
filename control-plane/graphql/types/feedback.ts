/** What was said of answers: read, and recorded by reviewers. Imported for its side effects by schema.ts. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { v7 } from "uuid";
import { pseudonymOf } from "#agreements/pseudonym.ts";
import { type FeedbackEvent, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { ForbiddenError, NotFoundError, ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { Feedback as FeedbackEntity } from "../../database/entities/feedback.ts";
import { requireStorable } from "../../storable-text.ts";
import { recordUsage } from "../../usage/record-usage.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";

const shownMax = 500;
const nilId = "00000000-0000-0000-0000-000000000000";

const FeedbackType = builder.objectRef<FeedbackEntity>("Feedback").implement({
  description: "What was said of an answer. One of the five values is there.",
  fields: (t) => ({
    id: t.id({ resolve: (row) => row.feedbackId }),
    recordedAt: t.field({ type: "DateTime", resolve: (row) => row.recordedAt }),
    callId: t.id({
      nullable: true,
      description: "Null: a whole session was judged.",
      resolve: (row) => (row.callId === nilId ? null : row.callId),
    }),
    sessionHash: t.exposeString("sessionHash"),
    metric: t.exposeString("metric"),
    boolean: t.boolean({ nullable: true, resolve: (row) => row.booleanValue ?? null }),
    number: t.float({ nullable: true, resolve: (row) => row.numberValue ?? null }),
    category: t.string({ nullable: true, resolve: (row) => row.categoryValue ?? null }),
    comment: t.string({ nullable: true, resolve: (row) => row.commentValue ?? null }),
    demonstration: t.string({ nullable: true, resolve: (row) => row.demonstrationValue ?? null }),
  }),
});

builder.queryField("feedback", (t) =>
  t.field({
    type: [FeedbackType],
    description: `The newest first; at most ${shownMax}.`,
    authScopes: { viewer: true },
    args: { callId: t.arg.id(), metric: t.arg.string(), first: t.arg.int() },
    resolve: (_root, { callId, metric, first }, context) => {
      requireStorable({ metric });
      if (first != null && (first < 1 || first > shownMax))
        throw new ValidationError([{ path: "first", message: `must be from 1 to ${shownMax}` }]);
      if (callId != null && !isUuid(callId)) return [];
      return inOrganisation(context, (em) =>
        em.find(
          FeedbackEntity,
          { ...(callId == null ? {} : { callId }), ...(metric == null ? {} : { metric }) },
          { orderBy: { recordedAt: "desc", feedbackId: "desc" }, limit: first ?? 50 },
        ),
      );
    },
  }),
);

const RecordFeedbackInput = builder.inputType("RecordFeedbackInput", {
  description: "Give a call or a session, and one of the five values.",
  fields: (t) => ({
    feedbackId: t.id({ description: "A UUID that makes a repeat harmless." }),
    callId: t.id(),
    sessionId: t.string(),
    metric: t.string({ required: true, description: "1 to 64 of a-z, 0-9, _, . and -." }),
    boolean: t.boolean(),
    number: t.float(),
    category: t.string({ description: "At most 64 characters." }),
    comment: t.string({ description: "At most 4096 characters." }),
    demonstration: t.string({ description: "How the answer should have been. At most 65536 characters." }),
  }),
});

const lengthsMax = { category: 64, comment: 4096, demonstration: 65_536 } as const;

builder.mutationField("recordFeedback", (t) =>
  t.field({
    type: "ID",
    description: "The feedback's id.",
    authScopes: { developer: true },
    errors: { types: [ValidationError, NotFoundError, ForbiddenError], dataField: { name: "feedbackId" }, directResult: false },
    args: { input: t.arg({ type: RecordFeedbackInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { organisationId, actor } = principalOf(context);
      const { pepper } = context.services.settings;
      const feedbackId = input.feedbackId ?? v7();
      const event = {
        feedbackId,
        nodeId: actor,
        recordedAt: timestampFromMs(Date.now()),
        organisationId,
        callId: input.callId ?? nilId,
        metric: input.metric,
        value: scoreOf(input),
        // As nodes write it, so that the two agree on what a session is.
        sessionHash: input.sessionId == null || input.sessionId === "" ? "" : pseudonymOf(pepper, input.sessionId),
      };
      const wrong = (path: string, message: string) => new ValidationError([{ path, message }]);
      requireStorable({ metric: input.metric, category: input.category, comment: input.comment, demonstration: input.demonstration });
      if (!isUuid(feedbackId)) throw wrong("feedbackId", "must be a UUID");
      if (!isUuid(event.callId)) throw wrong("callId", "must be the id of a call");
      if (event.callId === nilId && event.sessionHash === "") throw wrong("callId", "say which call or which session is judged");
      if (!/^[a-z0-9_.-]{1,64}$/.test(input.metric)) throw wrong("metric", "must be 1 to 64 of a-z, 0-9, _, . and -");
      await recordUsage(context.services.database, [create(UsageRecordSchema, { record: { case: "feedback", value: event } })]);
      return feedbackId;
    },
  }),
);

function scoreOf(input: typeof RecordFeedbackInput.$inferInput): FeedbackEvent["value"] {
  const given = (["boolean", "number", "category", "comment", "demonstration"] as const).filter((name) => input[name] != null);
  const [kind] = given;
  if (kind === undefined || given.length > 1)
    throw new ValidationError([{ path: given[1] ?? "boolean", message: "give one of boolean, number, category, comment, demonstration" }]);
  const value = input[kind];
  if (typeof value === "string" && value.length > lengthsMax[kind as "comment"])
    throw new ValidationError([{ path: kind, message: `may have ${lengthsMax[kind as "comment"]} characters` }]);
  return { case: kind, value } as FeedbackEvent["value"];
}
