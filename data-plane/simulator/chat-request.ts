/**
 * The body of POST /v1/chat/completions, checked as strictly as OpenAI checks it, so that a gateway which sends nonsense is
 * told so by field name. Fields that do not change what the simulator answers are accepted and ignored, as OpenAI-like
 * servers do with each other's extensions; fields whose neglect would be a lie are refused.
 */
import { invalidField, SimulatorError } from "./simulator-error.ts";

export interface ChatRequest {
  readonly model: string;
  readonly streamed: boolean;
  readonly usageAsked: boolean;
  readonly messages: readonly ChatMessage[];
  readonly choiceCount: number;
  /** The tighter of `max_tokens` and `max_completion_tokens`; at least 1. */
  readonly tokensMax: number | undefined;
  readonly stops: readonly string[];
  readonly tools: readonly ChatTool[];
  readonly toolChoice: ToolChoice;
  readonly parallelToolCalls: boolean;
  readonly format: ResponseFormat;
  /** How many alternatives to each token; undefined: no logprobs at all. */
  readonly topLogprobs: number | undefined;
  /** False where `reasoning_effort` is "none" or "minimal". */
  readonly reasoningWanted: boolean;
  /** What the answer depends on, as text: the body without `stream` and `stream_options`, so both ways get the same answer. */
  readonly fingerprint: string;
}

export interface ChatMessage {
  readonly role: string;
  /** All text in it: parts, refusals, and what tool calls say. */
  readonly text: string;
  /** Images, audio and files. */
  readonly attachmentCount: number;
}

export interface ChatTool {
  readonly name: string;
  /** JSON Schema; undefined: the tool takes nothing. */
  readonly parameters: unknown;
  /** Where it stands in the request, for messages. */
  readonly param: string;
  /** The definition as text, which the prompt's tokens count. */
  readonly definition: string;
}

export type ToolChoice = { readonly type: "auto" | "none" | "required" } | { readonly type: "named"; readonly name: string };

export type ResponseFormat = { readonly type: "text" | "json_object" } | { readonly type: "json_schema"; readonly schema: unknown };

type JsonObject = Readonly<Record<string, unknown>>;

const roles = new Set(["developer", "system", "user", "assistant", "tool", "function"]);
const choicesMax = 128;
const stopsMax = 4;
const toolsMax = 128;

