/** Writes the record of one finished call: what happened, to whom, at what cost, for the ledger. Pure. */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import {
  AnswerPaceSchema,
  AttemptSchema,
  AttemptTimesSchema,
  CallTimelineSchema,
  ExposureSchema,
  Outcome,
  QuotaMarkSchema,
  TokenUsageSchema,
  UsageEventSchema,
  UsageRecordSchema,
} from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { GatewayError, GatewayErrorKind } from "../gateway-error.ts";
import { priceAt } from "../snapshot/compiled-price.ts";
import type { AnswerPace } from "./answer-pace.ts";
import type { CallState } from "./call-state.ts";
import { type AttemptTimes, type CallTimes, microseconds } from "./call-times.ts";
import { costOf } from "./cost.ts";
import { usageOf } from "./reserve-quota.ts";

export type RecordCall = (state: CallState) => void;

export interface RecordContext {
  readonly nodeId: string;
  readonly nowMs: number;
  readonly pseudonym: (id: string) => string;
}

/**
 * Bytes of a UsageRecord. undefined: nobody was recognised, so there is no organisation to whose ledger it could belong; such
 * calls are counted in metrics alone.
 */
export function usageRecordBytes(state: CallState, context: RecordContext): Uint8Array | undefined {
  return recordBytes(state, context, state.failure === undefined ? Outcome.OK : outcomeOf(state.failure));
}

/**
 * The record of a call that still runs, as it will be told if this node does not live to tell its end: what it used is what was
 * estimated, or what has come by now where that is more, at the price of the backend that is asked.
 */
export function lostRecordBytes(state: CallState, context: RecordContext): Uint8Array | undefined {
  const attempt = state.attempts.at(-1);
  const estimate = state.reservation?.estimate ?? state.estimate?.("guessed");
  if (attempt === undefined || estimate === undefined) return undefined;
  const seen = state.meter.usage();
  const usage = usageOf({
    inputTokens: Math.max(estimate.inputTokens, seen?.inputTokens ?? 0),
    outputTokens: Math.max(estimate.outputTokens, seen?.outputTokens ?? 0),
  });
  const price = priceAt(attempt.backend.prices, state.request.receivedAtMs);
  return recordBytes({ ...state, usage, price, costNanodollars: costOf(price, usage) }, context, Outcome.NODE_LOST);
}

function recordBytes(state: CallState, context: RecordContext, outcome: Outcome): Uint8Array | undefined {
  try {
    return written(state, context, outcome);
  } catch (error) {
    // What was begun must not stand before the next call's record.
    writer = new BinaryWriter();
    throw error;
  }
}

