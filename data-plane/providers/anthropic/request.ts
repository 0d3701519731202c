/**
 * Writes the request that a Messages backend gets. Pure. A caller of the same dialect: its own text with the few members that are
 * the gateway's. Any other: the common form, each member mapped, or said to have no place here.
 */
import { parseExactly } from "../../pipeline/exact-json.ts";
import { type JsonText, spliced } from "../../pipeline/json-text.ts";
import { readsReasoning } from "../../pipeline/signed-reasoning.ts";
import { type Json, objectOf, tellUncarried, tellUnknownMembers } from "../common-form.ts";
import type { ProviderCall } from "../provider.ts";
import { type Block, conversationOf, type Turn, withCacheControl } from "./content.ts";
import { reasoningFormat } from "./events.ts";
import { thinkingOf } from "./thinking.ts";

type Members = Map<string, unknown>;
type Mapped = Pick<ProviderCall, "backend" | "cannotCarry">;

/**
 * The limit of an answer is required here and in no other dialect. Where nobody said one, neither caller nor prompt nor route, it is
 * the model's own, as the catalogue has it; and where that does not know the model, what every model of the provider takes.
 */
const tokensMaxDefault = 4096;
/** The version that takes all that the common form can say: the one after it (2026-10-21) refuses `temperature` and its like. */
export const apiVersion = "2023-06-01";
const filesBeta = "files-api-2025-04-14";

export function requestBody(call: ProviderCall): string {
  const { request } = call;
  if (request.ingress === "anthropic-messages" && request.native !== undefined) return nativeBody(request.native.body, call);
  const value: Record<string, unknown> = { ...request.body.value };
  for (const [name, text] of call.replacements) value[name] = JSON.parse(text);
  const members = mappedMembers(value, call, "here");
  tellUnknownMembers(value, call.cannotCarry);
  members.set("model", call.backend.model);
  const { system, turns } = conversationOf(Array.isArray(value["messages"]) ? value["messages"] : [], call);
  if (system.length > 0) members.set("system", plain(system));
  members.set("messages", turns);
  if (request.stream) members.set("stream", true);
  return JSON.stringify(Object.fromEntries(members));
}

/** The caller's own text, with the prompt's messages before its own and with the parameters that route, prompt and variant set. */
function nativeBody(body: JsonText, call: ProviderCall): string {
  const replacements = new Map<string, string | undefined>([["model", JSON.stringify(call.backend.model)]]);
  const parameters = Object.fromEntries(
    [...call.replacements].filter(([name]) => name !== "messages").map(([name, text]) => [name, JSON.parse(text) as unknown]),
  );
  for (const [name, value] of mappedMembers(parameters, call, "elsewhere")) replacements.set(name, JSON.stringify(value));
  const readable = readableMessages(call);
  if (readable !== undefined) replacements.set("messages", readable);
  if (call.promptMessages.length > 0) {
    const { system, turns } = conversationOf(
      call.promptMessages.map((text) => JSON.parse(text) as unknown),
      call,
    );
    if (system.length > 0) replacements.set("system", JSON.stringify([...system, ...systemOf(body.value["system"])]));
    if (turns.length > 0) replacements.set("messages", before(turns, readable ?? ownMessages(body)));
  }
  // Ours: it named the prompt that is rendered by now.
  if (body.members.has("prompt")) replacements.set("prompt", undefined);
  return spliced(body, replacements);
}

const systemOf = (system: unknown): readonly unknown[] =>
  typeof system === "string" ? (system === "" ? [] : [{ type: "text", text: system }]) : Array.isArray(system) ? system : [];

function ownMessages({ text, members }: JsonText): string {
  const span = members.get("messages");
  return span === undefined ? "[]" : text.slice(span.start, span.end);
}

/** @param messages a list as JSON text. */
function before(turns: readonly Turn[], messages: string): string {
  const own = messages.slice(1, -1).trim();
  return `[${[...turns.map((turn) => JSON.stringify(turn)), ...(own === "" ? [] : [own])].join(",")}]`;
}

/**
 * The caller's messages without the reasoning that the provider cannot prove to be its own and would refuse the call for: what
 * another has signed, and what nobody has. undefined: there is none of it.
 */