/** @throws SimulatorError 400 naming the field */
export function parseChatRequest(body: unknown, modelDefault: string): ChatRequest {
  if (!isObject(body)) throw new SimulatorError(400, "the request body must be a JSON object");
  if (body.functions !== undefined || body.function_call !== undefined)
    throw invalidField("functions", "functions and function_call are gone; send tools and tool_choice", "unsupported_parameter");
  const model = optional(body, "model", "string") ?? modelDefault;
  const streamed = optional(body, "stream", "boolean") ?? false;
  const tools = toolsOf(body.tools);
  number(body, "temperature", 0, 2);
  number(body, "top_p", 0, 1);
  number(body, "presence_penalty", -2, 2);
  number(body, "frequency_penalty", -2, 2);
  whole(body, "seed", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const limits = [whole(body, "max_tokens", 1), whole(body, "max_completion_tokens", 1)].filter((limit) => limit !== undefined);
  const effort = optional(body, "reasoning_effort", "string");
  return {
    model,
    streamed,
    usageAsked: usageAskedOf(body.stream_options, streamed),
    messages: messagesOf(body.messages),
    choiceCount: whole(body, "n", 1, choicesMax) ?? 1,
    tokensMax: limits.length > 0 ? Math.min(...limits) : undefined,
    stops: stopsOf(body.stop),
    tools,
    toolChoice: toolChoiceOf(body.tool_choice, tools),
    parallelToolCalls: optional(body, "parallel_tool_calls", "boolean") ?? true,
    format: formatOf(body.response_format),
    topLogprobs: topLogprobsOf(body),
    reasoningWanted: effort !== "none" && effort !== "minimal",
    fingerprint: fingerprintOf(body),
  };
}

function messagesOf(value: unknown): readonly ChatMessage[] {
  if (!Array.isArray(value) || value.length === 0) throw invalidField("messages", "messages must be a list with at least one message");
  return value.map((message: unknown, index) => messageOf(message, `messages[${index}]`));
}

function messageOf(message: unknown, param: string): ChatMessage {
  if (!isObject(message)) throw invalidField(param, `${param} must be an object`);
  const { role, content } = message;
  if (typeof role !== "string" || !roles.has(role))
    throw invalidField(`${param}.role`, `${param}.role must be one of ${[...roles].join(", ")}`, "invalid_value");
  if (role === "tool" && typeof message.tool_call_id !== "string")
    throw invalidField(`${param}.tool_call_id`, `${param}.tool_call_id must name the call that this message answers`);
  let text = "";
  let attachmentCount = 0;
  if (typeof content === "string") text = content;
  else if (Array.isArray(content)) {
    for (const [index, part] of content.entries()) {
      const read = partOf(part, `${param}.content[${index}]`);
      if (read === attachment) attachmentCount++;
      else text += read;
    }
  } else if (content !== null && content !== undefined)
    throw invalidField(`${param}.content`, `${param}.content must be text or a list of parts`);
  else if (role !== "assistant") throw invalidField(`${param}.content`, `${param}.content is missing; only an assistant's may be null`);
  if (typeof message.refusal === "string") text += message.refusal;
  if (message.tool_calls !== undefined && message.tool_calls !== null) text += toolCallText(message.tool_calls, `${param}.tool_calls`);
  return { role, text, attachmentCount };
}

const attachment = Symbol("attachment");

function partOf(part: unknown, param: string): string | typeof attachment {
  if (!isObject(part)) throw invalidField(param, `${param} must be an object with a type`);
  switch (part.type) {
    case "text":
      if (typeof part.text !== "string") throw invalidField(`${param}.text`, `${param}.text must be text`);
      return part.text;
    case "refusal":
      if (typeof part.refusal !== "string") throw invalidField(`${param}.refusal`, `${param}.refusal must be text`);
      return part.refusal;
    case "image_url":
    case "input_audio":
    case "file":
      if (!isObject(part[part.type])) throw invalidField(`${param}.${part.type}`, `${param}.${part.type} must be an object`);
      return attachment;
    default:
      throw invalidField(`${param}.type`, `${param}.type must be text, refusal, image_url, input_audio or file`, "invalid_value");
  }
}

function toolCallText(calls: unknown, param: string): string {
  if (!Array.isArray(calls)) throw invalidField(param, `${param} must be a list`);
  let text = "";
  for (const [index, call] of calls.entries()) {
    const called: unknown = isObject(call) ? call.function : undefined;
    if (!isObject(called) || typeof called.name !== "string" || typeof called.arguments !== "string")
      throw invalidField(`${param}[${index}].function`, `${param}[${index}].function must have a name and arguments, both text`);
    text += ` ${called.name} ${called.arguments}`;
  }
  return text;
}

function toolsOf(value: unknown): readonly ChatTool[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > toolsMax) throw invalidField("tools", `tools must be a list of at most ${toolsMax}`);
  return value.map((tool: unknown, index) => {
    const param = `tools[${index}]`;
    if (!isObject(tool) || tool.type !== "function")
      throw invalidField(`${param}.type`, `${param}.type must be "function"; the simulator has no other tools`, "unsupported_value");
    const definition = tool.function;
    if (!isObject(definition) || typeof definition.name !== "string" || !/^[\w-]{1,64}$/.test(definition.name))
      throw invalidField(`${param}.function.name`, `${param}.function.name must be 1 to 64 letters, digits, "_" or "-"`, "invalid_value");
    return {
      name: definition.name,
      parameters: definition.parameters ?? undefined,
      param: `${param}.function.parameters`,
      definition: stringify(definition),
    };
  });
}

