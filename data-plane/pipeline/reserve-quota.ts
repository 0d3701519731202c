/** Which quotas a call falls under, and the hold on them. The counters stand behind the QuotaLedger port. */
import type { ApiKey } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../gateway-error.ts";
import type { CompiledQuota, CompiledRoute } from "../snapshot/compiled-route.ts";
import { quotaScope, type RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import type { Caller } from "./authenticate.ts";
import type { CallRequest } from "./call-request.ts";
import type { RateLimit, RateLimits } from "./completion-event.ts";
import type { QuotaDecision, QuotaDenial, QuotaGrant, QuotaHold, QuotaLedger, QuotaLevel } from "./quota-ledger.ts";

export interface Reservation {
  readonly limits: RateLimits;
  settle: QuotaGrant["settle"];
}

/** @throws GatewayError RATE_LIMITED, BUDGET_EXHAUSTED, QUOTA_UNAVAILABLE naming the quota and when it frees. */
export async function reserveQuota<Request extends CallRequest>(
  ledger: QuotaLedger,
  snapshot: RuntimeSnapshot,
  caller: Caller,
  route: CompiledRoute,
  request: Request,
  /** The tokens to hold, where a quota asks. */
  estimate: (request: Request) => number,
  endUserHash: string,
  signal: AbortSignal,
): Promise<Reservation> {
  const bound = quotasOf(snapshot, caller, route, endUserHash);
  if (bound.length === 0) return unlimited;
  const tokens = estimate(request);
  const holds: QuotaHold[] = bound.map(({ quota, subject }) => ({
    quotaId: quota.id,
    subject,
    resource: quota.resource,
    window: quota.window,
    limit: quota.limit,
    enforcement: quota.enforcement,
    amount: quota.resource === "requests" ? 1 : tokens,
  }));
  const answer = ledger.reserve(request.callId, holds, signal);
  // The usual decision is local and has no promise; awaiting one all the same would cost a turn of the loop.
  const decision: QuotaDecision = answer instanceof Promise ? await answer : answer;
  if (!decision.granted) throw denied(decision, bound);
  return { limits: limitsOf(bound, decision.levels), settle: decision.settle };
}

const unlimited: Reservation = { limits: { requests: undefined, tokens: undefined }, settle: () => {} };

interface BoundQuota {
  readonly quota: CompiledQuota;
  readonly subject: string;
  readonly scope: string;
}

/** The quotas on a key's calls of a route, which are the same from call to call until a quota changes. */
const boundBy = new WeakMap<CompiledRoute, WeakMap<ApiKey, { readonly index: object; readonly bound: readonly BoundQuota[] }>>();

function quotasOf(snapshot: RuntimeSnapshot, caller: Caller, route: CompiledRoute, endUserHash: string): readonly BoundQuota[] {
  let byKey = boundBy.get(route);
  if (byKey === undefined) {
    byKey = new WeakMap();
    boundBy.set(route, byKey);
  }
  let known = byKey.get(caller.apiKey);
  if (known?.index !== snapshot.quotaIndex) {
    const scopes = [
      quotaScope.organisation,
      quotaScope.project(caller.projectId),
      quotaScope.apiKey(caller.apiKey.id),
      quotaScope.route(route.id),
    ];
    known = { index: snapshot.quotaIndex, bound: scopes.flatMap((scope) => boundOn(snapshot, caller, scope, "")) };
    byKey.set(caller.apiKey, known);
  }
  return endUserHash === "" ? known.bound : [...known.bound, ...boundOn(snapshot, caller, quotaScope.endUser, endUserHash)];
}

const boundOn = (snapshot: RuntimeSnapshot, caller: Caller, scope: string, subject: string): BoundQuota[] =>
  snapshot.quotas(caller.organisationId, scope).map((quota) => ({ quota, subject, scope }));

function denied(denial: QuotaDenial, bound: readonly BoundQuota[]): GatewayError {
  const binding = bound[denial.hold];
  if (binding === undefined) return new GatewayError("INTERNAL", "internal error; quote the request id when you report it");
  const { quota, scope } = binding;
  const seconds = Math.max(1, Math.ceil(denial.retryAfterMs / 1000));
  const violation = { quotaId: quota.id, quotaKey: quota.key, subject: scope, resource: quota.resource, limit: quota.limit };
  const what = `quota "${quota.key}" (${quota.limit} ${quota.resource} a ${quota.window}, on ${scope})`;
  if (denial.reason === "unavailable") {
    const message = `${what} cannot be counted right now, and what this node may give on its own is spent; try again in ${seconds} s`;
    return new GatewayError("QUOTA_UNAVAILABLE", message, { quota: violation, retryAfterMs: denial.retryAfterMs });
  }
  // A window of days is a budget: no client should sit and retry until it turns.
  const kind = quota.window === "day" || quota.window === "month" ? "BUDGET_EXHAUSTED" : "RATE_LIMITED";
  return new GatewayError(kind, `${what} is used up; it frees in ${seconds} s`, { quota: violation, retryAfterMs: denial.retryAfterMs });
}

function limitsOf(bound: readonly BoundQuota[], levels: readonly QuotaLevel[]): RateLimits {
  const tightest = (resource: "requests" | "tokens"): RateLimit | undefined => {
    let best: RateLimit | undefined;
    for (const [i, { quota }] of bound.entries()) {
      const level = levels[i];
      if (level === undefined || quota.resource !== resource || quota.enforcement === "shadow") continue;
      if (best === undefined || level.remaining < best.remaining)
        best = { limit: quota.limit, remaining: level.remaining, resetMs: level.resetMs };
    }
    return best;
  };
  return { requests: tightest("requests"), tokens: tightest("tokens") };
}
