/**
 * A Messages body in the common form, for backends of other dialects. Pure. What the common form has no word for is named, so that
 * such a backend refuses the call by name and nothing is lost in silence. Source: the API reference, "Create a Message".
 */
import { GatewayError } from "../../gateway-error.ts";
import { type FieldOrigins, noOrigins } from "../field-origins.ts";
import { ownFormat, readCarried } from "./carried-reasoning.ts";

type Json = Readonly<Record<string, unknown>>;

export interface CommonForm {
  readonly body: Json;
  /** Fields without a word in the common form, as the caller named them. */
  readonly unmapped: readonly string[];
  /** Those of an earlier answer, or that speed something up: what comes next does not hang on them. */
  readonly hints: readonly string[];
}

/** @param body checked by checkMessagesBody. @throws GatewayError INVALID_ARGUMENT naming the field. */
export function commonFormOf(body: Json, origins = noOrigins): CommonForm {
  const unmapped: string[] = [];
  const hints: string[] = [];
  const mapping: Mapping = {
    cannot: (field, kind) => void (kind === "hint" ? hints : unmapped).push(field),
    from: origins.from,
  };
  const system = systemMessages(body["system"], mapping);
  const messages = (Array.isArray(body["messages"]) ? (body["messages"] as unknown[]) : []).flatMap((message, i) =>
    messagesOf(object(message), `messages[${i}]`, mapping),
  );
  for (const [name, value] of Object.entries(body))
    if (!knownMembers.has(name) && value !== undefined && value !== null && value !== nothingSaid[name]) mapping.cannot(name);
  for (const name of ["metadata", "output_config", "thinking", "tool_choice"]) tellUnread(object(body[name]), name, name, mapping);
  const choice = object(body["tool_choice"]);
  const output = object(body["output_config"]);
  const format = object(output["format"]);
  const tools =
    Array.isArray(body["tools"]) && body["tools"].length > 0
      ? body["tools"].flatMap((tool, i) => toolOf(object(tool), i, mapping))
      : undefined;
  const members: Json = {
    model: body["model"],
    max_tokens: body["max_tokens"],
    messages: [...system, ...messages],
    stream: body["stream"],
    temperature: body["temperature"],
    top_p: body["top_p"],
    top_k: body["top_k"],
    stop: body["stop_sequences"],
    user: object(body["metadata"])["user_id"] ?? undefined,
    service_tier: body["service_tier"] === "standard_only" ? "default" : body["service_tier"],
    cache_control: body["cache_control"] ?? undefined,
    tools,
    // Without tools, other dialects refuse them.
    tool_choice: tools === undefined ? undefined : toolChoiceOf(choice, mapping),
    parallel_tool_calls: tools !== undefined && choice["disable_parallel_tool_use"] === true ? false : undefined,
    reasoning: reasoningOf(object(body["thinking"]), mapping),
    reasoning_effort: output["effort"] ?? undefined,
    response_format: responseFormatOf(format, mapping),
    prompt: body["prompt"],
  };
  return { body: Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)), unmapped, hints };
}

interface Mapping {
  readonly cannot: (field: string, kind?: "hint") => void;
  readonly from: FieldOrigins["from"];
}

/** What is read of objects below the top. A block's type is followed by those that all blocks have. */
const readMembers: Readonly<Record<string, readonly string[]>> = {
  metadata: ["user_id"],
  output_config: ["effort", "format"],
  thinking: ["type", "budget_tokens", "display"],
  tool_choice: ["type", "name", "disable_parallel_tool_use"],
  message: ["role", "content"],
  text: ["text", "citations"],
  image: ["source"],
  document: ["source", "title", "context", "citations"],
  tool_use: ["id", "name", "input"],
  tool_result: ["tool_use_id", "content", "is_error"],
  thinking_block: ["thinking", "signature"],
  redacted_thinking: ["data"],
  tool: ["name", "description", "input_schema", "strict", "input_examples", "defer_loading"],
};

/** Names what an object says and nobody here reads. */
function tellUnread(value: Json, kind: string, at: string, { cannot }: Mapping, how?: "hint"): void {
  const read = readMembers[kind] ?? [];
  for (const [name, said] of Object.entries(value))
    if (said !== undefined && said !== null && name !== "type" && name !== "cache_control" && !read.includes(name))
      cannot(`${at}.${name}`, name === "eager_input_streaming" ? "hint" : how);
}

const knownMembers = new Set(
  [
    "model max_tokens messages system stream temperature top_p top_k stop_sequences metadata service_tier cache_control tools tool_choice",
    "output_config thinking prompt",
  ].flatMap((line) => line.split(" ")),
);

/** Where saying it is the same as not saying it. */
const nothingSaid: Json = { speed: "standard" };

function systemMessages(system: unknown, mapping: Mapping): Json[] {
  if (system === undefined || system === "" || (Array.isArray(system) && system.length === 0)) return [];
  const content = typeof system === "string" ? system : partsOf(system, "system", mapping);
  return [mapping.from({ role: "system", content }, "system")];
}

