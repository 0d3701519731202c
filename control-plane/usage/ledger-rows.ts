/**
 * Usage records as rows of the ledger: names of columns, and how each field is written. Pure. Rows travel by column, one array
 * for each, so a statement is the same text for one row and for thousands, and PostgreSQL reads values and not a document.
 * Unknown stays null and never becomes 0.
 */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { FeedbackEvent, UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type ArrayElement, arrayParameter } from "../database/bound-statement.ts";
import { outcomeNameOf, textOf } from "./ledger-text.ts";

interface Column<Event> {
  /** What the array holds. */
  readonly type: string;
  readonly of: (event: Event) => ArrayElement;
  /** From what the array holds to what the column does; absent: as it is. */
  readonly read?: (given: string) => string;
}

const asJson = (given: string) => `${given}::jsonb`;
/** Microseconds since the epoch, which is what PostgreSQL keeps. */
const asInstant = (given: string) => `timestamptz 'epoch' + ${given} * interval '1 microsecond'`;

const word = (of: (event: UsageEvent) => string): Column<UsageEvent> => ({ type: "text", of: (event) => textOf(of(event)) });
const whole = (of: (event: UsageEvent) => number | bigint | undefined): Column<UsageEvent> => ({
  type: "bigint",
  of: (event) => of(event)?.toString() ?? null,
});
const json = (of: (event: UsageEvent) => unknown): Column<UsageEvent> => ({
  type: "text",
  read: asJson,
  of: (event) => {
    const value = of(event);
    return value === null ? null : JSON.stringify(value);
  },
});

const usageColumns: Readonly<Record<string, Column<UsageEvent>>> = {
  call_id: { type: "uuid", of: ({ callId }) => callId },
  node_id: word(({ nodeId }) => nodeId),
  started_at: { type: "bigint", read: asInstant, of: ({ startedAt }) => microsOf(startedAt) },
  organisation_id: { type: "uuid", of: ({ organisationId }) => organisationId },
  project_id: word(({ projectId }) => projectId),
  api_key_id: word(({ apiKeyId }) => apiKeyId),
  end_user_hash: word(({ endUserHash }) => endUserHash),
  route_id: word(({ routeId }) => routeId),
  route_name: word(({ routeName }) => routeName),
  ingress: word(({ ingress }) => ingress),
  streamed: { type: "boolean", of: ({ streamed }) => streamed },
  attempts: json(({ attempts }) =>
    attempts.map((attempt) => ({
      backendId: textOf(attempt.backendId),
      result: textOf(attempt.result),
      durationMs: attempt.durationMs,
      httpStatus: attempt.httpStatus,
      startedAfterMs: attempt.startedAfterMs,
    })),
  ),
  backend_id: word(({ backendId }) => backendId),
  provider_id: word(({ providerId }) => providerId),
  model_asked: word(({ modelAsked }) => modelAsked),
  model_served: word(({ modelServed }) => modelServed),
  prompt_id: word(({ promptId }) => promptId),
  prompt_version: { type: "integer", of: ({ promptVersion }) => promptVersion },
  exposure: json(({ exposure }) =>
    exposure === undefined
      ? null
      : {
          experimentId: textOf(exposure.experimentId),
          variantKey: textOf(exposure.variantKey),
          unitType: textOf(exposure.unitType),
          unitHash: textOf(exposure.unitHash),
          bucket: exposure.bucket,
          hashVersion: exposure.hashVersion,
          forced: exposure.forced,
          phase: exposure.phase,
          sticky: exposure.sticky,
          holdout: textOf(exposure.holdout),
        },
  ),
  input_tokens: whole(({ usage }) => usage?.inputTokens),
  output_tokens: whole(({ usage }) => usage?.outputTokens),
  cache_read_tokens: whole(({ usage }) => usage?.cacheReadTokens),
  cache_write_tokens: whole(({ usage }) => usage?.cacheWriteTokens),
  reasoning_tokens: whole(({ usage }) => usage?.reasoningTokens),
  usage_estimated: { type: "boolean", of: ({ usage }) => usage?.estimated ?? null },
  usage_raw: { type: "text", of: ({ usage }) => (usage === undefined ? null : textOf(usage.raw)) },
  cost_nanodollars: whole(({ costNanodollars }) => costNanodollars),
  price_version: whole(({ priceVersion }) => priceVersion),
  duration_ms: whole(({ durationMs }) => durationMs),
  time_to_first_token_ms: whole(({ timeToFirstTokenMs }) => timeToFirstTokenMs),
  outcome: { type: "text", of: ({ outcome }) => outcomeNameOf(outcome) },
  error_reason: word(({ errorReason }) => errorReason),
  finish_reason: word(({ finishReason }) => finishReason),
  cache: word(({ cache }) => cache),
  config_epoch: word(({ configEpoch }) => configEpoch),
  config_number: whole(({ configNumber }) => configNumber),
  tags: json(({ tags }) => Object.fromEntries(Object.entries(tags).map(([name, value]) => [textOf(name), textOf(value)]))),
  cache_write_one_hour_tokens: whole(({ usage }) => usage?.cacheWriteOneHourTokens),
  audio_input_tokens: whole(({ usage }) => usage?.audioInputTokens),
  audio_output_tokens: whole(({ usage }) => usage?.audioOutputTokens),
  image_input_tokens: whole(({ usage }) => usage?.imageInputTokens),
  image_output_tokens: whole(({ usage }) => usage?.imageOutputTokens),
  discount_basis_points: { type: "integer", of: ({ discountBasisPoints }) => discountBasisPoints },
  request_id: word(({ requestId }) => requestId),
  quota_marks: json(({ quotaMarks }) =>
    quotaMarks.length === 0
      ? null
      : quotaMarks.map(({ quotaId, quotaKey, scope, resource, window, enforcement, effect }) => ({
          quotaId: textOf(quotaId),
          quotaKey: textOf(quotaKey),
          scope: textOf(scope),
          resource: textOf(resource),
          window: textOf(window),
          enforcement: textOf(enforcement),
          effect: textOf(effect),
        })),
  ),
  session_hash: word(({ sessionHash }) => sessionHash),
  timeline: { type: "text", read: (given) => `decode(${given}, 'hex')`, of: ({ timeline }) => timelineText(timeline) },
};

