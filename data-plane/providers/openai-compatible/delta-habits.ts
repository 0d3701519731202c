/**
 * What some servers write in a message or a delta where OpenAI writes something else, put as OpenAI's callers read it. Pure, in
 * place: returns whether anything was changed.
 */
type Json = Record<string, unknown>;

/**
 * Mistral's content may be a list: text, thinking, references (docs.mistral.ai/capabilities/reasoning, /citations). The text becomes
 * the content, the thoughts `reasoning_content`, the references annotations.
 */
export function flattenContent(delta: Json): boolean {
  const { content } = delta;
  if (!Array.isArray(content)) return false;
  let text = "";
  let thoughts = "";
  const references: Json[] = [];
  for (const entry of content as unknown[]) {
    if (typeof entry === "string") text += entry;
    if (typeof entry !== "object" || entry === null) continue;
    const part = entry as Json;
    if (part["type"] === "thinking") thoughts += textsOf(part["thinking"]);
    else if (typeof part["text"] === "string") text += part["text"];
    else references.push(part);
  }
  delta["content"] = text;
  if (thoughts !== "") delta["reasoning_content"] = thoughts;
  if (references.length > 0) delta["annotations"] = [...(Array.isArray(delta["annotations"]) ? delta["annotations"] : []), ...references];
  return true;
}

const textsOf = (value: unknown): string =>
  typeof value === "string"
    ? value
    : Array.isArray(value)
      ? (value as unknown[]).map((entry) => textsOf((entry as Json | null)?.["text"])).join("")
      : "";
