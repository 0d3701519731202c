/**
 * What a call may use, before it has run and where the backend did not say. An estimate and marked as one: four bytes of text
 * for a token is the usual average of byte-pair encodings on English; settlement corrects it as soon as the truth is known.
 */
import type { CompletionRequest } from "./completion-request.ts";

const bytesPerToken = 4;

/** Reserved for the answer where the caller gave no bound. */
const outputTokensDefault = 512;

export const estimateTokens = (textLength: number): number => Math.ceil(textLength / bytesPerToken);

/** Tokens that are reserved for a call: its input and the most it may answer, for each of its choices. */
export function estimateCall(request: CompletionRequest): number {
  // The caller's own words where there are any: the common form need not be made for an estimate.
  const { value, text } = (request.native ?? request).body;
  const choices = positive(value["n"]) ?? 1;
  const outputTokensMax = positive(value["max_completion_tokens"]) ?? positive(value["max_tokens"]) ?? outputTokensDefault;
  return estimateTokens(text.length) + outputTokensMax * choices;
}

const positive = (value: unknown): number | undefined =>
  typeof value === "number" && value > 0 && Number.isSafeInteger(value) ? value : undefined;
