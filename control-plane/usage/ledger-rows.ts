/**
 * Usage records as rows of the ledger: names of columns, and how each field is written. Pure. Rows travel as one JSON
 * parameter that PostgreSQL takes apart by column, so a statement is the same text for one row and for five hundred.
 * Unknown stays null and never becomes 0. The character 0, which PostgreSQL's text cannot hold, is replaced and not refused:
 * a tag must not cost us a call's record.
 */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type FeedbackEvent, Outcome, type UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";

/** As the ledger names them. */
const outcomeNames: Readonly<Record<number, string>> = {
  [Outcome.UNSPECIFIED]: "internal_error",
  [Outcome.OK]: "ok",
  [Outcome.CLIENT_ERROR]: "client_error",
  [Outcome.DENIED]: "denied",
  [Outcome.UPSTREAM_ERROR]: "upstream_error",
  [Outcome.TIMEOUT]: "timeout",
  [Outcome.CANCELLED]: "cancelled",
  [Outcome.INTERNAL_ERROR]: "internal_error",
};

const usageColumns = {
  call_id: "uuid",
  node_id: "text",
  started_at: "timestamptz",
  organisation_id: "uuid",
  project_id: "text",
  api_key_id: "text",
  end_user_hash: "text",
  route_id: "text",
  route_name: "text",
  ingress: "text",
  streamed: "boolean",
  attempts: "jsonb",
  backend_id: "text",
  provider_id: "text",
  model_asked: "text",
  model_served: "text",
  prompt_id: "text",
  prompt_version: "integer",
  exposure: "jsonb",
  input_tokens: "bigint",
  output_tokens: "bigint",
  cache_read_tokens: "bigint",
  cache_write_tokens: "bigint",
  reasoning_tokens: "bigint",
  usage_estimated: "boolean",
  usage_raw: "text",
  cost_nanodollars: "bigint",
  price_version: "bigint",
  duration_ms: "bigint",
  time_to_first_token_ms: "bigint",
  outcome: "text",
  error_reason: "text",
  finish_reason: "text",
  cache: "text",
  config_epoch: "text",
  config_number: "bigint",
  tags: "jsonb",
} as const;

const feedbackColumns = {
  feedback_id: "uuid",
  node_id: "text",
  recorded_at: "timestamptz",
  organisation_id: "uuid",
  api_key_id: "text",
  call_id: "uuid",
  metric: "text",
  boolean_value: "boolean",
  number_value: "double precision",
  category_value: "text",
  comment_value: "text",
  demonstration_value: "text",
  end_user_hash: "text",
} as const;

type RowOf<Columns> = { readonly [Column in keyof Columns]: unknown };
export type UsageRow = RowOf<typeof usageColumns>;
export type FeedbackRow = RowOf<typeof feedbackColumns>;

/** One parameter: a JSON array of rows. Answers one row for each that was new. */
export const ledgerStatements = {
  usage: insertStatement("usage_event", usageColumns, "call_id"),
  feedback: insertStatement("feedback", feedbackColumns, "feedback_id"),
} as const;

function insertStatement(table: string, columns: Readonly<Record<string, string>>, key: string): string {
  const names = Object.keys(columns).join(", ");
  const typed = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
  return `insert into ${table} (${names}) select ${names} from jsonb_to_recordset(?::jsonb) as given (${typed.join(", ")})
    on conflict (${key}) do nothing returning 1 as one`;
}

export function usageRow(event: UsageEvent): UsageRow {
  const { usage, exposure } = event;
  return {
    call_id: event.callId,
    node_id: text(event.nodeId),
    started_at: time(event.startedAt),
    organisation_id: event.organisationId,
    project_id: text(event.projectId),
    api_key_id: text(event.apiKeyId),
    end_user_hash: text(event.endUserHash),
    route_id: text(event.routeId),
    route_name: text(event.routeName),
    ingress: text(event.ingress),
    streamed: event.streamed,
    attempts: event.attempts.map((attempt) => ({
      backendId: text(attempt.backendId),
      result: text(attempt.result),
      durationMs: attempt.durationMs,
      httpStatus: attempt.httpStatus,
    })),
    backend_id: text(event.backendId),
    provider_id: text(event.providerId),
    model_asked: text(event.modelAsked),
    model_served: text(event.modelServed),
    prompt_id: text(event.promptId),
    prompt_version: event.promptVersion,
    exposure:
      exposure === undefined
        ? null
        : {
            experimentId: text(exposure.experimentId),
            variantKey: text(exposure.variantKey),
            unitType: text(exposure.unitType),
            unitHash: text(exposure.unitHash),
            bucket: exposure.bucket,
            hashVersion: exposure.hashVersion,
            forced: exposure.forced,
            phase: exposure.phase,
            sticky: exposure.sticky,
            holdout: text(exposure.holdout),
          },
    input_tokens: usage?.inputTokens.toString() ?? null,
    output_tokens: usage?.outputTokens.toString() ?? null,
    cache_read_tokens: usage?.cacheReadTokens.toString() ?? null,
    cache_write_tokens: usage?.cacheWriteTokens.toString() ?? null,
    reasoning_tokens: usage?.reasoningTokens.toString() ?? null,
    usage_estimated: usage?.estimated ?? null,
    usage_raw: usage === undefined ? null : text(usage.raw),
    cost_nanodollars: event.costNanodollars?.toString() ?? null,
    price_version: event.priceVersion.toString(),
    duration_ms: event.durationMs,
    time_to_first_token_ms: event.timeToFirstTokenMs ?? null,
    // A node newer than we are may know more outcomes; the record counts all the same.
    outcome: outcomeNames[event.outcome] ?? "internal_error",
    error_reason: text(event.errorReason),
    finish_reason: text(event.finishReason),
    cache: text(event.cache),
    config_epoch: text(event.configEpoch),
    config_number: event.configNumber.toString(),
    tags: Object.fromEntries(Object.entries(event.tags).map(([name, value]) => [text(name), text(value)])),
  };
}

export function feedbackRow(event: FeedbackEvent): FeedbackRow {
  const { value } = event;
  return {
    feedback_id: event.feedbackId,
    node_id: text(event.nodeId),
    recorded_at: time(event.recordedAt),
    organisation_id: event.organisationId,
    api_key_id: text(event.apiKeyId),
    call_id: event.callId,
    metric: text(event.metric),
    boolean_value: value.case === "boolean" ? value.value : null,
    // JSON has no infinity; PostgreSQL reads the word.
    number_value: value.case === "number" ? (Number.isFinite(value.value) ? value.value : String(value.value)) : null,
    category_value: value.case === "category" ? text(value.value) : null,
    comment_value: value.case === "comment" ? text(value.value) : null,
    demonstration_value: value.case === "demonstration" ? text(value.value) : null,
    end_user_hash: text(event.endUserHash),
  };
}

/** In microseconds, which is what PostgreSQL keeps. Null where it is absent, which the table refuses. */
function time(timestamp: Timestamp | undefined): string | null {
  if (timestamp === undefined) return null;
  const milliseconds = Number(timestamp.seconds) * 1000;
  // Out of Date's range: given as it is, so that the database refuses this one record by name.
  if (!(Math.abs(milliseconds) <= 8.64e15)) return `second ${timestamp.seconds} of the epoch`;
  const micros = String(Math.floor(timestamp.nanos / 1000)).padStart(6, "0");
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, `.${micros}Z`);
}

/** Halves of surrogate pairs are replaced too: JSON would carry them, jsonb refuses them. */
const text = (value: string): string => value.replaceAll("\0", "\uFFFD").toWellFormed();
