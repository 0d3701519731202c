/**
 * Reads the items of a response's input into chat messages. What a model said in one turn stands there as several items
 * (reasoning, message, calls) and is one assistant message in chat.
 *
 * Source: OpenAI's API reference, "Create a model response", input; and its guide to migrating from chat completions.
 */

import { isObject, isSaid, type Json, textOf, wrong } from "./fields.ts";
import { readReasoning } from "./reasoning-envelope.ts";

export interface InputMessages {
  readonly messages: readonly Json[];
  /** Items and parts that chat has no word for, as the caller would name them. */
  readonly unmapped: readonly string[];
}

interface AssistantMessage {
  content: Json[];
  refusal: string;
  readonly tool_calls: Json[];
  readonly reasoning_details: Json[];
}

/** @param nameOf where an item stands in the caller's request: "input[2]". @throws GatewayError INVALID_ARGUMENT naming the item. */
export function inputMessages(items: readonly unknown[], nameOf: (index: number) => string): InputMessages {
  const messages: Json[] = [];
  const unmapped: string[] = [];
  let turn: AssistantMessage | undefined;
  const openTurn = (): AssistantMessage => {
    turn ??= { content: [], refusal: "", tool_calls: [], reasoning_details: [] };
    return turn;
  };
  const closeTurn = () => {
    if (turn !== undefined) messages.push(messageOfTurn(turn));
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
          messages.push({ role, content: contentOf(item["content"], at, unmapped) });
          break;
        }
        // Two messages of the assistant in a row stay two, unless calls stand between, which chat wants together.
        if (turn !== undefined && turn.tool_calls.length === 0 && (turn.content.length > 0 || turn.refusal !== "")) closeTurn();
        const said = openTurn();
        for (const part of partsOf(item["content"], at, unmapped)) {
          if (part["type"] === "refusal") said.refusal += textOf(part["refusal"]);
          else said.content.push(part);
        }
        break;
      }
      case "reasoning":
        openTurn().reasoning_details.push(...readReasoning(item));
        break;
      case "function_call":
        openTurn().tool_calls.push({
          id: needed(item, "call_id", at),
          type: "function",
          function: { name: needed(item, "name", at), arguments: textOf(item["arguments"]) },
        });
        break;
      case "custom_tool_call":
        openTurn().tool_calls.push({
          id: needed(item, "call_id", at),
          type: "custom",
          custom: { name: needed(item, "name", at), input: textOf(item["input"]) },
        });
        break;
      case "function_call_output":
      case "custom_tool_call_output":
        closeTurn();
        messages.push({
          role: "tool",
          tool_call_id: needed(item, "call_id", at),
          content: contentOf(item["output"], `${at}.output`, unmapped),
        });
        break;
      case "item_reference":
        throw wrong(at, "refers to an item that is not kept here; send the item itself, or the response's id as previous_response_id");
      default:
        if (typeof type !== "string") throw wrong(`${at}.type`, "must name the kind of the item");
        unmapped.push(at);
    }
  }
  closeTurn();
  return { messages, unmapped };
}

function messageOfTurn({ content, refusal, tool_calls, reasoning_details }: AssistantMessage): Json {
  const [only] = content;
  const plain = content.length === 1 && only?.["type"] === "text" && only["cache_control"] === undefined;
  return {
    role: "assistant",
    content: content.length === 0 ? null : plain ? only["text"] : content,
    ...(refusal === "" ? {} : { refusal }),
    ...(tool_calls.length === 0 ? {} : { tool_calls }),
    ...(reasoning_details.length === 0 ? {} : { reasoning_details: reasoning_details.map((detail, index) => ({ ...detail, index })) }),
  };
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
const contentOf = (content: unknown, at: string, unmapped: string[]): string | Json[] =>
  typeof content === "string" ? content : partsOf(content, at, unmapped);

function partsOf(content: unknown, at: string, unmapped: string[]): Json[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  if (!Array.isArray(content)) throw wrong(`${at}.content`, "must be a text or a list of parts");
  return content.flatMap((part: unknown, i) => {
    const where = `${at}.content[${i}]`;
    if (!isObject(part)) throw wrong(where, "must be an object with a type");
    const made = partOf(part, where);
    if (made === undefined) unmapped.push(where);
    return made === undefined ? [] : [{ ...made, ...hintOf(part) }];
  });
}

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
