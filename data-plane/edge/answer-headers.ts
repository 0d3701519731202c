/** The headers by which every REST answer says what made it, and what is left of the caller's limits. */
import type { CallFacts, RateLimit } from "../pipeline/completion-event.ts";

/** With OpenAI's names for what is left of the limits. */
export function answerHeaders(facts: CallFacts): Record<string, string> {
  const headers = factHeaders(facts);
  addLimit(headers, "requests", facts.limits.requests);
  addLimit(headers, "tokens", facts.limits.tokens);
  return headers;
}

export function factHeaders(facts: CallFacts): Record<string, string> {
  const headers: Record<string, string> = {
    "x-penstock-revision": facts.revision,
    "x-penstock-route": headerText(facts.route),
    "x-penstock-backend": headerText(facts.backend),
    "x-penstock-attempts": String(facts.attempts),
    "x-penstock-cache": facts.cache,
  };
  if (facts.variant !== "") headers["x-penstock-variant"] = headerText(facts.variant);
  if (facts.promptVersion !== "") headers["x-penstock-prompt"] = headerText(facts.promptVersion);
  if (facts.dropped.length > 0) headers["x-penstock-dropped"] = headerText(facts.dropped.join(", "));
  return headers;
}

/** OpenAI's names; the reset as a duration, which Go's SDK parses. Ours and not the backend's. */
function addLimit(headers: Record<string, string>, resource: keyof typeof limitNames, limit: RateLimit | undefined): void {
  if (limit === undefined) return;
  const [total, remaining, reset] = limitNames[resource];
  headers[total] = String(limit.limit);
  headers[remaining] = String(Math.max(0, Math.floor(limit.remaining)));
  headers[reset] = duration(limit.resetMs);
}

/** Written out: a name that is put together for each call costs more than its header. */
const limitNames = {
  requests: ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
  tokens: ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"],
} as const;

function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))}ms`;
  const seconds = Math.ceil(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60] as const;
  return `${parts[0] > 0 ? `${parts[0]}h` : ""}${seconds >= 60 ? `${parts[1]}m` : ""}${parts[2]}s`;
}

/** Names come from the control plane and may hold any letter; a header may not. */
const headerText = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text));

/** Nano-dollars as dollars, exactly. */
export function usd(nanodollars: bigint): string {
  const whole = nanodollars / 1_000_000_000n;
  const rest = (nanodollars % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
  return rest === "" ? String(whole) : `${whole}.${rest}`;
}