function written(state: CallState, { nodeId, nowMs, pseudonym }: RecordContext, outcome: Outcome): Uint8Array | undefined {
  const { request, caller, route, snapshot, assignment, usage, failure, meter, times } = state;
  if (caller === undefined) return undefined;
  const answered = outcome === Outcome.NODE_LOST ? state.attempts.at(-1) : state.attempts.findLast(({ httpStatus }) => httpStatus === 200);
  const prompt = state.rendered?.prompt;

  writer.uint32(usageTag).fork();
  text(event.callId, request.callId);
  frequent(ofEvent, event.nodeId, nodeId);
  nested(event.startedAt, () => {
    writer.uint32(tag(1, varint)).uint64(Math.floor(request.receivedAtMs / 1000));
    integer(2, (request.receivedAtMs % 1000) * 1_000_000);
  });
  frequent(ofEvent, event.organisationId, caller.organisationId);
  frequent(ofEvent, event.projectId, caller.projectId);
  frequent(ofEvent, event.apiKeyId, caller.apiKey.id);
  const endUserHash = request.endUserId === "" ? "" : pseudonym(request.endUserId);
  text(event.endUserHash, endUserHash);
  if (route !== undefined) {
    frequent(ofEvent, event.routeId, route.id);
    frequent(ofEvent, event.routeName, route.name);
  }
  frequent(ofEvent, event.ingress, request.ingress);
  flag(event.streamed, request.stream);
  for (const { backend, result, startedAtMs, endedAtMs, httpStatus } of state.attempts) {
    nested(event.attempts, () => {
      frequent(ofAttempt, attempt.backendId, backend.id);
      frequent(ofAttempt, attempt.result, result);
      integer(attempt.durationMs, Math.max(0, (endedAtMs || nowMs) - startedAtMs));
      integer(attempt.httpStatus, httpStatus);
      integer(attempt.startedAfterMs, Math.max(0, startedAtMs - request.receivedAtMs));
    });
  }
  if (answered !== undefined) {
    frequent(ofEvent, event.backendId, answered.backend.id);
    frequent(ofEvent, event.providerId, answered.backend.provider.id);
  }
  frequent(ofEvent, event.modelAsked, bounded(request.model));
  frequent(ofEvent, event.modelServed, bounded(meter.servedModel));
  if (prompt !== undefined) {
    text(event.promptId, prompt.version.promptId);
    integer(event.promptVersion, prompt.version.version);
  }
  const sessionHash = request.sessionId === "" ? "" : pseudonym(request.sessionId);
  text(event.sessionHash, sessionHash);
  if (assignment !== undefined) {
    const { unitType, unit } = assignment;
    const unitHash = unitType === "end_user" ? endUserHash : unitType === "session" ? sessionHash : pseudonym(unit);
    nested(event.exposure, () => {
      text(exposure.experimentId, assignment.experiment.id);
      text(exposure.variantKey, assignment.variant.key);
      text(exposure.unitType, unitType);
      text(exposure.unitHash, unitHash);
      if (assignment.bucket !== 0) writer.uint32(tag(exposure.bucket, fixed64)).double(assignment.bucket);
      integer(exposure.hashVersion, assignment.experiment.hashVersion);
      flag(exposure.forced, assignment.forced);
      integer(exposure.phase, assignment.experiment.phase);
      flag(exposure.sticky, assignment.sticky);
      text(exposure.holdout, assignment.holdout);
    });
  }
  if (usage !== undefined) {
    nested(event.usage, () => {
      large(tokens.inputTokens, usage.inputTokens);
      large(tokens.outputTokens, usage.outputTokens);
      large(tokens.cacheReadTokens, usage.cacheReadTokens);
      large(tokens.cacheWriteTokens, usage.cacheWriteTokens);
      large(tokens.reasoningTokens, usage.reasoningTokens);
      flag(tokens.estimated, usage.estimated);
      text(tokens.raw, usage.raw);
      large(tokens.audioInputTokens, usage.audioInputTokens);
      large(tokens.audioOutputTokens, usage.audioOutputTokens);
      large(tokens.imageInputTokens, usage.imageInputTokens ?? 0);
      large(tokens.imageOutputTokens, usage.imageOutputTokens ?? 0);
      large(tokens.cacheWriteOneHourTokens, usage.cacheWriteOneHourTokens ?? 0);
    });
  }
  // Said even where it is zero: that it is there tells known from unknown.
  if (state.costNanodollars !== undefined) writer.uint32(tag(event.costNanodollars, varint)).int64(state.costNanodollars);
  if (state.price !== undefined) {
    large(event.priceVersion, state.price.version);
    integer(event.discountBasisPoints, state.price.discountBasisPoints);
  }
  integer(event.durationMs, Math.max(0, nowMs - request.receivedAtMs));
  if (meter.firstContentAtMs !== undefined)
    writer.uint32(tag(event.timeToFirstTokenMs, varint)).uint32(Math.max(0, meter.firstContentAtMs - request.receivedAtMs));
  integer(event.outcome, outcome);
  if (failure !== undefined) text(event.errorReason, failure.kind);
  frequent(ofEvent, event.finishReason, meter.finishReason);
  frequent(ofEvent, event.cache, state.cache);
  if (snapshot !== undefined) {
    frequent(ofEvent, event.configEpoch, snapshot.revision.epoch);
    large(event.configNumber, snapshot.revision.number);
  }
  if (request.requestId !== request.callId) text(event.requestId, request.requestId);
  if (state.reservation !== undefined)
    for (const { quota: marked, effect } of state.reservation.marks) quotaMark(marked, marked.scopeText, effect);
  const refusedBy = failure?.details.quota;
  if (refusedBy !== undefined)
    quotaMark({ ...refusedBy, id: refusedBy.quotaId, key: refusedBy.quotaKey, enforcement: "hard" }, refusedBy.subject, refusedBy.effect);
  for (const [name, value] of Object.entries(request.tags)) {
    nested(event.tags, () => {
      text(1, name);
      text(2, value);
    });
  }
  if (times !== undefined) nested(event.timeline, () => timeline(state, times));
  return writer.join().finish();
}