function toolChoiceOf(value: unknown, tools: readonly ChatTool[]): ToolChoice {
  if (value === undefined || value === null) return { type: "auto" };
  if (tools.length === 0 && value !== "none")
    throw invalidField("tool_choice", "tool_choice is given without tools; add tools or leave it out");
  if (value === "auto" || value === "none" || value === "required") return { type: value };
  const named = isObject(value) && value.type === "function" && isObject(value.function) ? value.function.name : undefined;
  if (typeof named !== "string") throw invalidField("tool_choice", 'tool_choice must be "auto", "none", "required" or name a function');
  if (!tools.some((tool) => tool.name === named)) throw invalidField("tool_choice", `tool_choice names "${named}", which is not in tools`);
  return { type: "named", name: named };
}

function formatOf(value: unknown): ResponseFormat {
  if (value === undefined || value === null) return { type: "text" };
  const type = isObject(value) ? value.type : undefined;
  if (type === "text" || type === "json_object") return { type };
  if (type !== "json_schema" || !isObject(value))
    throw invalidField("response_format.type", "response_format.type must be text, json_object or json_schema", "invalid_value");
  const described = value.json_schema;
  if (!isObject(described) || typeof described.name !== "string" || !isObject(described.schema))
    throw invalidField("response_format.json_schema", "response_format.json_schema must have a name and a schema");
  return { type: "json_schema", schema: described.schema };
}

function topLogprobsOf(body: JsonObject): number | undefined {
  const asked = optional(body, "logprobs", "boolean") ?? false;
  const alternatives = whole(body, "top_logprobs", 0, 20);
  if (alternatives !== undefined && !asked) throw invalidField("top_logprobs", "top_logprobs needs logprobs: true");
  return asked ? (alternatives ?? 0) : undefined;
}

function stopsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const stops: unknown[] = Array.isArray(value) ? value : [value];
  if (stops.length > stopsMax) throw invalidField("stop", `stop must hold at most ${stopsMax} texts`);
  return stops.map((stop) => {
    if (typeof stop !== "string" || stop === "") throw invalidField("stop", "stop must be a text or a list of texts, none empty");
    return stop;
  });
}

function usageAskedOf(value: unknown, streamed: boolean): boolean {
  if (value === undefined || value === null) return false;
  if (!streamed) throw invalidField("stream_options", "stream_options is only allowed with stream: true");
  if (!isObject(value)) throw invalidField("stream_options", "stream_options must be an object");
  return optional(value, "include_usage", "boolean", "stream_options.") ?? false;
}

function fingerprintOf(body: JsonObject): string {
  const { stream: _stream, stream_options: _options, ...rest } = body;
  return stringify(rest);
}

/** JSON.parse takes any depth, JSON.stringify does not: it throws RangeError. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    if (cause instanceof RangeError) throw new SimulatorError(400, "the request body is nested too deeply; flatten it");
    throw cause;
  }
}

interface Kinds {
  string: string;
  boolean: boolean;
}

function optional<Kind extends keyof Kinds>(body: JsonObject, name: string, kind: Kind, prefix = ""): Kinds[Kind] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  // The comparison is the proof that the checker cannot make across the two type parameters.
  if (typeof value === kind) return value as Kinds[Kind];
  throw invalidField(prefix + name, `${prefix}${name} must be a ${kind}`, "invalid_type");
}

function number(body: JsonObject, name: string, min: number, max: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !(value >= min && value <= max))
    throw invalidField(name, `${name} must be a number from ${min} to ${max}`, "invalid_value");
  return value;
}

function whole(body: JsonObject, name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
  const value = number(body, name, min, max);
  if (value !== undefined && !Number.isInteger(value)) throw invalidField(name, `${name} must be a whole number`, "invalid_type");
  return value;
}

const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value);