function messagesOf(message: Json, at: string, mapping: Mapping): Json[] {
  const { role, content } = message;
  tellUnread(message, "message", at, mapping);
  if (typeof content === "string") return [mapping.from({ role, content }, at)];
  const blocks = (Array.isArray(content) ? content : []).map(object);
  const made = role === "assistant" ? [assistantMessage(blocks, at, mapping)] : userMessages(role, blocks, at, mapping);
  for (const one of made) mapping.from(one, at);
  return made;
}

/** Tool results become messages of their own, before what else the turn says. */
function userMessages(role: unknown, blocks: readonly Json[], at: string, mapping: Mapping): Json[] {
  const results: Json[] = [];
  const parts: Json[] = [];
  for (const [j, block] of blocks.entries()) {
    const here = `${at}.content[${j}]`;
    if (block["type"] === "tool_result") results.push(mapping.from(toolMessage(block, here, mapping), here));
    else parts.push(...partOf(block, here, mapping));
  }
  return parts.length === 0 ? results : [...results, { role, content: parts }];
}

function toolMessage(block: Json, at: string, mapping: Mapping): Json {
  const { content } = block;
  tellUnread(block, "tool_result", at, mapping);
  return withCacheControl(
    {
      role: "tool",
      tool_call_id: text(block["tool_use_id"]),
      content: typeof content === "string" ? content : partsOf(content, `${at}.content`, mapping),
      ...(block["is_error"] === true ? { is_error: true } : {}),
    },
    block,
  );
}

