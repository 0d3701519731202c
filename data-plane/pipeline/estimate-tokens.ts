/**
 * What a call may use, before it has run and where the backend did not say. An estimate and marked as one: settlement corrects it
 * as soon as the truth is known.
 */
import type { CompiledRoute } from "../snapshot/compiled-route.ts";
import type { CompletionRequest } from "./completion-request.ts";
import type { JsonText } from "./json-text.ts";
import { outputTokensLearned } from "./output-bound.ts";
import type { RenderedPrompt } from "./render-prompt.ts";
import { countTokens } from "./tokenizer.ts";

export interface CallEstimate {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The usual average of byte-pair encodings on English. */
const bytesPerToken = 4;
/** A picture or a sound, whatever its bytes: about what the large providers count for a picture of middling size. */
const tokensPerPart = 1000;
/** What a message's role and frame cost. */
const tokensPerMessage = 4;

export const estimateTokens = (textLength: number): number => Math.ceil(textLength / bytesPerToken);

/**
 * Tokens that are reserved for a call: its input as it goes to the backend, prompt included, and the most it may answer, for each
 * of its choices. Where the caller set no bound, what calls of this route have come to.
 */
export function estimateCall(
  request: CompletionRequest,
  route: CompiledRoute,
  rendered: RenderedPrompt,
  precision: "guessed" | "counted",
): CallEstimate {
  const tokensOf = precision === "counted" ? countTokens : guessTokens;
  // The caller's own words where there are any: the common form need not be made for an estimate.
  const { body } = request.native ?? request;
  const said = (name: string): number | undefined => {
    const replaced = rendered.replacements.get(name);
    return positive(replaced === undefined ? body.value[name] : Number(replaced));
  };
  const outputTokens = outputNames.map(said).find((bound) => bound !== undefined) ?? outputTokensLearned(route);
  let inputTokens = tokensOfBody(body, tokensOf);
  for (const message of rendered.messages) inputTokens += tokensOf(message);
  return { inputTokens, outputTokens: outputTokens * (said("n") ?? 1) };
}

/** Of a body in any dialect: its messages, and what frames them. */
export function tokensOfBody(body: JsonText, tokensOf: TokensOf): number {
  let tokens = tokensOfMessages(body.value["messages"], tokensOf) + tokensOfMessages(body.value["input"], tokensOf);
  for (const name of framing) {
    const span = body.members.get(name);
    if (span !== undefined) tokens += tokensOf(body.text.slice(span.start, span.end));
  }
  return tokens;
}

/** Of chat, Anthropic's messages, and responses. */
const outputNames = ["max_completion_tokens", "max_tokens", "max_output_tokens"];
const framing = ["tools", "functions", "response_format", "system", "instructions"];

type TokensOf = (text: string) => number;
const guessTokens: TokensOf = (text) => estimateTokens(text.length);

function tokensOfMessages(messages: unknown, tokensOf: TokensOf): number {
  if (typeof messages === "string") return tokensPerMessage + tokensOf(messages);
  if (!Array.isArray(messages)) return 0;
  let tokens = 0;
  for (const message of messages as readonly Readonly<Record<string, unknown>>[]) {
    tokens += tokensPerMessage;
    tokens += tokensOfContent(message?.["content"], tokensOf);
    if (message?.["tool_calls"] !== undefined) tokens += tokensOf(JSON.stringify(message["tool_calls"]));
  }
  return tokens;
}

function tokensOfContent(content: unknown, tokensOf: TokensOf): number {
  if (typeof content === "string") return tokensOf(content);
  let tokens = 0;
  if (Array.isArray(content)) for (const part of content) tokens += tokensOfPart(part, tokensOf);
  return tokens;
}

/** A text; what Anthropic's messages have among their parts: the result of a tool, a call, a thought; or a picture or the like. */
function tokensOfPart(part: unknown, tokensOf: TokensOf): number {
  const { text, content, input, thinking } = (part ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof text === "string") return tokensOf(text);
  if (content !== undefined) return tokensOfContent(content, tokensOf);
  if (typeof thinking === "string") return tokensOf(thinking);
  return input === undefined ? tokensPerPart : tokensOf(JSON.stringify(input));
}

const positive = (value: unknown): number | undefined =>
  typeof value === "number" && value > 0 && Number.isSafeInteger(value) ? value : undefined;
