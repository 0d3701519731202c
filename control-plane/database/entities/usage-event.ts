/** The ledger: one row for each finished call, written once. Every field of penstock.usage.v1.UsageEvent; null is "not known". */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export interface UsageAttempt {
  readonly backendId: string;
  readonly result: string;
  readonly durationMs: number;
  /** 0: no answer came. */
  readonly httpStatus: number;
  /** From the call's beginning. Absent: of a row from before it was recorded. */
  readonly startedAfterMs?: number;
}

export interface UsageExposure {
  readonly experimentId: string;
  readonly variantKey: string;
  readonly unitType: string;
  readonly unitHash: string;
  readonly bucket: number;
  readonly hashVersion: number;
  readonly forced: boolean;
  readonly phase?: number;
  /** Kept from an earlier call. */
  readonly sticky?: boolean;
  readonly holdout?: "" | "held-out" | "compared";
}

export const quotaEffects = ["denied", "unavailable", "cut", "passed_over", "passed"] as const;
export type QuotaEffect = (typeof quotaEffects)[number];

/** See penstock.usage.v1.QuotaMark. */
export interface UsageQuotaMark {
  readonly quotaId: string;
  readonly quotaKey: string;
  readonly scope: string;
  readonly resource: string;
  readonly window: string;
  readonly enforcement: string;
  readonly effect: string;
}

export const UsageEvent = defineEntity({
  name: "UsageEvent",
  tableName: "usage_event",
  properties: {
    callId: p.uuid().primary(),
    nodeId: p.text(),
    startedAt: p.datetime(),
    organisationId: p.uuid(),
    projectId: p.text(),
    apiKeyId: p.text(),
    endUserHash: p.text(),
    sessionHash: p.text(),
    routeId: p.text(),
    routeName: p.text(),
    ingress: p.text(),
    streamed: p.boolean(),
    attempts: p.json<readonly UsageAttempt[]>(),
    backendId: p.text(),
    providerId: p.text(),
    modelAsked: p.text(),
    modelServed: p.text(),
    promptId: p.text(),
    promptVersion: p.integer(),
    exposure: p.json<UsageExposure>().nullable(),
    inputTokens: p.bigint().nullable(),
    outputTokens: p.bigint().nullable(),
    cacheReadTokens: p.bigint().nullable(),
    cacheWriteTokens: p.bigint().nullable(),
    reasoningTokens: p.bigint().nullable(),
    /** Null: the event has no usage. */
    usageEstimated: p.boolean().nullable(),
    usageRaw: p.text().nullable(),
    costNanodollars: p.bigint().nullable(),
    priceVersion: p.bigint(),
    durationMs: p.bigint(),
    timeToFirstTokenMs: p.bigint().nullable(),
    /** ok, client_error, denied, upstream_error, timeout, cancelled, internal_error, node_lost. */
    outcome: p.text(),
    errorReason: p.text(),
    finishReason: p.text(),
    cache: p.text(),
    configEpoch: p.text(),
    configNumber: p.bigint(),
    tags: p.json<Readonly<Record<string, string>>>(),
    cacheWriteOneHourTokens: p.bigint().nullable(),
    audioInputTokens: p.bigint().nullable(),
    audioOutputTokens: p.bigint().nullable(),
    imageInputTokens: p.bigint().nullable(),
    imageOutputTokens: p.bigint().nullable(),
    /** Ten-thousandths of the price that were not charged. */
    discountBasisPoints: p.integer(),
    /** The caller's own x-request-id; empty: it sent none. */
    requestId: p.text(),
    /** Null: none. */
    quotaMarks: p.json<readonly UsageQuotaMark[]>().nullable(),
    /** A penstock.usage.v1.CallTimeline; null: nothing was timed. */
    timeline: p.blob().nullable(),
  },
});
export type UsageEvent = InferEntity<typeof UsageEvent>;
