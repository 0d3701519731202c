/**
 * The hold on the quotas that a call falls under. The counters stand behind the QuotaLedger port. A hold is taken before a
 * backend is called, grows while an answer runs on beyond its estimate, and is settled once, with what the call came to.
 */
import type { GatewayError } from "../gateway-error.ts";
import { priceAt } from "../snapshot/compiled-price.ts";
import type { CompiledQuota } from "../snapshot/compiled-quota.ts";
import type { CompiledBackend, CompiledRoute, CompiledTier } from "../snapshot/compiled-route.ts";
import type { RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import type { Caller } from "./authenticate.ts";
import { type BoundQuota, quotasOf } from "./bound-quotas.ts";
import type { Attempt } from "./call-backend.ts";
import type { CallRequest } from "./call-request.ts";
import type { CallState } from "./call-state.ts";
import type { RateLimit, RateLimits, TokenUsage } from "./completion-event.ts";
import { costOf } from "./cost.ts";
import type { CallEstimate } from "./estimate-tokens.ts";
import { learnOutputTokens } from "./output-bound.ts";
import { denied } from "./quota-denial.ts";
import {
  type QuotaDecision,
  type QuotaGrant,
  type QuotaHold,
  type QuotaLedger,
  type QuotaLevel,
  type QuotaResource,
  type QuotaUse,
  usedOf,
} from "./quota-ledger.ts";
import { noMarks, passedMarks, type QuotaMark } from "./quota-mark.ts";
import { generatedNothing, nothingUsed, type Settlement } from "./settlement.ts";

export interface Reservation {
  readonly limits: RateLimits;
  /** What quotas did to the call so far, but for refusing it, which is its failure. */
  readonly marks: readonly QuotaMark[];
  /** What was taken so far: of the call, then of each backend that it was let to. */
  readonly taken: readonly Taken[];
  /** undefined: no quota asked for it. */
  readonly estimate: CallEstimate | undefined;
  /** Takes what is laid on one backend, before it is called. undefined: nothing is. Throws as reserveQuota does. */
  readonly admit: ((attempt: Attempt) => void | Promise<void>) | undefined;
  /** Holds more where an answer runs on beyond its estimate. undefined: nothing bounds it. Throws as reserveQuota does. */
  readonly grow: ((outputTokens: number) => void | Promise<void>) | undefined;
  settle(actual: Settlement): void;
}

export interface Taken {
  readonly grant: QuotaGrant;
  readonly bound: readonly BoundQuota[];
  /** undefined: it is of the call, whatever backend serves it. */
  readonly attempt: Attempt | undefined;
}

export interface ReservationSubject {
  readonly snapshot: RuntimeSnapshot;
  readonly caller: Caller;
  readonly route: CompiledRoute;
  readonly tiers: readonly CompiledTier[];
  readonly request: CallRequest;
  /** Made where a quota asks, as well as it asks. */
  readonly estimate: (precision: "guessed" | "counted") => CallEstimate;
  readonly endUserHash: string;
}

/** @throws GatewayError RATE_LIMITED, BUDGET_EXHAUSTED, QUOTA_UNAVAILABLE naming the quota and when it frees. */
export async function reserveQuota(ledger: QuotaLedger, subject: ReservationSubject, signal: AbortSignal): Promise<Reservation> {
  const { bound, onBackends, needs } = quotasOf(subject.snapshot, subject.caller, subject.route, subject.endUserHash);
  if (bound.length === 0 && onBackends.length === 0) return unlimited;
  const { callId, receivedAtMs } = subject.request;
  const estimate = needs.tokens === "none" ? nothingEstimated : subject.estimate(needs.tokens);
  const costs = needs.cost;
  const use: QuotaUse = { requests: 1, ...estimate, costNanodollars: costs ? dearest(subject.tiers, receivedAtMs, estimate) : undefined };
  const holds = bound.map((one) => holdOn(one, use));
  const answer = ledger.reserve(callId, holds, signal);
  // The usual decision is local and has no promise; awaiting one all the same would cost a turn of the loop.
  const decision: QuotaDecision = answer instanceof Promise ? await answer : answer;
  const limits = limitsOf(bound, decision.levels);
  if (!decision.granted) throw denied(decision, bound, limits);

  const taken: Taken[] = [{ grant: decision, bound, attempt: undefined }];
  const marks = passedMarks(bound, decision.levels);
  const admit = async (attempt: Attempt) => {
    const mine = onBackends.filter(({ quota }) => quota.backendId === attempt.backend.id);
    if (mine.length === 0) return;
    const itsUse: QuotaUse = { ...use, costNanodollars: costs ? priced(attempt.backend, receivedAtMs, estimate) : undefined };
    const itsHolds = mine.map((one) => holdOn(one, itsUse));
    const asked = await ledger.reserve(`${callId}/${taken.length}/${attempt.backend.id}`, itsHolds, signal);
    if (!asked.granted) {
      const binding = mine[asked.hold];
      if (binding !== undefined) reservation.marks = [...reservation.marks, { quota: binding.quota, effect: "passed_over" }];
      throw denied(asked, mine, limitsOf(mine, asked.levels), { anotherBackendMayHelp: true });
    }
    const passed = passedMarks(mine, asked.levels);
    if (passed.length > 0) reservation.marks = [...reservation.marks, ...passed];
    taken.push({ grant: asked, bound: mine, attempt });
  };
  const reservation: Reservation & { marks: readonly QuotaMark[] } = {
    limits,
    marks,
    taken,
    estimate: needs.tokens === "none" ? undefined : estimate,
    admit: onBackends.length === 0 ? undefined : admit,
    grow: needs.growth ? growth(taken, estimate, use) : undefined,
    settle: (actual) => {
      if (actual !== "unknown" && actual.outputTokens > 0) learnOutputTokens(subject.route, actual.outputTokens);
      const last = taken.at(-1);
      for (const one of taken)
        one.grant.settle(one === last || one.attempt === undefined ? actual : generatedNothing(one.attempt) ? nothingUsed : "unknown");
    },
  };
  return reservation;
}

/** What is left to a caller whose call failed before it held anything. */
export function limitsUnheld({ snapshot, caller, route, request }: CallState, { quota, pseudonym }: UnheldDependencies): RateLimits {
  if (snapshot === undefined || caller === undefined || route === undefined) return noLimits;
  const { bound } = quotasOf(snapshot, caller, route, request.endUserId === "" ? "" : pseudonym(request.endUserId));
  return limitsOf(bound, quota.levels(bound.map((one) => ({ ...one, amount: 0 }))));
}

interface UnheldDependencies {
  readonly quota: QuotaLedger;
  readonly pseudonym: (id: string) => string;
}

const noLimits: RateLimits = { requests: undefined, tokens: undefined, others: [], warnings: [] };
const unlimited: Reservation = {
  limits: noLimits,
  marks: noMarks,
  taken: [],
  estimate: undefined,
  admit: undefined,
  grow: undefined,
  settle: () => {},
};
const nothingEstimated: CallEstimate = { inputTokens: 0, outputTokens: 0 };

const holdOn = ({ quota, subject }: BoundQuota, use: QuotaUse): QuotaHold => ({
  quota,
  subject,
  amount: quota.resource === "concurrent_calls" ? 1 : Math.ceil(usedOf(quota.resource, use) ?? 0),
});

/** What the call may cost at the dearest of its backends. One without a price adds nothing, because nothing is known of it. */
function dearest(tiers: readonly CompiledTier[], atMs: number, estimate: CallEstimate): number {
  let most = 0;
  for (const { targets } of tiers) for (const { backend } of targets) most = Math.max(most, priced(backend, atMs, estimate));
  return most;
}

const priced = ({ prices }: CompiledBackend, atMs: number, estimate: CallEstimate): number =>
  Number(costOf(priceAt(prices, atMs), usageOf(estimate)) ?? 0);

export const usageOf = ({ inputTokens, outputTokens }: CallEstimate): TokenUsage => ({
  inputTokens,
  outputTokens,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
  estimated: true,
  raw: "",
});

/** How much further a hold goes at a time, so that a long answer does not ask for each of its tokens. */
const growthFactor = 1.25;
const growthMin = 32;

function growth(
  taken: readonly { readonly grant: QuotaGrant; readonly bound: readonly BoundQuota[] }[],
  estimate: CallEstimate,
  estimated: QuotaUse,
): (outputTokens: number) => void | Promise<void> {
  let covered = estimate.outputTokens;
  const grow = async (outputTokens: number) => {
    for (const wanted of [Math.ceil(outputTokens * growthFactor) + growthMin, outputTokens]) {
      const denial = await extendAll(wanted);
      if (denial === undefined) {
        covered = wanted;
        return;
      }
      if (wanted === outputTokens) throw denial;
    }
  };
  const extendAll = async (outputTokens: number): Promise<GatewayError | undefined> => {
    // Priced in proportion to the estimate, as its output is what grows.
    const factor = outputTokens / Math.max(1, estimate.outputTokens);
    const use: QuotaUse = {
      requests: 1,
      inputTokens: estimate.inputTokens,
      outputTokens,
      costNanodollars: Math.ceil((estimated.costNanodollars ?? 0) * factor),
    };
    for (const { grant, bound } of taken) {
      const asked = grant.extend(use);
      const denial = asked instanceof Promise ? await asked : asked;
      if (denial !== undefined) return denied(denial, bound, limitsOf(bound, denial.levels), { midway: true });
    }
    return undefined;
  };
  return (outputTokens) => (outputTokens <= covered ? undefined : grow(outputTokens));
}

/** The tightest of each resource, and the soft quotas that are passed. */
function limitsOf(bound: readonly BoundQuota[], levels: readonly QuotaLevel[]): RateLimits {
  let requests: RateLimit | undefined;
  let tokens: RateLimit | undefined;
  // Most calls have limits of these two alone.
  let tightest: Map<QuotaResource, RateLimit> | undefined;
  let warnings: string[] | undefined;
  for (let i = 0; i < bound.length; i++) {
    const quota: CompiledQuota | undefined = bound[i]?.quota;
    const level = levels[i];
    if (quota === undefined || level === undefined || quota.enforcement === "shadow") continue;
    if (level.exceeded && quota.enforcement === "soft") {
      warnings ??= [];
      warnings.push(quota.key);
    }
    const { resource } = quota;
    const best = resource === "requests" ? requests : resource === "tokens" ? tokens : tightest?.get(resource);
    if (best !== undefined && level.remaining >= best.remaining) continue;
    const limit: RateLimit = { limit: quota.limit, remaining: level.remaining, resetMs: level.resetMs };
    if (resource === "requests") requests = limit;
    else if (resource === "tokens") tokens = limit;
    else {
      tightest ??= new Map();
      tightest.set(resource, limit);
    }
  }
  const others = tightest === undefined ? noLimits.others : [...tightest].map(([resource, limit]) => ({ resource, ...limit }));
  return { requests, tokens, others, warnings: warnings ?? noLimits.warnings };
}
