/** Names a field of the common form as a caller of the Messages API knows it. */
import { fieldOf, gatherOrigins, type Origin } from "../field-origins.ts";
import { commonFormOf } from "./common-form.ts";

/** @param body the caller's. */
export function messagesField(body: Readonly<Record<string, unknown>>, field: string): string {
  const origins = gatherOrigins();
  const { at, rest } = origins.originOf(commonFormOf(body, origins).body, field);
  return at === "" ? memberNamed(rest) : fieldOf(at, partNamed({ at, rest }));
}

/** In brackets as all fields in here; the dialect itself writes "messages.1.content.0". */
export const dotted = (field: string): string => field.replaceAll(/\[(\d+)\]/g, ".$1");

const members: Readonly<Record<string, string>> = {
  max_completion_tokens: "max_tokens",
  stop: "stop_sequences",
  user: "metadata.user_id",
  reasoning: "thinking",
  reasoning_effort: "output_config.effort",
  response_format: "output_config.format",
  parallel_tool_calls: "tool_choice.disable_parallel_tool_use",
};

function memberNamed([name = "", ...rest]: readonly string[]): string {
  if (name === "reasoning" && rest[0] === "max_tokens") return "thinking.budget_tokens";
  const known = members[name];
  return known ?? fieldOf(name, rest);
}

/** Of a message, a part, a call or a tool. */
function partNamed({ at, rest: [name, ...rest] }: Origin): readonly string[] {
  // Its content is all there is of it.
  if (at === "system" && name === "content") return rest;
  switch (name) {
    case undefined:
    case "reasoning_content":
    case "reasoning_details":
      return [];
    case "image_url":
    case "file":
      return ["source"];
    case "tool_call_id":
      return ["tool_use_id"];
    case "function": {
      const [inner, ...more] = rest;
      const known = { arguments: "input", parameters: "input_schema" }[inner ?? ""];
      return known === undefined ? rest : [known, ...more];
    }
    default:
      return [name, ...rest];
  }
}
