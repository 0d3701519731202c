/** The headers by which every REST answer says what made it, and what is left of the caller's limits. */
import type { CallFacts } from "../pipeline/completion-event.ts";
import { addLimits } from "./rate-limit-headers.ts";

/** With OpenAI's names for what is left of the limits. */
export function answerHeaders(facts: CallFacts): Record<string, string> {
  const headers = factHeaders(facts);
  addLimits(headers, facts.limits);
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

/** Names come from the control plane and may hold any letter; a header may not. */
const headerText = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text));

/** Nano-dollars as dollars, exactly. */
export function usd(nanodollars: bigint): string {
  const whole = nanodollars / 1_000_000_000n;
  const rest = (nanodollars % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
  return rest === "" ? String(whole) : `${whole}.${rest}`;
}
