/**
 * Reads the common form of a request (see pipeline/completion-request.ts) for dialects that have other words for the same: what is
 * said, in one shape, whatever of its several forms the caller wrote. Pure, besides what is told to `cannotCarry`.
 */
import { hash } from "node:crypto";
import { GatewayError } from "../gateway-error.ts";
import { parseExactly } from "../pipeline/exact-json.ts";
import type { ProviderCall } from "./provider.ts";

export type Json = Readonly<Record<string, unknown>>;
export type CannotCarry = ProviderCall["cannotCarry"];

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const objectOf = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
export const isSaid = (value: unknown): boolean => value !== undefined && value !== null;
export const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** A place in a list or a text, or a choice's number, where a backend says one that can be: 0 to 2^31 - 1. */
export const placeOf = (value: unknown): number | undefined =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31 ? (value as number) : undefined;

/** The end of the year 9999, as far as a timestamp goes. */
const secondsMax = 253_402_300_799;
/** Seconds since the epoch, where a backend says some that can be. */
export const secondsOf = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 && value <= secondsMax ? Math.floor(value) : undefined;

/** The body with what prompt, route and variant set. */
export function commonBody({ request, replacements }: Pick<ProviderCall, "request" | "replacements">): Json {
  if (replacements.size === 0) return request.body.value;
  const value: Record<string, unknown> = { ...request.body.value };
  for (const [name, text] of replacements) value[name] = JSON.parse(text);
  return value;
}

/** The gateway's own, or what it has acted upon itself. */
const ours = new Set(["model", "messages", "stream", "stream_options", "prompt", "metadata", "user", "safety_identifier"]);

/** The value that is the same as not saying it. */
const sameAsUnsaid: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  presence_penalty: (value) => value === 0,
  logit_bias: (value) => typeof value === "object" && value !== null && Object.keys(value).length === 0,
  store: (value) => value === false,
  parallel_tool_calls: (value) => value === true,
  service_tier: (value) => value === "auto" || value === "default",
  modalities: (value) => Array.isArray(value) && value.every((modality) => modality === "text"),
  tools: (value) => Array.isArray(value) && value.length === 0,
  verbosity: (value) => value === "medium",
};

/** They speed something up and change nothing of what the answer says. */
const hints = new Set(["prompt_cache_key", "prompt_cache_retention", "cache_salt", "prediction", "cache_control"]);

/** Tells each member that says something and that a dialect does not know. @throws as ProviderCall.cannotCarry. */
export function tellUncarried(body: Json, known: ReadonlySet<string>, cannotCarry: CannotCarry): void {
  for (const [name, value] of Object.entries(body)) {
    if (!isSaid(value) || ours.has(name) || known.has(name) || sameAsUnsaid[name]?.(value) === true) continue;
    cannotCarry(name, hints.has(name) ? "hint" : undefined);
  }
}

const listOfNames = (names: string): ReadonlySet<string> => new Set(names.split(" "));
/** What of the objects below the top any dialect has a place for, or says that it has none. */
const membersRead = {
  message: listOfNames("role content name cache_control tool_call_id is_error"),
  assistant: listOfNames(
    "role content name cache_control refusal tool_calls reasoning_content reasoning reasoning_details audio function_call",
  ),
  part: listOfNames("type cache_control text refusal image_url video_url input_audio file citations context"),
  tool: listOfNames("type cache_control function custom"),
  function: listOfNames("name description parameters strict"),
  reasoning: listOfNames("effort max_tokens enabled exclude"),
};

/**
 * Tells each member of messages, parts and tools, and of `reasoning`, that nobody here knows. What stands on an assistant's message
 * is of an earlier answer, and what comes next does not hang on it. @throws as ProviderCall.cannotCarry.
 */
