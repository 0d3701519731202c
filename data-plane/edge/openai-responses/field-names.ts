/** Names a field of the common form as a caller of the Responses API knows it. */
import { fieldOf, gatherOrigins, pathOf } from "../field-origins.ts";
import type { Json } from "./fields.ts";
import { inputMessages } from "./input-messages.ts";

/** What of a request the names hang on. */
export interface NamedInput {
  /** As the caller wrote it. */
  readonly asked: Json;
  /** All items that the model is shown, those of earlier responses first. */
  readonly input: readonly Json[];
  readonly earlierItems: number;
}

/** Where an item stands in the caller's request. A text stands for one item. */
export const itemName = ({ asked, earlierItems }: NamedInput, index: number): string => {
  if (index < earlierItems) return "previous_response_id";
  return typeof asked["input"] === "string" ? "input" : `input[${index - earlierItems}]`;
};

export function responseField(request: NamedInput, field: string): string {
  const path = pathOf(field);
  // Probabilities are asked for by a word in `include`, or by their number.
  if (path[0] === "logprobs" && request.asked["top_logprobs"] === undefined) return "include";
  if (path[0] !== "messages") return memberNamed(path);
  const origins = gatherOrigins();
  const { messages } = inputMessages(request.input, (index) => itemName(request, index), origins);
  // The instructions are the first message, where there are any.
  const before = request.asked["instructions"] === undefined || request.asked["instructions"] === null ? 0 : 1;
  const index = Number(path[1]);
  if (index < before) return "instructions";
  const { at, rest } = origins.originOf({ messages }, fieldOf("messages", [String(index - before), ...path.slice(2)]));
  if (at === "") return "input";
  if (!at.startsWith("input[")) return /^\w+/.exec(at)?.[0] ?? at;
  const isResult = messages[index - before]?.["role"] === "tool" && rest[0] === "content";
  return fieldOf(at, isResult ? ["output", ...rest.slice(1)] : partNamed(rest));
}

/** Of an item or a part. */
function partNamed([name, ...rest]: readonly string[]): readonly string[] {
  switch (name) {
    case undefined:
      return [];
    case "reasoning_details":
      return ["encrypted_content"];
    case "tool_call_id":
      return ["call_id"];
    case "file":
    case "function":
    case "custom":
      return rest;
    default:
      return [name, ...rest];
  }
}

const members: Readonly<Record<string, string>> = {
  max_tokens: "max_output_tokens",
  max_completion_tokens: "max_output_tokens",
  verbosity: "text.verbosity",
  reasoning_effort: "reasoning.effort",
  logprobs: "top_logprobs",
};

function memberNamed(path: readonly string[]): string {
  const [name = "", ...rest] = path;
  // What has a name of its own in chat is flat here.
  if (name === "response_format") return fieldOf("text.format", rest[0] === "json_schema" ? rest.slice(1) : rest);
  if (name === "tools") return fieldOf("tools", [...rest.slice(0, 1), ...(isKind(rest[1]) ? rest.slice(2) : rest.slice(1))]);
  if (name === "prompt" && rest[0] === "name") return "prompt.id";
  return members[name] ?? fieldOf(name, rest);
}

const isKind = (name: string | undefined): boolean => name === "function" || name === "custom";
