/**
 * Writes the request that generateContent and streamGenerateContent get, of the Gemini API and of Vertex AI alike. Pure. Each
 * member of the common form is mapped, or said to have no place here.
 *
 * Source: ai.google.dev/api/generate-content (GenerationConfig, Tool, ToolConfig), ai.google.dev/gemini-api/docs/thinking.
 */
import {
  type CannotCarry,
  commonBody,
  type FunctionTool,
  functionToolsOf,
  isSaid,
  type Json,
  listOf,
  numberOf,
  objectOf,
  outputBoundOf,
  reasoningAskedOf,
  responseFormatOf,
  stopsOf,
  tellCachedTools,
  tellUncarried,
  tellUnknownMembers,
  textOf,
  toolChoiceOf,
} from "../common-form.ts";
import type { ProviderCall } from "../provider.ts";
import { conversationOf } from "./contents.ts";
import { thinkingConfigOf } from "./thinking.ts";

/** What is mapped below. */
const known = new Set([
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "top_k",
  "n",
  "stop",
  "seed",
  "presence_penalty",
  "frequency_penalty",
  "logprobs",
  "top_logprobs",
  "response_format",
  "reasoning_effort",
  "reasoning",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "modalities",
  "audio",
  "web_search_options",
  "safety_settings",
]);

export function requestBody(call: ProviderCall): string {
  const body = commonBody(call);
  tellUncarried(body, known, call.cannotCarry);
  tellUnknownMembers(body, call.cannotCarry);
  const { system, contents } = conversationOf(listOf(body["messages"]), call);
  const tools = toolsOf(body, call.cannotCarry);
  const config = generationConfigOf(body, call);
  return JSON.stringify({
    ...(system.length === 0 ? {} : { systemInstruction: { parts: system } }),
    contents,
    ...tools,
    ...(Object.keys(config).length === 0 ? {} : { generationConfig: config }),
    ...(Array.isArray(body["safety_settings"]) ? { safetySettings: body["safety_settings"] } : {}),
  });
}

/** `…/models/<model>:generateContent`. A model may be named with what stands before it: "tunedModels/x", "publishers/google/models/x". */
export const requestPath = (pathPrefix: string, { backend, request }: Pick<ProviderCall, "backend" | "request">): string =>
  `${modelPath(pathPrefix, backend.model)}:${request.stream ? "streamGenerateContent?alt=sse" : "generateContent"}`;

export function modelPath(pathPrefix: string, model: string): string {
  const named = model.includes("/") ? model : `models/${model}`;
  return `${pathPrefix}/${named.split("/").map(encodeURIComponent).join("/")}`;
}

function generationConfigOf(body: Json, { backend, cannotCarry }: ProviderCall): Json {
  const format = responseFormatOf(body);
  if (format.type === "other") cannotCarry("response_format");
  const stops = stopsOf(body);
  const logprobs = body["logprobs"] === true;
  const config: Record<string, unknown> = {
    maxOutputTokens: outputBoundOf(body),
    temperature: numberOf(body["temperature"]),
    topP: numberOf(body["top_p"]),
    topK: numberOf(body["top_k"]),
    candidateCount: body["n"] === 1 ? undefined : numberOf(body["n"]),
    stopSequences: stops.length === 0 ? undefined : stops,
    seed: numberOf(body["seed"]),
    presencePenalty: numberOf(body["presence_penalty"]),
    frequencyPenalty: numberOf(body["frequency_penalty"]),
    responseLogprobs: logprobs ? true : undefined,
    logprobs: logprobs && numberOf(body["top_logprobs"]) !== 0 ? numberOf(body["top_logprobs"]) : undefined,
    responseMimeType: format.type === "json" || format.type === "schema" ? "application/json" : undefined,
    // The JSON schema as it is; `responseSchema` is a dialect of OpenAPI's and would lose a part of it.
    responseJsonSchema: format.type === "schema" ? format.schema : undefined,
    responseModalities: modalitiesOf(body["modalities"]),
    speechConfig: speechConfigOf(body["audio"], cannotCarry),
    thinkingConfig: thinkingConfigOf(reasoningAskedOf(body), backend.model, cannotCarry),
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

function modalitiesOf(asked: unknown): readonly string[] | undefined {
  const modalities = listOf(asked).map((one) => textOf(one).toUpperCase());
  return modalities.length === 0 || modalities.every((one) => one === "TEXT") ? undefined : modalities;
}

/** A voice has a place here; the format has none, for answers come as PCM. */
function speechConfigOf(audio: unknown, cannotCarry: CannotCarry): Json | undefined {
  if (!isSaid(audio)) return undefined;
  const { voice, format } = objectOf(audio);
  if (isSaid(format) && format !== "pcm16") cannotCarry("audio.format");
  return typeof voice === "string" ? { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } } : undefined;
}

function toolsOf(body: Json, cannotCarry: CannotCarry): Json {
  const offered = functionToolsOf(body, cannotCarry);
  tellCachedTools(offered, cannotCarry);
  const declarations = offered.map(declarationOf);
  const searches = isSaid(body["web_search_options"]);
  if (searches)
    for (const name of Object.keys(objectOf(body["web_search_options"])))
      if (name !== "search_context_size") cannotCarry(`web_search_options.${name}`);
  const tools = [
    ...(declarations.length === 0 ? [] : [{ functionDeclarations: declarations }]),
    ...(searches ? [{ googleSearch: {} }] : []),
  ];
  if (declarations.length > 0 && body["parallel_tool_calls"] === false) cannotCarry("parallel_tool_calls");
  const calling = declarations.length === 0 ? undefined : callingConfigOf(body, cannotCarry);
  return {
    ...(tools.length === 0 ? {} : { tools }),
    ...(calling === undefined ? {} : { toolConfig: { functionCallingConfig: calling } }),
  };
}

const declarationOf = ({ name, description, parameters }: FunctionTool): Json => ({
  name,
  ...(description === undefined ? {} : { description }),
  ...(parameters === undefined ? {} : { parametersJsonSchema: parameters }),
});

/** VALIDATED is AUTO within the functions that are named; AUTO itself takes no names. */
function callingConfigOf(body: Json, cannotCarry: CannotCarry): Json | undefined {
  const { mode, names, understood } = toolChoiceOf(body);
  if (!understood) cannotCarry("tool_choice");
  if (mode === undefined) return undefined;
  const word = mode === "none" ? "NONE" : mode === "required" ? "ANY" : names === undefined ? "AUTO" : "VALIDATED";
  return { mode: word, ...(names === undefined ? {} : { allowedFunctionNames: names }) };
}
