/** Reads what `POST /v1/embeddings` asks for, for backends that have other words for it, and writes OpenAI's answer. Pure. */
import { GatewayError } from "../gateway-error.ts";
import type { TokenUsage } from "../pipeline/completion-event.ts";
import type { OperationCall } from "../pipeline/operation.ts";
import { protocolError } from "./answer-exchange.ts";
import { isSaid, type Json, listOf, numberOf, tellUncarried, textOf } from "./common-form.ts";
import type { MappedAnswer } from "./mapped-operation.ts";
import { tokenCount } from "./token-count.ts";

export interface EmbeddingAsked {
  readonly texts: readonly string[];
  readonly dimensions: number | undefined;
  /** What the vectors are for, in Cohere's words. undefined: not said. */
  readonly purpose: EmbeddingPurpose | undefined;
  /** What to do with a text that is too long. */
  readonly truncate: "none" | "start" | "end" | undefined;
  readonly body: Json;
}

export const purposes = [
  "search_document",
  "search_query",
  "classification",
  "clustering",
  "semantic_similarity",
  "question_answering",
  "fact_verification",
  "code_retrieval_query",
] as const;
export type EmbeddingPurpose = (typeof purposes)[number];

/** In the words of Cohere, of Gemini, and of those who know only the two sides of a search (Voyage, NVIDIA, Jina). */
const purposeWords: Readonly<Record<string, EmbeddingPurpose>> = {
  ...Object.fromEntries(purposes.map((purpose) => [purpose, purpose])),
  query: "search_query",
  document: "search_document",
  passage: "search_document",
  retrieval_query: "search_query",
  retrieval_document: "search_document",
};

const read = ["input", "dimensions", "encoding_format", "input_type", "task_type", "truncate"];

/** @param known what the dialect reads itself, besides. @throws GatewayError naming the field that has no place here. */
export function embeddingAskedOf({ request, cannotCarry }: OperationCall, known: readonly string[] = []): EmbeddingAsked {
  const body = request.body.case === "json" ? request.body.json.value : {};
  tellUncarried(body, new Set([...read, ...known]), cannotCarry);
  const field = isSaid(body["input_type"]) ? "input_type" : "task_type";
  const purpose = isSaid(body[field]) ? purposeWords[textOf(body[field]).toLowerCase()] : undefined;
  if (isSaid(body[field]) && purpose === undefined) cannotCarry(field);
  return {
    texts: textsOf(body["input"]),
    dimensions: numberOf(body["dimensions"]),
    purpose,
    truncate: truncateOf(body, cannotCarry),
    body,
  };
}

/** Tokens are those of one model's vocabulary, and no other can read them: a route cannot let go of what is to be embedded. */
function textsOf(input: unknown): readonly string[] {
  if (typeof input === "string") return [input];
  return listOf(input).map((one, i) => {
    if (typeof one === "string") return one;
    const field = typeof one === "number" ? "input" : `input[${i}]`;
    throw new GatewayError("UNSUPPORTED_PARAMETER", `"${field}" is tokens, which the backend of this route cannot read; send the text`, {
      field,
      anotherBackendMayHelp: true,
    });
  });
}

function truncateOf({ truncate }: Json, cannotCarry: OperationCall["cannotCarry"]): EmbeddingAsked["truncate"] {
  if (!isSaid(truncate)) return undefined;
  const word = { none: "none", start: "start", end: "end", left: "start", right: "end" }[textOf(truncate).toLowerCase()];
  if (word === undefined) cannotCarry("truncate");
  return word as EmbeddingAsked["truncate"];
}

export const inPortions = <T>(list: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/**
 * @param vectors those of all texts, in their order. @param counted how many texts there were.
 * @param tokens of each part of the answer; undefined in one of them: the backend did not say, and so nobody can.
 * @throws GatewayError UPSTREAM_PROTOCOL where they are not one vector for each text.
 */
export function embeddingAnswer(vectors: readonly unknown[], counted: number, tokens: readonly unknown[], raw: unknown): MappedAnswer {
  const whole = vectors.length === counted && vectors.every((vector) => Array.isArray(vector) && vector.every(isNumber));
  if (!whole) throw protocolError("an answer without a vector for each text");
  const data = vectors.map((embedding, index) => ({ object: "embedding", index, embedding }));
  const inputTokens = tokenSum(tokens);
  const usage = inputTokens === undefined ? undefined : inputUsage(inputTokens, raw);
  return {
    body: {
      object: "list",
      data,
      ...(inputTokens === undefined ? {} : { usage: { prompt_tokens: inputTokens, total_tokens: inputTokens } }),
    },
    usage,
  };
}

const isNumber = (value: unknown): boolean => typeof value === "number";

/** undefined: one of them is not said. */
export function tokenSum(tokens: readonly unknown[]): number | undefined {
  let sum = 0;
  for (const count of tokens) {
    const tokensOfPart = tokenCount(typeof count === "string" && /^\d+$/.test(count) ? Number(count) : count);
    if (tokensOfPart === undefined) return undefined;
    sum += tokensOfPart;
  }
  return tokens.length === 0 ? undefined : sum;
}

/** @param said the backend's own words. */
export const inputUsage = (inputTokens: number, said: unknown): TokenUsage => ({
  inputTokens,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
  estimated: false,
  raw: JSON.stringify(said),
});