function assistantMessage(blocks: readonly Json[], at: string, mapping: Mapping): Json {
  const parts: Json[] = [];
  const calls: Json[] = [];
  const details: Json[] = [];
  let unsigned = "";
  for (const [j, block] of blocks.entries()) {
    const here = `${at}.content[${j}]`;
    if (typeof block["type"] === "string" && block["type"] in assistantBlocks)
      tellUnread(block, assistantBlocks[block["type"]] ?? "", here, mapping, "hint");
    switch (block["type"]) {
      case "thinking":
        if (text(block["signature"]) === "") unsigned += text(block["thinking"]);
        else details.push(mapping.from(thinkingDetail(block), here));
        break;
      case "redacted_thinking":
        details.push(mapping.from(redactedDetail(block), here));
        break;
      case "tool_use":
        calls.push(mapping.from(toolCallOf(block), here));
        break;
      default:
        parts.push(...partOf(block, here, mapping));
    }
  }
  return {
    role: "assistant",
    content: parts.length === 0 ? null : contentOf(parts),
    ...(unsigned === "" ? {} : { reasoning_content: unsigned }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

const assistantBlocks: Readonly<Record<string, string>> = {
  thinking: "thinking_block",
  redacted_thinking: "redacted_thinking",
  tool_use: "tool_use",
};

const toolCallOf = (block: Json): Json =>
  withCacheControl(
    { id: block["id"], type: "function", function: { name: block["name"], arguments: JSON.stringify(block["input"] ?? {}) } },
    block,
  );

/** Text alone goes as a string, which every backend takes from an assistant. */
function contentOf(parts: readonly Json[]): string | readonly Json[] {
  const plain = parts.every((part) => part["type"] === "text" && part["cache_control"] === undefined);
  return plain ? parts.map((part) => text(part["text"])).join("") : parts;
}

function thinkingDetail(block: Json): Json {
  const detail = readCarried(text(block["signature"]));
  if (detail === undefined) return { type: "reasoning.text", text: block["thinking"], signature: block["signature"], format: ownFormat };
  return {
    type: "reasoning.text",
    text: block["thinking"],
    signature: detail.value,
    format: detail.format,
    provider: detail.provider,
    ...(detail.id === "" ? {} : { id: detail.id }),
  };
}

function redactedDetail(block: Json): Json {
  const detail = readCarried(text(block["data"]));
  if (detail === undefined) return { type: "reasoning.encrypted", data: block["data"], format: ownFormat };
  const { kind, value, id, format, provider } = detail;
  const said =
    kind === "signature"
      ? { type: "reasoning.text", text: "", signature: value }
      : kind === "summary"
        ? { type: "reasoning.summary", summary: value }
        : { type: "reasoning.encrypted", data: value };
  return { ...said, format, provider, ...(id === "" ? {} : { id }) };
}

const partsOf = (content: unknown, at: string, mapping: Mapping): Json[] =>
  (Array.isArray(content) ? (content as unknown[]) : []).flatMap((block, j) => partOf(object(block), `${at}[${j}]`, mapping));

function partOf(block: Json, at: string, mapping: Mapping): Json[] {
  const made = partsOfBlock(block, at, mapping);
  for (const part of made) mapping.from(part, at);
  return made;
}

function partsOfBlock(block: Json, at: string, mapping: Mapping): Json[] {
  const kind = text(block["type"]);
  if (kind === "text" || kind === "image" || kind === "document") tellUnread(block, kind, at, mapping);
  switch (kind) {
    case "text":
      // What an earlier answer was taken from.
      if (Array.isArray(block["citations"]) && block["citations"].length > 0) mapping.cannot(`${at}.citations`, "hint");
      return text(block["text"]) === "" ? [] : [withCacheControl({ type: "text", text: block["text"] }, block)];
    case "image": {
      const source = object(block["source"]);
      if (source["type"] === "file") return [withCacheControl({ type: "file", file: { file_id: source["file_id"] } }, block)];
      const url = source["type"] === "url" ? text(source["url"]) : dataUrl(source, `${at}.source`);
      return [withCacheControl({ type: "image_url", image_url: { url } }, block)];
    }
    case "document":
      return documentParts(block, at, mapping);
    default:
      // Search results, tools that the provider runs and their results, uploads into its containers.
      mapping.cannot(`${at}.${kind}`);
      return [];
  }
}

function documentParts(block: Json, at: string, mapping: Mapping): Json[] {
  const source = object(block["source"]);
  const details = {
    ...(object(block["citations"])["enabled"] === true ? { citations: block["citations"] } : {}),
    ...(typeof block["context"] === "string" ? { context: block["context"] } : {}),
  };
  const named = typeof block["title"] === "string" ? { filename: block["title"] } : {};
  const file = (of: Json): Json[] => [withCacheControl({ type: "file", file: { ...of, ...named }, ...details }, block)];
  switch (source["type"]) {
    case "base64":
      return file({ file_data: dataUrl(source, `${at}.source`) });
    case "text":
      return file({ file_data: `data:text/plain;base64,${Buffer.from(text(source["data"]), "utf8").toString("base64")}` });
    case "url":
      return file({ file_url: source["url"] });
    case "file":
      return file({ file_id: source["file_id"] });
    case "content": {
      if ("citations" in details) mapping.cannot(`${at}.citations`);
      const about = [block["title"], block["context"]].flatMap((said) => (text(said) === "" ? [] : [{ type: "text", text: said }]));
      const parts =
        typeof source["content"] === "string"
          ? [{ type: "text", text: source["content"] }]
          : partsOf(source["content"], `${at}.source.content`, mapping);
      return [...about, ...parts];
    }
    default:
      mapping.cannot(`${at}.source`);
      return [];
  }
}

function dataUrl({ media_type: mediaType, data }: Json, at: string): string {
  if (typeof mediaType !== "string" || typeof data !== "string")
    throw new GatewayError("INVALID_ARGUMENT", `${at} must have a media_type and data in base64`, { field: at });
  return `data:${mediaType};base64,${data}`;
}

function toolOf(tool: Json, i: number, mapping: Mapping): Json[] {
  const { type, name, description, input_schema: parameters, strict } = tool;
  if (type !== undefined && type !== null && type !== "custom") {
    mapping.cannot(`tools[${i}].${text(type)}`);
    return [];
  }
  if (Array.isArray(tool["input_examples"]) && tool["input_examples"].length > 0) mapping.cannot(`tools[${i}].input_examples`);
  tellUnread(tool, "tool", `tools[${i}]`, mapping);
  if (tool["defer_loading"] === true) mapping.cannot(`tools[${i}].defer_loading`);
  const described = {
    name,
    ...(description === undefined ? {} : { description }),
    parameters: parameters ?? { type: "object", properties: {} },
    ...(typeof strict === "boolean" ? { strict } : {}),
  };
  return [mapping.from(withCacheControl({ type: "function", function: described }, tool), `tools[${i}]`)];
}

/** Every schema holds strictly here; elsewhere only those can whose properties are all required. */
function responseFormatOf(format: Json, { cannot }: Mapping): Json | undefined {
  if (format["type"] !== "json_schema") {
    if (format["type"] !== undefined) cannot("output_config.format");
    return undefined;
  }
  return { type: "json_schema", json_schema: { name: "answer", schema: format["schema"], strict: requiresAll(format["schema"]) } };
}

function requiresAll(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return true;
  const { properties, required, additionalProperties } = schema as Json;
  const names = Object.keys(object(properties));
  const own =
    properties === undefined ||
    (additionalProperties === false && names.every((name) => Array.isArray(required) && required.includes(name)));
  return own && Object.values(schema).every(requiresAll);
}

function toolChoiceOf(choice: Json, { cannot }: Mapping): unknown {
  switch (choice["type"]) {
    case "auto":
    case "none":
      return choice["type"];
    case "any":
      return "required";
    case "tool":
      return { type: "function", function: { name: choice["name"] } };
    case undefined:
      return undefined;
    default:
      cannot("tool_choice");
      return undefined;
  }
}

function reasoningOf(thinking: Json, { cannot }: Mapping): Json | undefined {
  const hidden = thinking["display"] === "omitted" ? { exclude: true } : {};
  switch (thinking["type"]) {
    case undefined:
      return undefined;
    case "enabled":
      return { max_tokens: thinking["budget_tokens"], ...hidden };
    case "adaptive":
    case "between_tools":
      return { enabled: true, ...hidden };
    case "disabled":
      return { enabled: false };
    default:
      cannot("thinking");
      return undefined;
  }
}

const withCacheControl = (part: Json, { cache_control: control }: Json): Json =>
  control === undefined || control === null ? part : { ...part, cache_control: control };

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const object = (value: unknown): Json => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {});