function timeline({ attempts, meter: { pace } }: CallState, times: CallTimes): void {
  integer(stages.readUs, times.readUs);
  integer(stages.decidedUs, times.decidedUs);
  integer(stages.guardedUs, times.guardedUs);
  integer(stages.reservedUs, times.reservedUs);
  integer(stages.lookedUpUs, times.lookedUpUs);
  for (const { times: own } of attempts)
    nested(stages.attempts, () => {
      if (own !== undefined) attemptTimes(own);
    });
  if (pace !== undefined) nested(stages.pace, () => answerPace(pace));
  integer(stages.endedUs, times.nowUs());
}

function attemptTimes(times: AttemptTimes): void {
  integer(ofTimes.startedUs, times.startedUs);
  integer(ofTimes.placedUs, times.placedUs);
  integer(ofTimes.sentUs, times.sentUs);
  integer(ofTimes.contentUs, times.contentUs);
  integer(ofTimes.endedUs, times.endedUs);
}

function answerPace({ slotMs, pieces, longestGapMs, longestGapAfterMs, lastMs }: AnswerPace): void {
  integer(ofPace.slotUs, microseconds(slotMs));
  const slots = pieces.findLastIndex((count) => count > 0) + 1;
  nested(ofPace.pieces, () => {
    for (let slot = 0; slot < slots; slot++) writer.uint32(pieces[slot] ?? 0);
  });
  integer(ofPace.longestGapUs, microseconds(longestGapMs));
  integer(ofPace.longestGapAfterUs, microseconds(longestGapAfterMs));
  integer(ofPace.lastUs, microseconds(lastMs));
}

interface Marked {
  readonly id: string;
  readonly key: string;
  readonly resource: string;
  readonly window: string;
  readonly enforcement: string;
}

function quotaMark({ id, key, resource, window, enforcement }: Marked, scope: string, effect: string): void {
  nested(event.quotaMarks, () => {
    text(mark.quotaId, id);
    text(mark.quotaKey, key);
    text(mark.scope, scope);
    text(mark.resource, resource);
    text(mark.window, window);
    text(mark.enforcement, enforcement);
    text(mark.effect, effect);
  });
}

// Written with the library's writer and not through a message object: one is made for each call, and building and walking the
// object cost five times the bytes. Field numbers come from the schema; a test holds the bytes against the library's own reading.
const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const tag = (field: number, wireType: number): number => (field << 3) | wireType;
const numbersOf = <Name extends string>({ field }: { readonly field: Record<Name, { readonly number: number }> }): Record<Name, number> =>
  Object.fromEntries(Object.entries<{ readonly number: number }>(field).map(([name, { number }]) => [name, number])) as Record<
    Name,
    number
  >;

const usageTag = tag(UsageRecordSchema.field.usage.number, lengthDelimited);
const event = numbersOf(UsageEventSchema);
const attempt = numbersOf(AttemptSchema);
const exposure = numbersOf(ExposureSchema);
const tokens = numbersOf(TokenUsageSchema);
const mark = numbersOf(QuotaMarkSchema);
const stages = numbersOf(CallTimelineSchema);
const ofTimes = numbersOf(AttemptTimesSchema);
const ofPace = numbersOf(AnswerPaceSchema);

/** One for all calls: a record is written without a pause, and finish() empties it. After a throw another takes its place. */
let writer = new BinaryWriter();

function text(field: number, value: string): void {
  if (value !== "") writer.uint32(tag(field, lengthDelimited)).string(value);
}

