/** How a refusal by a quota reads: which one, on what, and when it frees. Pure. */
import { GatewayError } from "../gateway-error.ts";
import type { BoundQuota } from "./bound-quotas.ts";
import type { RateLimits } from "./completion-event.ts";
import type { QuotaDenial, QuotaResource } from "./quota-ledger.ts";

export interface DenialContext {
  readonly anotherBackendMayHelp?: boolean;
  /** The answer has begun, and ends here. */
  readonly midway?: boolean;
}

export function denied(denial: QuotaDenial, bound: readonly BoundQuota[], limits: RateLimits, context: DenialContext = {}): GatewayError {
  const binding = bound[denial.hold];
  if (binding === undefined) return new GatewayError("INTERNAL", "internal error; quote the request id when you report it");
  const { quota } = binding;
  const isBudget = quota.window === "day" || quota.window === "week" || quota.window === "month" || quota.window === "lifetime";
  const details = {
    quota: {
      quotaId: quota.id,
      quotaKey: quota.key,
      subject: quota.scopeText,
      resource: quota.resource,
      window: quota.window,
      limit: quota.limit,
      effect: denial.reason === "unavailable" ? "unavailable" : context.midway === true ? "cut" : "denied",
    } as const,
    limits,
    ...(quota.window === "lifetime" && denial.reason === "exhausted" ? {} : { retryAfterMs: denial.retryAfterMs }),
    ...(context.anotherBackendMayHelp === true ? { anotherBackendMayHelp: true } : {}),
  };
  const what = `quota "${quota.key}" (${amountOf(quota.resource, quota.limit)}${periodOf[quota.window]}, on ${quota.scopeText})`;
  const when = inWords(denial.retryAfterMs);
  if (denial.reason === "unavailable") {
    const message = `${what} cannot be counted right now, and what this node may give on its own is spent; try again in ${when}`;
    return new GatewayError("QUOTA_UNAVAILABLE", message, details);
  }
  const ends = context.midway === true ? "; the answer ends here" : "";
  if (quota.resource === "concurrent_calls")
    return new GatewayError("RATE_LIMITED", `${what} is in use; try again when another call has ended, or in ${when}`, details);
  const frees = quota.window === "lifetime" ? "it does not free by itself" : `it frees in ${when}`;
  // A window of days is a budget: no client should sit and retry until it turns.
  return new GatewayError(isBudget ? "BUDGET_EXHAUSTED" : "RATE_LIMITED", `${what} is used up${ends}; ${frees}`, details);
}

const periodOf = {
  second: " in any second",
  minute: " in any minute",
  hour: " in any hour",
  day: " a day",
  week: " a week",
  month: " a month",
  lifetime: " in all",
  none: "",
} as const;

function amountOf(resource: QuotaResource, limit: number): string {
  if (resource === "cost") return `${limit / 1e9} US dollars`;
  return `${limit} ${resource.replace("_", " ")}`;
}

function inWords(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return seconds < 7200 ? `${seconds} s` : `${Math.ceil(seconds / 3600)} h`;
}
