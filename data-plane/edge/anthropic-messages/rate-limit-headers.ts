/** What is left of the caller's limits, by the names that Anthropic's callers know, with the reset as a date (RFC 3339). Ours and not the backend's. */
import type { RateLimits } from "../../pipeline/completion-event.ts";

export function rateLimitHeaders(limits: RateLimits, nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const resource of ["requests", "tokens"] as const) {
    const limit = limits[resource];
    if (limit === undefined) continue;
    headers[`anthropic-ratelimit-${resource}-limit`] = String(limit.limit);
    headers[`anthropic-ratelimit-${resource}-remaining`] = String(Math.max(0, Math.floor(limit.remaining)));
    headers[`anthropic-ratelimit-${resource}-reset`] = new Date(nowMs + Math.max(0, limit.resetMs)).toISOString();
  }
  return headers;
}
