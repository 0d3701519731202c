/** Names a field of the common form as a caller of gRPC knows it: in the message CompletionInput. */
import { fieldOf, pathOf } from "./field-origins.ts";

const sampling = new Set(
  "temperature top_p frequency_penalty presence_penalty stop n seed logprobs top_logprobs logit_bias top_k".split(" "),
);
const own = new Set(
  [
    "model messages tools tool_choice parallel_tool_calls response_format metadata service_tier reasoning_effort prompt_cache_key",
    "verbosity modalities store web_search_options prompt stream",
  ].flatMap((line) => line.split(" ")),
);
const members: Readonly<Record<string, string>> = {
  max_tokens: "sampling.output_tokens_max",
  max_completion_tokens: "sampling.output_tokens_max",
  user: "end_user_id",
  audio: "audio_output",
  prediction: "predicted_content",
  cache_control: "cache_hint",
  reasoning: "reasoning_tokens_max",
};

/** Within a message, wherever they stand. */
const parts: Readonly<Record<string, string>> = {
  image_url: "image",
  input_audio: "audio",
  reasoning_content: "reasoning",
  is_error: "tool_failed",
  cache_control: "cache_hint",
};

export function inputField(field: string): string {
  const [name = "", ...rest] = pathOf(field);
  if (name === "messages") return fieldOf("messages", messagePath(rest));
  if (members[name] !== undefined) return members[name];
  if (sampling.has(name)) return fieldOf(`sampling.${name}`, rest);
  return own.has(name) ? fieldOf(name, rest) : fieldOf(`backend_extensions.${name}`, rest);
}

/** A part of a chat message names what it holds where the typed one has a case for it; what lies within is not told apart. */
function messagePath(path: readonly string[]): readonly string[] {
  const at = path.findIndex((name) => parts[name] !== undefined || name === "file");
  return at < 0 ? path : [...path.slice(0, at), parts[path[at] ?? ""] ?? "file"];
}