function readableMessages({ request, backend, cannotCarry }: ProviderCall): string | undefined {
  const strangers = request.reasoningSigners.filter((signer) => !readsReasoning(backend, [reasoningFormat], signer));
  const text = request.native === undefined ? "[]" : ownMessages(request.native.body);
  if (strangers.length === 0 && !/"signature"\s*:\s*""/.test(text)) return undefined;
  for (const _stranger of strangers) cannotCarry("messages.reasoning_details");
  const fields = new Set(strangers.map(({ field }) => field));
  const messages = (parseExactly(text) as unknown[]).map((entry, i) => {
    const message = objectOf(entry);
    if (!Array.isArray(message["content"])) return message;
    const content = (message["content"] as unknown[]).filter((block, j) => {
      const unsigned = objectOf(block)["type"] === "thinking" && objectOf(block)["signature"] === "";
      if (unsigned) cannotCarry(`messages[${i}].content[${j}].thinking`, "hint");
      return !unsigned && !fields.has(`messages[${i}].content[${j}]`);
    });
    return { ...message, content };
  });
  return JSON.stringify(messages);
}

/** One block of text without more goes as a string, which every server of this dialect takes. */
function plain(system: readonly Block[]): string | readonly Block[] {
  const [only] = system;
  return system.length === 1 && only !== undefined && Object.keys(only).length === 2 ? String(only["text"]) : system;
}

/** In the common form and here alike. */
const sameMembers = [
  "top_p",
  "top_k",
  "cache_control",
  "thinking",
  "container",
  "context_management",
  "mcp_servers",
  "inference_geo",
  "speed",
  "diagnostics",
];

/** Members of the common form that are mapped below, are the gateway's own, or say nothing that another backend would hear. */
const knownMembers = new Set([
  ...sameMembers,
  "model",
  "messages",
  "stream",
  "stream_options",
  "prompt",
  "metadata",
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "stop",
  "user",
  "safety_identifier",
  "service_tier",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "reasoning_effort",
  "reasoning",
  "output_config",
]);

/** @param tokensMaxSaid elsewhere: the caller has said it in text that goes on beside these. */
function mappedMembers(value: Json, call: Mapped, tokensMaxSaid: "here" | "elsewhere"): Members {
  const { cannotCarry, backend } = call;
  const members: Members = new Map();
  tellUncarried(value, knownMembers, cannotCarry);
  for (const name of sameMembers) if (value[name] !== undefined && value[name] !== null) members.set(name, value[name]);

  const limit = value["max_completion_tokens"] ?? value["max_tokens"];
  const tokensMax = typeof limit === "number" ? limit : tokensMaxSaid === "here" ? backend.outputTokensMax : undefined;
  const said = { effort: value["reasoning_effort"] ?? undefined, reasoning: objectOf(value["reasoning"]) };
  const thinking = thinkingOf(said, backend.model, tokensMax);
  if (thinking === undefined) cannotCarry(value["reasoning_effort"] === undefined ? "reasoning" : "reasoning_effort");
  if (thinking?.thinking !== undefined) members.set("thinking", thinking.thinking);
  if (tokensMax !== undefined) members.set("max_tokens", tokensMax);
  else if (tokensMaxSaid === "here") members.set("max_tokens", tokensMaxDefault + (thinking?.budget ?? 0));

  setTemperature(value["temperature"], members, cannotCarry);
  const { stop } = value;
  if (stop !== undefined && stop !== null) members.set("stop_sequences", Array.isArray(stop) ? stop : [stop]);
  const user = value["safety_identifier"] ?? value["user"];
  if (typeof user === "string" && user !== "") members.set("metadata", { user_id: user });
  setServiceTier(value["service_tier"], members, cannotCarry);
  setOutput(value, thinking?.effort, members, cannotCarry);
  setTools(value, members, cannotCarry);
  return members;
}

/** 0 to 1 here, 0 to 2 in the common form: half of another scale would be another temperature, so what is above is refused. */
function setTemperature(temperature: unknown, members: Members, cannotCarry: ProviderCall["cannotCarry"]): void {
  if (typeof temperature !== "number") return;
  if (temperature > 1) cannotCarry("temperature");
  else members.set("temperature", temperature);
}

function setServiceTier(tier: unknown, members: Members, cannotCarry: ProviderCall["cannotCarry"]): void {
  if (tier === undefined || tier === null) return;
  if (tier === "auto") members.set("service_tier", "auto");
  else if (tier === "default" || tier === "standard_only") members.set("service_tier", "standard_only");
  else cannotCarry("service_tier");
}

