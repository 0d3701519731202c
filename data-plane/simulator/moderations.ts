/**
 * POST /v1/moderations. A text is flagged for each category whose name, or the first word of it, stands in the text: enough to
 * see both answers, and the same everywhere.
 */
import { digestOf, seededRandom } from "./seeded-random.ts";
import { invalidField, SimulatorError } from "./simulator-error.ts";

export interface ModerationRequest {
  readonly model: string;
  readonly texts: readonly string[];
}

const categories = [
  "harassment",
  "harassment/threatening",
  "hate",
  "hate/threatening",
  "illicit",
  "illicit/violent",
  "self-harm",
  "self-harm/instructions",
  "self-harm/intent",
  "sexual",
  "sexual/minors",
  "violence",
  "violence/graphic",
] as const;
const textsMax = 2048;

/** @throws SimulatorError 400 naming the field */
export function parseModerationRequest(body: unknown, modelDefault: string): ModerationRequest {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new SimulatorError(400, "the request body must be a JSON object");
  const { model, input } = body as Readonly<Record<string, unknown>>;
  if (model !== undefined && typeof model !== "string") throw invalidField("model", "model must be a string", "invalid_type");
  if (typeof input === "string") return { model: model ?? modelDefault, texts: [input] };
  if (!Array.isArray(input) || input.length === 0 || input.length > textsMax)
    throw invalidField("input", `input must be a text, or a list of 1 to ${textsMax} texts or parts`);
  const texts = input.map((one: unknown, i) => textOf(one, `input[${i}]`));
  // Parts are one input together; texts are one each.
  const together = input.every((one) => typeof one === "object");
  return { model: model ?? modelDefault, texts: together ? [texts.join("\n")] : texts };
}

function textOf(one: unknown, param: string): string {
  if (typeof one === "string") return one;
  const { type, text } = (typeof one === "object" && one !== null ? one : {}) as Readonly<Record<string, unknown>>;
  if (type === "text" && typeof text === "string") return text;
  if (type === "image_url") return "";
  throw invalidField(param, `${param} must be a text, or a part of the type text or image_url`, "invalid_type");
}

export function moderationBody(request: ModerationRequest, seed: string): string {
  return JSON.stringify({
    id: `modr-sim-${digestOf(seed, ...request.texts).slice(0, 24)}`,
    model: request.model,
    results: request.texts.map((text) => resultOf(text, seed)),
  });
}

function resultOf(text: string, seed: string) {
  const words = text.toLowerCase();
  const random = seededRandom(seed, "moderation", text);
  const flags = categories.map(
    (category) => [category, words.includes(category) || words.includes(category.split("/")[0] ?? category)] as const,
  );
  return {
    flagged: flags.some(([, flagged]) => flagged),
    categories: Object.fromEntries(flags),
    category_scores: Object.fromEntries(flags.map(([category, flagged]) => [category, flagged ? 0.9 + random() / 10 : random() / 100])),
    category_applied_input_types: Object.fromEntries(categories.map((category) => [category, ["text"]])),
  };
}
