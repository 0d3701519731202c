/**
 * Reasoning of other providers in the words of Messages: a thinking block has one opaque `signature`, a redacted one opaque `data`,
 * and callers give both back as they are. What Anthropic did not sign says in there who did, so that it finds the way back to them.
 */
import type { ReasoningDetail } from "../../pipeline/completion-event.ts";

/** Anthropic's own, which stands as it is. */
export const ownFormat = "anthropic-claude-v1";

const mark = "penstock.reasoning.1.";

export const isCarried = (opaque: string): boolean => opaque.startsWith(mark);

export const carried = (detail: ReasoningDetail): string => mark + Buffer.from(JSON.stringify(detail), "utf8").toString("base64url");

/** undefined: it is not one of ours, or was changed on its way. */
export function readCarried(opaque: string): ReasoningDetail | undefined {
  if (!isCarried(opaque)) return undefined;
  try {
    const detail = JSON.parse(Buffer.from(opaque.slice(mark.length), "base64url").toString("utf8")) as Record<string, unknown>;
    const { kind, value, id, format, provider } = detail;
    const texts = [value, id, format, provider].every((part) => typeof part === "string");
    // Each member was looked at just now; the type system does not follow a check over a list.
    return texts && (kind === "signature" || kind === "encrypted" || kind === "summary")
      ? (detail as unknown as ReasoningDetail)
      : undefined;
  } catch {
    return undefined;
  }
}
