/**
 * Reads the body of `POST /v1/responses` into a chat body, and names what chat has no word for. What is the gateway's own
 * (stored responses) is resolved here; what a backend of the same dialect gets is the caller's own text with that resolved.
 *
 * Source: OpenAI's API reference, "Create a model response".
 */

import { inCallersWordsIfThrown } from "../../pipeline/caller-field.ts";
import type { ReasoningSigner } from "../../pipeline/completion-request.ts";
import { type JsonText, jsonTextOf, readJsonText, spliced } from "../../pipeline/json-text.ts";
import { signerOf } from "../../pipeline/signed-reasoning.ts";
import { type ChatBody, checkChatBody, refuseSteering } from "../chat-body.ts";
import { itemName, responseField } from "./field-names.ts";
import { isObject, isSaid, type Json, unknownMembers, unsupported, wrong } from "./fields.ts";
import { inputMessages } from "./input-messages.ts";
import { isOurs } from "./reasoning-envelope.ts";
import { chatToolChoice, chatTools } from "./tools.ts";

export interface ResponseRequest extends ChatBody {
  /** The common form. */
  readonly body: JsonText;
  /** For a backend that speaks of responses too: nothing in it refers to what is stored here. */
  readonly nativeBody: JsonText;
  readonly unmapped: readonly string[];
  /** Those without which the answer says the same. */
  readonly hints: readonly string[];
  /** What was asked, for the response to say again. */
  readonly asked: Json;
  /** All items that the model is shown, those of earlier responses first. */
  readonly input: readonly Json[];
  /** How many of them are of earlier responses. */
  readonly earlierItems: number;
  readonly store: boolean;
}

/** Members that mean the same in both and keep their names. */
const same = [
  "model",
  "temperature",
  "top_p",
  "parallel_tool_calls",
  "metadata",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "service_tier",
  "stream",
] as const;

/** Members that are read here one by one. */
const read = new Set<string>([
  ...same,
  "input",
  "instructions",
  "previous_response_id",
  "store",
  "background",
  "conversation",
  "include",
  "max_output_tokens",
  "prompt",
  "reasoning",
  "stream_options",
  "text",
  "tool_choice",
  "tools",
  "top_logprobs",
  "truncation",
]);

/** @param earlier the items of the response that this one goes on from. @throws GatewayError naming the field. */
export function readResponseBody(json: JsonText, earlier: readonly Json[]): ResponseRequest {
  const asked = json.value;
  for (const name of json.members.keys()) refuseSteering(name);
  if (isSaid(asked["background"]) && typeof asked["background"] !== "boolean") throw wrong("background", "must be true or false");
  if (asked["background"] === true && asked["store"] === false)
    throw unsupported("background", "needs the response to be stored: it is fetched later; leave store out");
  if (isSaid(asked["conversation"])) throw unsupported("conversation", "is not kept here; send previous_response_id or the items");
  if (isSaid(asked["store"]) && typeof asked["store"] !== "boolean") throw wrong("store", "must be true or false");
  if (isSaid(asked["instructions"]) && typeof asked["instructions"] !== "string") throw wrong("instructions", "must be a text");
  const own = ownItems(asked["input"], isSaid(asked["prompt"]) || earlier.length > 0);
  const input = [...earlier, ...own];
  const named = { asked, input, earlierItems: earlier.length };
  const said = inputMessages(input, (index) => itemName(named, index));
  const instructions = isSaid(asked["instructions"]) ? [{ role: "system", content: asked["instructions"] }] : [];
  const tools = chatTools(asked["tools"]);
  const choice = chatToolChoice(asked["tool_choice"]);
  // Where all of it is what chat has no word for, the body stands for nobody: only a backend of the same dialect takes the call.
  const messages = said.messages.length === 0 && said.unmapped.length > 0 ? [{ role: "user", content: "" }] : said.messages;
  const chat: Record<string, unknown> = { messages: [...instructions, ...messages] };
  for (const name of same) if (isSaid(asked[name])) chat[name] = asked[name];
  if (isSaid(asked["tools"])) chat["tools"] = tools.tools;
  if (choice.choice !== undefined) chat["tool_choice"] = choice.choice;
  addOutputMembers(chat, asked);
  const body = jsonTextOf(chat);
  const checked = inCallersWordsIfThrown(() => checkChatBody(body.value, body.members), {
    callerField: (field) => responseField(named, field),
  });
  return {
    ...checked,
    body,
    nativeBody: nativeBodyOf(json, input, earlier.length > 0),
    unmapped: [...unmappedMembers(asked), ...said.unmapped, ...tools.unmapped, ...choice.unmapped],
    hints: said.hints,
    asked,
    input,
    earlierItems: earlier.length,
    store: asked["store"] !== false,
    reasoningSigners: [...checked.reasoningSigners, ...sealedByOpenAi(chat["messages"] as readonly Json[])],
  };
}

