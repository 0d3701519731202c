/** What is left of a caller's limits, in OpenAI's names: on answers, on refusals, and in gRPC's metadata. Ours and not the backend's. */
import type { RateLimit, RateLimits } from "../pipeline/completion-event.ts";

export function addLimits(headers: Record<string, string>, { requests, tokens, others, warnings }: RateLimits): void {
  addLimit(headers, "requests", requests);
  addLimit(headers, "tokens", tokens);
  for (const limit of others) addLimit(headers, limit.resource.replaceAll("_", "-"), limit);
  if (warnings.length > 0) headers["x-penstock-quota-warning"] = warnings.join(", ");
}

/** The reset as a duration, which Go's SDK parses. */
function addLimit(headers: Record<string, string>, resource: string, limit: RateLimit | undefined): void {
  if (limit === undefined) return;
  const [total, remaining, reset] = limitNames[resource] ?? namesOf(resource);
  headers[total] = String(limit.limit);
  headers[remaining] = String(Math.max(0, Math.floor(limit.remaining)));
  headers[reset] = duration(limit.resetMs);
}

/** Made once: a name that is put together for each call costs more than its header. */
const namesOf = (resource: string) =>
  [`x-ratelimit-limit-${resource}`, `x-ratelimit-remaining-${resource}`, `x-ratelimit-reset-${resource}`] as const;
const limitNames: Readonly<Record<string, ReturnType<typeof namesOf>>> = Object.fromEntries(
  ["requests", "tokens", "input-tokens", "output-tokens", "cost", "concurrent-calls"].map((resource) => [resource, namesOf(resource)]),
);

function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))}ms`;
  const seconds = Math.ceil(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60] as const;
  return `${parts[0] > 0 ? `${parts[0]}h` : ""}${seconds >= 60 ? `${parts[1]}m` : ""}${parts[2]}s`;
}
