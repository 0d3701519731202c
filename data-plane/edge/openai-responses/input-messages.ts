/**
 * Reads the items of a response's input into chat messages. What a model said in one turn stands there as several items
 * (reasoning, message, calls) and is one assistant message in chat.
 *
 * Source: OpenAI's API reference, "Create a model response", input; and its guide to migrating from chat completions.
 */

import { type FieldOrigins, noOrigins } from "../field-origins.ts";
import { isObject, isSaid, type Json, textOf, unknownMembers, wrong } from "./fields.ts";
import { isUnsigned, readReasoning } from "./reasoning-envelope.ts";

export interface InputMessages {
  readonly messages: readonly Json[];
  /** Items and parts that chat has no word for, as the caller would name them. */
  readonly unmapped: readonly string[];
  /** What of an earlier answer chat has no word for, and the next one does not hang on. */
  readonly hints: readonly string[];
}

interface Mapping {
  readonly cannot: (field: string, kind?: "hint") => void;
  readonly from: FieldOrigins["from"];
}

interface AssistantMessage {
  /** Where its first item stands. */
  readonly at: string;
  content: Json[];
  refusal: string;
  /** What the model has thought aloud and nobody signed. */
  thoughts: string;
  readonly tool_calls: Json[];
  readonly reasoning: { readonly detail: Json; readonly at: string }[];
}

/** @param nameOf where an item stands in the caller's request: "input[2]". @throws GatewayError INVALID_ARGUMENT naming the item. */
export function inputMessages(items: readonly unknown[], nameOf: (index: number) => string, origins = noOrigins): InputMessages {
  const messages: Json[] = [];
  const unmapped: string[] = [];
  const hints: string[] = [];
  const mapping: Mapping = { cannot: (field, kind) => void (kind === "hint" ? hints : unmapped).push(field), from: origins.from };
  let turn: AssistantMessage | undefined;
  const openTurn = (at: string): AssistantMessage => {
    turn ??= { at, content: [], refusal: "", thoughts: "", tool_calls: [], reasoning: [] };
    return turn;
  };
  const closeTurn = () => {
    if (turn !== undefined) messages.push(messageOfTurn(turn, mapping));
    turn = undefined;
  };

  for (const [index, item] of items.entries()) {
    const at = nameOf(index);
    if (!isObject(item)) throw wrong(at, "must be an object");
    const type = item["type"] ?? (item["role"] === undefined ? undefined : "message");
    switch (type) {
      case "message": {
        const role = roleOf(item["role"], at);
        if (role !== "assistant") {
          closeTurn();
          messages.push(mapping.from({ role, content: contentOf(item["content"], `${at}.content`, mapping) }, at));
          unmapped.push(...unknownMembers(item, itemMembers.message, at));
          break;
        }
        // Two messages of the assistant in a row stay two, unless calls stand between, which chat wants together.
        if (turn !== undefined && turn.tool_calls.length === 0 && (turn.content.length > 0 || turn.refusal !== "")) closeTurn();
        const said = openTurn(at);
        hints.push(...unknownMembers(item, itemMembers.message, at));
        for (const part of partsOf(item["content"], `${at}.content`, mapping)) {
          if (part["type"] === "refusal") said.refusal += textOf(part["refusal"]);
          else said.content.push(part);
        }
        break;
      }
      case "reasoning": {
        const details = readReasoning(item);
        const of = openTurn(at);
        of.reasoning.push(...details.flatMap((detail) => (isUnsigned(detail) ? [] : [{ detail, at }])));
        of.thoughts +=
          details.length === 0 ? thoughtsOf(item) : details.map((detail) => (isUnsigned(detail) ? textOf(detail["text"]) : "")).join("");
        break;
      }
      case "function_call":
        hints.push(...unknownMembers(item, itemMembers.call, at));
        openTurn(at).tool_calls.push(
          mapping.from(
            {
              id: needed(item, "call_id", at),
              type: "function",
              function: { name: needed(item, "name", at), arguments: textOf(item["arguments"]) },
            },
            at,
          ),
        );
        break;
      case "custom_tool_call":
        hints.push(...unknownMembers(item, itemMembers.customCall, at));
        openTurn(at).tool_calls.push(
          mapping.from(
            {
              id: needed(item, "call_id", at),
              type: "custom",
              custom: { name: needed(item, "name", at), input: textOf(item["input"]) },
            },
            at,
          ),
        );
        break;
      case "function_call_output":
      case "custom_tool_call_output":
        closeTurn();
        unmapped.push(...unknownMembers(item, itemMembers.output, at));
        messages.push(
          mapping.from(
            {
              role: "tool",
              tool_call_id: needed(item, "call_id", at),
              content: contentOf(item["output"], `${at}.output`, mapping),
            },
            at,
          ),
        );
        break;
      default:
        if (typeof type !== "string") throw wrong(`${at}.type`, "must name the kind of the item");
        unmapped.push(at);
    }
  }
  closeTurn();
  return { messages, unmapped, hints };
}