const timelineBytesMax = 1024;
/** Hex. What is longer was not written by a node of ours. */
const timelineText = (bytes: Uint8Array): string | null =>
  bytes.length === 0 || bytes.length > timelineBytesMax ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");

const feedbackColumns: Readonly<Record<string, Column<FeedbackEvent>>> = {
  feedback_id: { type: "uuid", of: ({ feedbackId }) => feedbackId },
  node_id: { type: "text", of: ({ nodeId }) => textOf(nodeId) },
  recorded_at: { type: "bigint", read: asInstant, of: ({ recordedAt }) => microsOf(recordedAt) },
  organisation_id: { type: "uuid", of: ({ organisationId }) => organisationId },
  api_key_id: { type: "text", of: ({ apiKeyId }) => textOf(apiKeyId) },
  call_id: { type: "uuid", of: ({ callId }) => callId },
  metric: { type: "text", of: ({ metric }) => textOf(metric) },
  boolean_value: { type: "boolean", of: ({ value }) => (value.case === "boolean" ? value.value : null) },
  number_value: { type: "double precision", of: ({ value }) => (value.case === "number" ? value.value : null) },
  category_value: { type: "text", of: ({ value }) => (value.case === "category" ? textOf(value.value) : null) },
  comment_value: { type: "text", of: ({ value }) => (value.case === "comment" ? textOf(value.value) : null) },
  demonstration_value: { type: "text", of: ({ value }) => (value.case === "demonstration" ? textOf(value.value) : null) },
  end_user_hash: { type: "text", of: ({ endUserHash }) => textOf(endUserHash) },
  session_hash: { type: "text", of: ({ sessionHash }) => textOf(sessionHash) },
};

export interface LedgerTable<Event> {
  /** One parameter for each column. Answers one row: how many were new, and which where that is not all. */
  readonly statement: string;
  parameters(events: readonly Event[]): readonly string[];
}

export const usageTable = tableOf("usage_event", usageColumns, "call_id");
export const feedbackTable = tableOf("feedback", feedbackColumns, "feedback_id");

function tableOf<Event>(table: string, columns: Readonly<Record<string, Column<Event>>>, key: string): LedgerTable<Event> {
  const names = Object.keys(columns);
  const forms = Object.values(columns);
  const given = forms.map(({ type }, index) => `$${index + 1}::${type}[]`).join(", ");
  const read = Object.entries(columns).map(([name, { read: reader }]) => (reader === undefined ? name : reader(name)));
  return {
    statement: `with written as (
      insert into ${table} (${names.join(", ")}) select ${read.join(", ")} from unnest(${given}) as given (${names.join(", ")})
      on conflict (${key}) do nothing returning ${key} as id)
      select count(*)::integer as written,
        case when count(*) < cardinality($1::uuid[]) then array_agg(id::text) end as ids from written`,
    parameters: (events) => forms.map(({ of }) => arrayParameter(events.map(of))),
  };
}

/** Null where it is absent, which the table refuses. */
function microsOf(timestamp: Timestamp | undefined): string | null {
  if (timestamp === undefined) return null;
  const micros = Math.floor(timestamp.nanos / 1000);
  const seconds = Number(timestamp.seconds);
  // Out of a double's whole numbers: given as it is, so that the database refuses this one record by name.
  return Math.abs(seconds) < 9_000_000_000 ? String(seconds * 1_000_000 + micros) : `${timestamp.seconds}000000`;
}
