/**
 * Reads the body of `POST /v1/completions`, the API before chat: for a backend that has it the text goes on as it is; over chat
 * one text prompt is one user message, and what chat has no word for (echo, suffix, best_of, tokens, several prompts) is named.
 *
 * In place of the text, `prompt` may name one of the organisation's prompts, as it does in chat: `{name, label | version, variables}`.
 *
 * Source: OpenAI's API reference, "Completions (legacy)".
 */
import { GatewayError } from "../../gateway-error.ts";
import { type JsonText, jsonTextOf } from "../../pipeline/json-text.ts";
import { type ChatBody, checkChatBody, refuseSteering } from "../chat-body.ts";

type Json = Readonly<Record<string, unknown>>;

export interface TextCompletionRequest extends ChatBody {
  /** The common form. */
  readonly body: JsonText;
  readonly unmapped: readonly string[];
}

/** Members that mean the same in chat. */
const same = ["model", "temperature", "top_p", "n", "stream", "stream_options", "stop", "presence_penalty", "frequency_penalty"];
const alsoSame = ["logit_bias", "user", "seed", "max_tokens", "metadata"];
const read = new Set([...same, ...alsoSame, "prompt", "logprobs", "echo", "suffix", "best_of"]);
/** What the API answers where nothing is said. */
const tokensDefault = 16;
const logprobsMax = 20;
const bestOfMax = 128;

/** @throws GatewayError naming the field. */
export function readTextCompletionBody({ value: asked, members }: JsonText): TextCompletionRequest {
  for (const name of members.keys()) refuseSteering(name);
  const { prompt, logprobs } = asked;
  const named = isReference(prompt);
  if (!named) checkPrompt(prompt);
  optional(asked, "logprobs", `a whole number from 0 to ${logprobsMax}`, (value) => isWhole(value, 0, logprobsMax));
  optional(asked, "best_of", `a whole number from 1 to ${bestOfMax}`, (value) => isWhole(value, 1, bestOfMax));
  optional(asked, "echo", "true or false", (value) => typeof value === "boolean");
  optional(asked, "suffix", "a text", (value) => typeof value === "string");
  const text = Array.isArray(prompt) && prompt.length === 1 && typeof prompt[0] === "string" ? prompt[0] : prompt;
  const chat: Record<string, unknown> = {
    max_tokens: tokensDefault,
    messages: named ? [] : [{ role: "user", content: typeof text === "string" ? text : JSON.stringify(prompt) }],
    ...(named ? { prompt } : {}),
  };
  for (const name of [...same, ...alsoSame]) if (isSaid(asked[name])) chat[name] = asked[name];
  if (typeof logprobs === "number") Object.assign(chat, { logprobs: true, top_logprobs: logprobs });
  const body = jsonTextOf(chat);
  return { ...checkChatBody(body.value, body.members), body, unmapped: unmappedOf(asked, named || typeof text === "string") };
}

/** Names a field of the common form as the caller knows it. */
export function completionField(field: string): string {
  if (field.startsWith("messages")) return "prompt";
  return field === "top_logprobs" ? "logprobs" : field;
}

function unmappedOf(asked: Json, oneText: boolean): string[] {
  const { echo, suffix, best_of: bestOf, n } = asked;
  return [
    ...(oneText ? [] : ["prompt"]),
    ...(echo === true ? ["echo"] : []),
    ...(typeof suffix === "string" && suffix !== "" ? ["suffix"] : []),
    ...(typeof bestOf === "number" && bestOf > (typeof n === "number" ? n : 1) ? ["best_of"] : []),
    ...Object.keys(asked).filter((name) => !read.has(name) && isSaid(asked[name])),
  ];
}

const isReference = (prompt: unknown): boolean => typeof prompt === "object" && prompt !== null && !Array.isArray(prompt);

function checkPrompt(prompt: unknown): void {
  if (typeof prompt === "string") return;
  const isTokens = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every((token) => isWhole(token, 0, 2 ** 31 - 1));
  const isPrompt = (value: unknown) => typeof value === "string" || isTokens(value);
  if (!Array.isArray(prompt) || prompt.length === 0 || !(isTokens(prompt) || prompt.every(isPrompt)))
    throw wrong("prompt", "must be a text, a list of tokens, a list of those, or an object that names a prompt");
}

function optional(asked: Json, name: string, what: string, holds: (value: unknown) => boolean): void {
  if (isSaid(asked[name]) && !holds(asked[name])) throw wrong(name, `must be ${what}`);
}

const wrong = (field: string, what: string) => new GatewayError("INVALID_ARGUMENT", `${field} ${what}`, { field });
const isSaid = (value: unknown): boolean => value !== undefined && value !== null;
const isWhole = (value: unknown, min: number, max: number): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