/** Ids and states of items are OpenAI's own to keep; no model is shown them. */
const itemMembers = {
  message: ["type", "role", "content", "id", "status"],
  call: ["type", "id", "call_id", "name", "arguments", "status"],
  customCall: ["type", "id", "call_id", "name", "input", "status"],
  output: ["type", "id", "call_id", "output", "status"],
};

/** A summary is about the reasoning and not it; no model takes one back. */
const thoughtsOf = ({ content }: Json): string =>
  Array.isArray(content) ? content.map((part: unknown) => (isObject(part) ? textOf(part["text"]) : "")).join("") : "";

function messageOfTurn({ at, content, refusal, thoughts, tool_calls, reasoning }: AssistantMessage, mapping: Mapping): Json {
  const [only] = content;
  const plain = content.length === 1 && only?.["type"] === "text" && only["cache_control"] === undefined;
  const details = reasoning.map(({ detail, at: item }, index) => mapping.from({ ...detail, index }, item));
  const message = {
    role: "assistant",
    content: content.length === 0 ? null : plain ? only["text"] : content,
    ...(refusal === "" ? {} : { refusal }),
    ...(thoughts === "" ? {} : { reasoning_content: thoughts }),
    ...(tool_calls.length === 0 ? {} : { tool_calls }),
    ...(reasoning.length === 0 ? {} : { reasoning_details: details }),
  };
  return mapping.from(message, at);
}

const roles = ["user", "assistant", "system", "developer"] as const;

function roleOf(value: unknown, at: string): (typeof roles)[number] {
  const role = roles.find((known) => known === value);
  if (role === undefined) throw wrong(`${at}.role`, `must be one of ${roles.join(", ")}`);
  return role;
}

function needed(item: Json, name: string, at: string): string {
  const value = item[name];
  if (typeof value !== "string" || value === "") throw wrong(`${at}.${name}`, "must be a text");
  return value;
}

/** A text stays one; parts become chat's. */
const contentOf = (content: unknown, at: string, mapping: Mapping): string | Json[] =>
  typeof content === "string" ? content : partsOf(content, at, mapping);

/** @param at of the content itself. */
function partsOf(content: unknown, at: string, mapping: Mapping): Json[] {
  if (typeof content === "string") return content === "" ? [] : [mapping.from({ type: "text", text: content }, at)];
  if (!Array.isArray(content)) throw wrong(at, "must be a text or a list of parts");
  return content.flatMap((part: unknown, i) => {
    const where = `${at}[${i}]`;
    if (!isObject(part)) throw wrong(where, "must be an object with a type");
    const made = partOf(part, where);
    if (made === undefined) mapping.cannot(where);
    else for (const name of unknownMembers(part, partMembers, where)) mapping.cannot(name);
    // What an earlier answer was taken from, and how sure the model was of it.
    for (const name of ["annotations", "logprobs"])
      if (Array.isArray(part[name]) && part[name].length > 0) mapping.cannot(`${where}.${name}`, "hint");
    return made === undefined ? [] : [mapping.from({ ...made, ...hintOf(part) }, where)];
  });
}

const partMembers =
  "type text refusal image_url detail file_id file_data file_url filename input_audio annotations logprobs cache_control".split(" ");

const hintOf = (part: Json): Json => (isSaid(part["cache_control"]) ? { cache_control: part["cache_control"] } : {});

/** undefined: chat has no word for it. */
function partOf(part: Json, at: string): Json | undefined {
  switch (part["type"]) {
    case "input_text":
    case "output_text":
    case "text":
    case "summary_text":
      if (typeof part["text"] !== "string") throw wrong(`${at}.text`, "must be a text");
      return { type: "text", text: part["text"] };
    case "refusal":
      return { type: "refusal", refusal: textOf(part["refusal"]) };
    case "input_image": {
      // Chat names a picture by its address alone; one that was uploaded has none.
      if (typeof part["image_url"] !== "string") return undefined;
      return { type: "image_url", image_url: { url: part["image_url"], ...(isSaid(part["detail"]) ? { detail: part["detail"] } : {}) } };
    }
    case "input_file": {
      const { file_id, file_data, file_url, filename } = part;
      const file = Object.fromEntries(Object.entries({ file_id, file_data, file_url, filename }).filter(([, value]) => isSaid(value)));
      if (Object.keys(file).length === 0) throw wrong(at, "must have file_id, file_data or file_url");
      return { type: "file", file };
    }
    case "input_audio":
      return { type: "input_audio", input_audio: part["input_audio"] };
    default:
      if (typeof part["type"] !== "string") throw wrong(`${at}.type`, "must name the kind of the part");
      return undefined;
  }
}