function ownItems(input: unknown, mayBeMissing: boolean): readonly Json[] {
  if (!isSaid(input) && mayBeMissing) return [];
  if (typeof input === "string") return [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }];
  if (!Array.isArray(input) || (input.length === 0 && !mayBeMissing)) throw wrong("input", "must be a text or a list of at least one item");
  return input as readonly Json[];
}

/** What bounds and shapes the answer. */
function addOutputMembers(chat: Record<string, unknown>, asked: Json): void {
  const { max_output_tokens: tokensMax, top_logprobs: top, text, reasoning, include, prompt } = asked;
  if (isSaid(tokensMax)) {
    if (typeof tokensMax !== "number" || !Number.isInteger(tokensMax) || tokensMax < 1)
      throw wrong("max_output_tokens", "must be a whole number from 1");
    chat["max_completion_tokens"] = tokensMax;
  }
  if (includes(include, "message.output_text.logprobs") || (typeof top === "number" && top > 0)) {
    chat["logprobs"] = true;
    if (isSaid(top)) chat["top_logprobs"] = top;
  }
  if (isSaid(text)) {
    if (!isObject(text)) throw wrong("text", "must be an object");
    if (isSaid(text["format"])) chat["response_format"] = chatFormat(text["format"]);
    if (isSaid(text["verbosity"])) chat["verbosity"] = text["verbosity"];
  }
  if (isSaid(reasoning)) {
    if (!isObject(reasoning)) throw wrong("reasoning", "must be an object");
    if (isSaid(reasoning["effort"])) chat["reasoning_effort"] = reasoning["effort"];
    // Who wants a summary wants to see what the model thinks, which some backends show to nobody who did not ask.
    if (isSaid(reasoning["summary"]) || isSaid(reasoning["generate_summary"])) chat["reasoning"] = { exclude: false };
  }
  if (isObject(prompt)) chat["prompt"] = promptOf(prompt);
  else if (isSaid(prompt)) throw wrong("prompt", "must be an object");
}

/** OpenAI names a prompt by its id and its version by a text. */
function promptOf({ id, version, ...rest }: Json): Json {
  return {
    ...rest,
    ...(isSaid(id) ? { name: id } : {}),
    ...(isSaid(version) ? { version: typeof version === "string" && /^\d+$/.test(version) ? Number(version) : version } : {}),
  };
}

/** What is flat in a response is under the kind's own name in chat. */
function chatFormat(format: unknown): Json {
  if (!isObject(format)) throw wrong("text.format", "must be an object");
  if (format["type"] !== "json_schema") return format;
  const { type, ...schema } = format;
  return { type, json_schema: schema };
}

const carriedIncludes = new Set<unknown>(["message.output_text.logprobs", "reasoning.encrypted_content"]);

function unmappedMembers(asked: Json): string[] {
  const { include, truncation } = asked;
  const unknown = Object.keys(asked).filter((name) => !read.has(name) && isSaid(asked[name]));
  const includeNames = Array.isArray(include) ? include.flatMap((name, i) => (carriedIncludes.has(name) ? [] : [`include[${i}]`])) : [];
  return [
    ...unknown,
    ...unknownMembers(asked["text"], ["format", "verbosity"], "text"),
    ...unknownMembers(asked["reasoning"], ["effort", "summary", "generate_summary"], "reasoning"),
    ...(truncation === "auto" ? ["truncation"] : []),
    ...includeNames,
  ];
}

export const includes = (include: unknown, what: string): boolean => Array.isArray(include) && include.includes(what);

/** A backend keeps nothing for us: what was stored here goes along, and each call stands for itself. */
function nativeBodyOf(json: JsonText, input: readonly Json[], goesOn: boolean): JsonText {
  const changes = new Map<string, string | undefined>([["store", "false"]]);
  if (goesOn || input.some((item) => isObject(item) && isOurs(item)))
    changes.set(
      "input",
      JSON.stringify(input.filter((item) => !isObject(item) || ((!goesOn || isReadableElsewhere(item)) && !isOurs(item)))),
    );
  for (const name of ["previous_response_id", "background", "prompt"]) if (json.members.has(name)) changes.set(name, undefined);
  return readJsonText(spliced(json, changes));
}

/** A reasoning item without its sealed content is a reference to something that the backend has not kept. */
const isReadableElsewhere = (item: Json): boolean => item["type"] !== "reasoning" || isSaid(item["encrypted_content"]);

const sealedByOpenAi = (messages: readonly Json[]): ReasoningSigner[] =>
  messages.flatMap(({ reasoning_details: details }, i) =>
    Array.isArray(details)
      ? details
          .map((detail, j) => signerOf(detail, `messages[${i}].reasoning_details[${j}]`))
          .filter(({ provider, format }) => provider === "" && format !== "")
      : [],
  );