export function tellUnknownMembers(body: Json, cannotCarry: CannotCarry): void {
  const tell = (value: unknown, kind: keyof typeof membersRead, at: string, how?: "hint") => {
    for (const [name, said] of Object.entries(objectOf(value)))
      if (isSaid(said) && !membersRead[kind].has(name) && !(Array.isArray(said) && said.length === 0)) cannotCarry(`${at}.${name}`, how);
  };
  for (const [i, message] of listOf(body["messages"]).entries()) {
    const { role, content } = objectOf(message);
    const how = role === "assistant" ? "hint" : undefined;
    tell(message, role === "assistant" ? "assistant" : "message", `messages[${i}]`, how);
    for (const [j, part] of listOf(content).entries()) if (isKnownPart(part)) tell(part, "part", `messages[${i}].content[${j}]`, how);
  }
  for (const [i, tool] of listOf(body["tools"]).entries()) {
    tell(tool, "tool", `tools[${i}]`);
    tell(objectOf(tool)["function"], "function", `tools[${i}].function`);
  }
  tell(body["reasoning"], "reasoning", "reasoning");
}

/** A part of a kind that nobody knows is told as a whole. */
const isKnownPart = (part: unknown): boolean => membersRead.part.has(textOf(objectOf(part)["type"]));

/** The bound on output, by its newer name where both are said. */
export const outputBoundOf = (body: Json): number | undefined => numberOf(body["max_completion_tokens"] ?? body["max_tokens"]);

export const stopsOf = ({ stop }: Json): readonly string[] =>
  typeof stop === "string" ? [stop] : listOf(stop).filter((one) => typeof one === "string");

export interface FunctionTool {
  readonly name: string;
  readonly description: string | undefined;
  readonly parameters: Json | undefined;
  readonly strict: boolean | undefined;
  /** The member of `tools` itself, for what only some dialects look for. */
  readonly tool: Json;
}

/** The functions that are offered; what else stands among the tools is told. */
export function functionToolsOf(body: Json, cannotCarry: CannotCarry): readonly FunctionTool[] {
  return listOf(body["tools"]).flatMap((entry, i) => {
    const tool = objectOf(entry);
    if (tool["type"] !== "function") {
      cannotCarry(`tools[${i}].${textOf(tool["type"])}`);
      return [];
    }
    const { name, description, parameters, strict } = objectOf(tool["function"]);
    return [
      {
        name: textOf(name),
        description: typeof description === "string" ? description : undefined,
        parameters: isSaid(parameters) ? objectOf(parameters) : undefined,
        strict: typeof strict === "boolean" ? strict : undefined,
        tool,
      },
    ];
  });
}

/** For dialects that keep no tools in a cache. */
export function tellCachedTools(tools: readonly FunctionTool[], cannotCarry: CannotCarry): void {
  for (const [i, { tool }] of tools.entries()) if (isSaid(tool["cache_control"])) cannotCarry(`tools[${i}].cache_control`, "hint");
}

export interface ToolChoice {
  /** undefined: not said, or in a form that nobody knows. */
  readonly mode: "auto" | "none" | "required" | undefined;
  /** The functions among which it chooses. undefined: all. */
  readonly names: readonly string[] | undefined;
  readonly understood: boolean;
}

export function toolChoiceOf({ tool_choice: choice }: Json): ToolChoice {
  if (!isSaid(choice)) return { mode: undefined, names: undefined, understood: true };
  if (choice === "auto" || choice === "none" || choice === "required") return { mode: choice, names: undefined, understood: true };
  const { type, function: named, allowed_tools: allowed } = objectOf(choice);
  const name = objectOf(named)["name"];
  if (type === "function" && typeof name === "string") return { mode: "required", names: [name], understood: true };
  const { mode, tools } = objectOf(allowed);
  if (type === "allowed_tools" && (mode === "auto" || mode === "required"))
    return { mode, names: listOf(tools).map((tool) => textOf(objectOf(objectOf(tool)["function"])["name"])), understood: true };
  return { mode: undefined, names: undefined, understood: false };
}

export interface ReasoningAsked {
  /** "none", "minimal", "low", "medium", "high", "xhigh". undefined: not said. */
  readonly effort: string | undefined;
  readonly tokensMax: number | undefined;
  readonly enabled: boolean | undefined;
  /** The caller does not want to see it. */
  readonly hidden: boolean;
  /** What to name where it cannot be meant. */
  readonly field: "reasoning_effort" | "reasoning";
}

