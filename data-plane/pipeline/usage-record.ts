/** Writes the record of one finished call: what happened, to whom, at what cost, for the ledger. Pure. */
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Outcome, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import type { GatewayError, GatewayErrorKind } from "../gateway-error.ts";
import type { CallState } from "./call-state.ts";

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
export function usageRecordBytes(state: CallState, { nodeId, nowMs, pseudonym }: RecordContext): Uint8Array | undefined {
  const { request, caller, route, snapshot, assignment, usage, failure, meter } = state;
  if (caller === undefined) return undefined;
  const answered = state.attempts.findLast(({ httpStatus }) => httpStatus === 200);
  const price = answered?.backend.price;
  const prompt = state.rendered?.prompt;
  const record = create(UsageRecordSchema, {
    record: {
      case: "usage",
      value: {
        callId: request.callId,
        nodeId,
        startedAt: timestampFromMs(request.receivedAtMs),
        organisationId: caller.organisationId,
        projectId: caller.projectId,
        apiKeyId: caller.apiKey.id,
        endUserHash: request.endUserId === "" ? "" : pseudonym(request.endUserId),
        routeId: route?.id ?? "",
        routeName: route?.name ?? "",
        ingress: request.ingress,
        streamed: request.stream,
        attempts: state.attempts.map((attempt) => ({
          backendId: attempt.backend.id,
          result: attempt.result,
          durationMs: Math.max(0, (attempt.endedAtMs || nowMs) - attempt.startedAtMs),
          httpStatus: attempt.httpStatus,
        })),
        backendId: answered?.backend.id ?? "",
        providerId: answered?.backend.provider.id ?? "",
        modelAsked: request.model.slice(0, 256),
        modelServed: meter.servedModel.slice(0, 256),
        promptId: prompt?.version.promptId ?? "",
        promptVersion: prompt?.version.version ?? 0,
        ...(assignment === undefined
          ? {}
          : {
              exposure: {
                experimentId: assignment.experiment.id,
                variantKey: assignment.variant.key,
                unitType: assignment.unitType,
                unitHash: pseudonym(assignment.unit),
                bucket: assignment.bucket,
                hashVersion: assignment.experiment.hashVersion,
                forced: false,
              },
            }),
        ...(usage === undefined
          ? {}
          : {
              usage: {
                inputTokens: BigInt(usage.inputTokens),
                outputTokens: BigInt(usage.outputTokens),
                cacheReadTokens: BigInt(usage.cacheReadTokens),
                cacheWriteTokens: BigInt(usage.cacheWriteTokens),
                reasoningTokens: BigInt(usage.reasoningTokens),
                estimated: usage.estimated,
                raw: usage.raw,
              },
            }),
        ...(state.costNanodollars === undefined ? {} : { costNanodollars: state.costNanodollars }),
        priceVersion: price?.version ?? 0n,
        durationMs: Math.max(0, nowMs - request.receivedAtMs),
        ...(meter.firstContentAtMs === undefined ? {} : { timeToFirstTokenMs: Math.max(0, meter.firstContentAtMs - request.receivedAtMs) }),
        outcome: failure === undefined ? Outcome.OK : outcomeOf(failure),
        errorReason: failure?.kind ?? "",
        finishReason: meter.finishReason,
        cache: "off",
        configEpoch: snapshot?.revision.epoch ?? "",
        configNumber: snapshot?.revision.number ?? 0n,
        tags: request.tags,
      },
    },
  });
  return toBinary(UsageRecordSchema, record);
}

export const outcomeOf = (failure: GatewayError): Outcome => outcomes[failure.kind];

const outcomes = {
  API_KEY_INVALID: Outcome.CLIENT_ERROR,
  API_KEY_EXPIRED: Outcome.CLIENT_ERROR,
  API_KEY_REVOKED: Outcome.CLIENT_ERROR,
  ROUTE_FORBIDDEN: Outcome.CLIENT_ERROR,
  MODEL_NOT_FOUND: Outcome.CLIENT_ERROR,
  INVALID_ARGUMENT: Outcome.CLIENT_ERROR,
  UNSUPPORTED_PARAMETER: Outcome.CLIENT_ERROR,
  UNSUPPORTED_ENDPOINT: Outcome.CLIENT_ERROR,
  CONTEXT_LENGTH_EXCEEDED: Outcome.CLIENT_ERROR,
  PAYLOAD_TOO_LARGE: Outcome.CLIENT_ERROR,
  PROMPT_NOT_FOUND: Outcome.CLIENT_ERROR,
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