/**
 * A text that most calls of a node share with others, such as the name of a route: encoded once, tag and length included. Beyond
 * some hundred values of a field the rest is encoded for each call.
 */
function frequent(known: Map<string, Uint8Array>[], field: number, value: string): void {
  if (value === "") return;
  known[field] ??= new Map();
  const ofField = known[field];
  let bytes = ofField.get(value);
  if (bytes === undefined) {
    if (ofField.size >= frequentMax) {
      text(field, value);
      return;
    }
    bytes = new BinaryWriter().uint32(tag(field, lengthDelimited)).string(value).finish();
    ofField.set(value, bytes);
  }
  writer.raw(bytes);
}

const frequentMax = 500;
const ofEvent: Map<string, Uint8Array>[] = [];
const ofAttempt: Map<string, Uint8Array>[] = [];

function integer(field: number, value: number): void {
  if (value !== 0) writer.uint32(tag(field, varint)).uint32(value);
}

function large(field: number, value: number | bigint): void {
  if (value !== 0 && value !== 0n) writer.uint32(tag(field, varint)).uint64(value);
}

function flag(field: number, value: boolean): void {
  if (value) writer.uint32(tag(field, varint)).bool(true);
}

function nested(field: number, write: () => void): void {
  writer.uint32(tag(field, lengthDelimited)).fork();
  write();
  writer.join();
}

/** Names that came from outside: at most 256 characters, and no half of a surrogate pair, which protobuf refuses. */
const bounded = (name: string): string => (name.length <= 256 ? name : name.slice(0, 256)).toWellFormed();

export const outcomeOf = (failure: GatewayError): Outcome => outcomes[failure.kind];

const outcomes = {
  API_KEY_INVALID: Outcome.CLIENT_ERROR,
  API_KEY_EXPIRED: Outcome.CLIENT_ERROR,
  API_KEY_REVOKED: Outcome.CLIENT_ERROR,
  API_KEY_FORBIDDEN: Outcome.CLIENT_ERROR,
  ROUTE_FORBIDDEN: Outcome.CLIENT_ERROR,
  MODEL_NOT_FOUND: Outcome.CLIENT_ERROR,
  INVALID_ARGUMENT: Outcome.CLIENT_ERROR,
  UNSUPPORTED_PARAMETER: Outcome.CLIENT_ERROR,
  UNSUPPORTED_ENDPOINT: Outcome.CLIENT_ERROR,
  CONTEXT_LENGTH_EXCEEDED: Outcome.CLIENT_ERROR,
  PAYLOAD_TOO_LARGE: Outcome.CLIENT_ERROR,
  PROMPT_NOT_FOUND: Outcome.CLIENT_ERROR,
  RESOURCE_NOT_FOUND: Outcome.CLIENT_ERROR,
  RATE_LIMITED: Outcome.DENIED,
  BUDGET_EXHAUSTED: Outcome.DENIED,
  QUOTA_UNAVAILABLE: Outcome.DENIED,
  GUARD_BLOCKED: Outcome.DENIED,
  OVERLOADED: Outcome.DENIED,
  UPSTREAM_REJECTED: Outcome.CLIENT_ERROR,
  UPSTREAM_RATE_LIMITED: Outcome.UPSTREAM_ERROR,
  UPSTREAM_UNAVAILABLE: Outcome.UPSTREAM_ERROR,
  UPSTREAM_PROTOCOL: Outcome.UPSTREAM_ERROR,
  UPSTREAM_TRUNCATED: Outcome.UPSTREAM_ERROR,
  UPSTREAM_TIMEOUT: Outcome.TIMEOUT,
  DEADLINE_EXCEEDED: Outcome.TIMEOUT,
  CALLER_STALLED: Outcome.CANCELLED,
  CANCELLED: Outcome.CANCELLED,
  NOT_READY: Outcome.INTERNAL_ERROR,
  SHUTTING_DOWN: Outcome.INTERNAL_ERROR,
  INTERNAL: Outcome.INTERNAL_ERROR,
} satisfies Record<GatewayErrorKind, Outcome>;
