/** A guardrail in words: the harm it allows, whether any was found, and what is done then. Pure. */
import { differenceOf } from "./quantities.ts";

interface Held {
  readonly role: string;
  readonly unit: string;
  readonly direction: string;
  /** How much worse is still good enough, in the metric's unit. */
  readonly margin: number;
}

export function guardrailState(
  { role, unit, direction, margin }: Held,
  { verdict }: { readonly verdict: string },
): { readonly name: string; readonly tone: "good" | "bad" | "neutral"; readonly note: string } {
  const limit = differenceOf(unit, direction === "HIGHER" ? -margin : margin);
  const allowed = margin === 0 ? "no harm is allowed" : `${limit} is allowed`;
  const then = role === "SIGNAL" ? "pauses a rollout" : "rolls back";
  switch (verdict) {
    case "WORSE":
      return { name: "harmed", tone: "bad", note: `${allowed}; it ${then}` };
    case "TOO_FEW_UNITS":
      return { name: "too few yet", tone: "neutral", note: allowed };
    default:
      return { name: "no harm found", tone: "good", note: `${allowed}; more ${then}` };
  }
}
