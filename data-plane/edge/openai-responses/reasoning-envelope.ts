/**
 * Reasoning on its way to the caller and back. A reasoning item has one word for what only its provider can read,
 * `encrypted_content`; what a backend of another dialect signed goes into it as a whole, marked as ours, so that it comes back to
 * the provider that signed it (ReasoningDetail in completion-event.ts).
 */
import { isObject, type Json, textOf } from "./fields.ts";

const mark = "psr1.";

export const reasoningEnvelope = (details: readonly Json[]): string =>
  mark + Buffer.from(JSON.stringify(details), "utf8").toString("base64url");

/** Made here and for here: no provider can open it. */
export const isOurs = (item: Json): boolean => textOf(item["encrypted_content"]).startsWith(mark);

/** What nobody signed: thoughts that any model may be given back. */
export const isUnsigned = ({ type, signature }: Json): boolean => type === "reasoning.text" && textOf(signature) === "";

/**
 * The entries of `reasoning_details` that an item of a caller's stands for. None where nothing is sealed in it.
 */
export function readReasoning(item: Json): readonly Json[] {
  const sealed = textOf(item["encrypted_content"]);
  if (sealed === "") return [];
  if (sealed.startsWith(mark)) return opened(sealed.slice(mark.length));
  const id = textOf(item["id"]);
  return [{ type: "reasoning.encrypted", data: sealed, format: "openai-responses-v1", provider: "", ...(id === "" ? {} : { id }) }];
}

/** Whatever a caller made of it: what does not open is not given to anybody. */
function opened(text: string): readonly Json[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return Array.isArray(value) ? value.filter(isObject) : [];
  } catch {
    return [];
  }
}
