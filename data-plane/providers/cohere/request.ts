/**
 * Writes the request that Cohere's v2 chat gets. Pure. Each member of the common form is mapped, or said to have no place here.
 * Source: docs.cohere.com/reference/chat.
 */
import {
  asksForMore,
  commonBody,
  functionToolsOf,
  isSaid,
  type Json,
  listOf,
  numberOf,
  outputBoundOf,
  reasoningAskedOf,
  responseFormatOf,
  stopsOf,
  tellCachedTools,
  tellUncarried,
  tellUnknownMembers,
  toolChoiceOf,
} from "../common-form.ts";
import type { ProviderCall } from "../provider.ts";
import { messagesOf } from "./messages.ts";

/** What is mapped below. */
const known = new Set([
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "top_k",
  "stop",
  "seed",
  "presence_penalty",
  "frequency_penalty",
  "logprobs",
  "response_format",
  "reasoning_effort",
  "reasoning",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "documents",
  "citation_options",
  "safety_mode",
]);

/** In the common form and here alike, where a caller or a route says them. */
const sameMembers = ["temperature", "seed", "presence_penalty", "frequency_penalty", "documents", "citation_options", "safety_mode"];

export function requestBody(call: ProviderCall): string {
  const body = commonBody(call);
  const { cannotCarry, request, backend } = call;
  tellUncarried(body, known, cannotCarry);
  tellUnknownMembers(body, cannotCarry);
  const stops = stopsOf(body);
  const members: Record<string, unknown> = {
    model: backend.model,
    messages: messagesOf(listOf(body["messages"]), cannotCarry),
    stream: request.stream,
    max_tokens: outputBoundOf(body),
    p: numberOf(body["top_p"]),
    k: numberOf(body["top_k"]),
    stop_sequences: stops.length === 0 ? undefined : stops,
    logprobs: body["logprobs"] === true ? true : undefined,
    response_format: responseFormat(body, cannotCarry),
    thinking: thinkingOf(body, cannotCarry),
    ...toolsOf(body, cannotCarry),
  };
  for (const name of sameMembers) if (isSaid(body[name])) members[name] = body[name];
  return JSON.stringify(members);
}

/** Operators write the address without the version, as Cohere's SDKs have it, or with it. */
export const requestPath = (pathPrefix: string, endpoint: "/chat" | "/embed" | "/rerank"): string =>
  `${pathPrefix === "" ? "/v2" : pathPrefix}${endpoint}`;

function responseFormat(body: Json, cannotCarry: ProviderCall["cannotCarry"]): Json | undefined {
  const format = responseFormatOf(body);
  if (format.type === "other") cannotCarry("response_format");
  if (format.type === "json") return { type: "json_object" };
  return format.type === "schema" ? { type: "json_object", json_schema: format.schema } : undefined;
}

/** Thinking is on or off, with a budget in tokens; it knows no efforts. */
function thinkingOf(body: Json, cannotCarry: ProviderCall["cannotCarry"]): Json | undefined {
  const asked = reasoningAskedOf(body);
  if (asked === undefined || !asksForMore(asked)) return undefined;
  if (asked.effort === "none" || asked.enabled === false) return { type: "disabled" };
  if (asked.effort !== undefined) cannotCarry(asked.field);
  return { type: "enabled", ...(asked.tokensMax === undefined ? {} : { token_budget: asked.tokensMax }) };
}

function toolsOf(body: Json, cannotCarry: ProviderCall["cannotCarry"]): Json {
  const offered = functionToolsOf(body, cannotCarry);
  tellCachedTools(offered, cannotCarry);
  const { mode, names, understood } = toolChoiceOf(body);
  if (!understood) cannotCarry("tool_choice");
  if (offered.length === 0) return {};
  if (body["parallel_tool_calls"] === false) cannotCarry("parallel_tool_calls");
  const tools = offered
    .filter(({ name }) => names === undefined || names.includes(name))
    .map(({ name, description, parameters }) => ({
      type: "function",
      function: { name, ...(description === undefined ? {} : { description }), parameters: { type: "object", ...parameters } },
    }));
  return {
    tools,
    ...(mode === "required" ? { tool_choice: "REQUIRED" } : mode === "none" ? { tool_choice: "NONE" } : {}),
    // Said of one function and not of another it cannot be: it holds for all.
    ...(offered.every(({ strict }) => strict === true) ? { strict_tools: true } : {}),
  };
}