function setOutput(value: Json, effort: string | undefined, members: Members, cannotCarry: ProviderCall["cannotCarry"]): void {
  const output: Record<string, unknown> = { ...objectOf(value["output_config"]) };
  if (effort !== undefined) output["effort"] = effort;
  const format = objectOf(value["response_format"]);
  if (format["type"] === "json_schema") {
    const described = objectOf(format["json_schema"]);
    const { description } = described;
    const schema = objectOf(described["schema"]);
    output["format"] = {
      type: "json_schema",
      schema: description === undefined || schema["description"] !== undefined ? schema : { ...schema, description },
    };
  } else if (format["type"] !== undefined && format["type"] !== "text") cannotCarry("response_format");
  if (Object.keys(output).length > 0) members.set("output_config", output);
}

function setTools(value: Json, members: Members, cannotCarry: ProviderCall["cannotCarry"]): void {
  const tools = (Array.isArray(value["tools"]) ? (value["tools"] as unknown[]) : []).flatMap((entry, i) =>
    toolOf(objectOf(entry), i, cannotCarry),
  );
  const choice = value["tool_choice"];
  const allowed = objectOf(objectOf(choice)["allowed_tools"]);
  const names = (Array.isArray(allowed["tools"]) ? (allowed["tools"] as unknown[]) : []).map(
    (tool) => objectOf(objectOf(tool)["function"])["name"],
  );
  const offered = names.length === 0 ? tools : tools.filter(({ name }) => names.includes(name));
  if (offered.length > 0) members.set("tools", offered);
  const mapped = choiceOf(names.length === 0 ? choice : allowed["mode"]);
  if (mapped === undefined) cannotCarry("tool_choice");
  const oneAtATime = value["parallel_tool_calls"] === false && tools.length > 0 && mapped?.["type"] !== "none";
  if (oneAtATime)
    members.set("tool_choice", {
      ...(mapped === undefined || mapped["type"] === undefined ? { type: "auto" } : mapped),
      disable_parallel_tool_use: true,
    });
  else if (mapped?.["type"] !== undefined && (tools.length > 0 || mapped["type"] !== "none")) members.set("tool_choice", mapped);
}

function toolOf(tool: Json, i: number, cannotCarry: ProviderCall["cannotCarry"]): Block[] {
  if (tool["type"] !== "function") {
    cannotCarry(`tools[${i}].${String(tool["type"])}`);
    return [];
  }
  const { name, description, parameters, strict } = objectOf(tool["function"]);
  return [
    withCacheControl(
      {
        name,
        ...(description === undefined || description === null ? {} : { description }),
        input_schema: { type: "object", ...objectOf(parameters) },
        ...(typeof strict === "boolean" ? { strict } : {}),
      },
      tool,
    ),
  ];
}

/** undefined: it cannot be meant here. Empty: it was not said. */
function choiceOf(choice: unknown): Json | undefined {
  switch (choice) {
    case undefined:
    case null:
      return {};
    case "auto":
    case "none":
      return { type: choice };
    case "required":
      return { type: "any" };
    default: {
      const { name } = objectOf(objectOf(choice)["function"]);
      return typeof name === "string" ? { type: "tool", name } : undefined;
    }
  }
}

/** @param proof see proof.ts. Of the caller's headers only those of its own dialect, which an allow-list names. */
export function requestHeaders(call: ProviderCall, proof: readonly string[]): string[] {
  const { request, backend } = call;
  const own: Readonly<Record<string, string>> = request.ingress === "anthropic-messages" ? (request.native?.headers ?? {}) : {};
  const headers = [
    "content-type",
    "application/json",
    "accept",
    request.stream ? "text/event-stream" : "application/json",
    "accept-encoding",
    "identity",
    "x-request-id",
    request.callId,
    "anthropic-version",
    own["anthropic-version"] ?? apiVersion,
    ...proof,
  ];
  const beta = own["anthropic-beta"] ?? (request.native === undefined && request.body.text.includes('"file_id"') ? filesBeta : undefined);
  if (beta !== undefined) headers.push("anthropic-beta", beta);
  if (backend.provider.kind === "simulated") for (const [name, value] of Object.entries(request.simulation)) headers.push(name, value);
  return headers;
}