/** `reasoning_effort`, and `reasoning` in OpenRouter's shape. undefined: neither is said. */
export function reasoningAskedOf(body: Json): ReasoningAsked | undefined {
  const reasoning = objectOf(body["reasoning"]);
  const effort = body["reasoning_effort"] ?? reasoning["effort"];
  const { max_tokens: tokensMax, enabled, exclude } = reasoning;
  // exclude: false alone asks to see whatever it thinks.
  if (!isSaid(effort) && !isSaid(tokensMax) && !isSaid(enabled) && !isSaid(exclude)) return undefined;
  return {
    effort: typeof effort === "string" ? effort : undefined,
    tokensMax: numberOf(tokensMax),
    enabled: typeof enabled === "boolean" ? enabled : undefined,
    hidden: exclude === true,
    field: isSaid(body["reasoning_effort"]) ? "reasoning_effort" : "reasoning",
  };
}

/** Whether anything is asked of the thinking itself, and not of what is shown of it alone. */
export const asksForMore = ({ effort, tokensMax, enabled }: ReasoningAsked): boolean =>
  effort !== undefined || tokensMax !== undefined || enabled !== undefined;

export interface ResponseSchema {
  readonly name: string;
  readonly description: string | undefined;
  readonly schema: Json;
  readonly strict: boolean | undefined;
}

export type ResponseFormat =
  | { readonly type: "text" }
  | { readonly type: "json" }
  | ({ readonly type: "schema" } & ResponseSchema)
  | { readonly type: "other" };

export function responseFormatOf(body: Json): ResponseFormat {
  const format = objectOf(body["response_format"]);
  switch (format["type"]) {
    case undefined:
    case null:
    case "text":
      return { type: "text" };
    case "json_object":
      return { type: "json" };
    case "json_schema": {
      const { name, description, schema, strict } = objectOf(format["json_schema"]);
      return {
        type: "schema",
        name: textOf(name),
        description: typeof description === "string" ? description : undefined,
        schema: objectOf(schema),
        strict: typeof strict === "boolean" ? strict : undefined,
      };
    }
    default:
      return { type: "other" };
  }
}

export interface InlineData {
  /** Lower case. */
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

/** undefined: it is an address and not data. @throws GatewayError INVALID_ARGUMENT naming the field where it is neither. */
export function inlineDataOf(url: string, field: string): InlineData | undefined {
  if (!url.startsWith("data:")) {
    if (/^(https?|gs|s3):\/\//i.test(url)) return undefined;
    throw new GatewayError("INVALID_ARGUMENT", `${field} must be an address or a data URL in base64`, { field });
  }
  const match = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=.+-]+)*;base64,/.exec(url);
  if (match?.[1] === undefined)
    throw new GatewayError("INVALID_ARGUMENT", `${field} must be a data URL in base64: data:<media type>;base64,<data>`, { field });
  return { mediaType: match[1].toLowerCase(), data: url.slice(match[0].length) };
}

/** A tool call's arguments, number for number. @throws GatewayError INVALID_ARGUMENT where they are not a JSON object. */
export function argumentsOf(said: unknown, field: string): Json {
  const written = textOf(said).trim();
  if (written === "") return {};
  try {
    const value = parseExactly(written);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // Told below.
  }
  throw new GatewayError("INVALID_ARGUMENT", `${field} must be a JSON object, as the backend of this route takes no other`, { field });
}

/** Other providers' ids may hold what a dialect refuses ("functions.search:0"): the same id always becomes the same one. */
export function plainToolId(id: string, lengthMax: number): string {
  if (/^[\w-]+$/.test(id) && id.length <= lengthMax) return id;
  return `${id.replaceAll(/[^\w-]/g, "_").slice(0, lengthMax - 13)}_${hash("sha256", id, "hex").slice(0, 12)}`;
}
