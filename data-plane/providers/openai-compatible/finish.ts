/**
 * How answers of OpenAI-shaped servers end: OpenAI's own words, and those of servers that have others. Three of them are no ends but
 * failures, whatever was said before: half an answer must not pass for a whole one.
 */
import { GatewayError } from "../../gateway-error.ts";
import type { FinishReason } from "../../pipeline/completion-event.ts";
import { type FinishTable, finishReasonIn, type UnknownFinish } from "../finish-reasons.ts";

export const finishReasons: FinishTable = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  content_filter: "content_filter",
  function_call: "function_call",
  /** TGI (huggingface/text-generation-inference, FinishReason); eos: Together. */
  eos: "stop",
  eos_token: "stop",
  stop_sequence: "stop",
  /** What a server in front of Claude may hand on. */
  end_turn: "stop",
  max_tokens: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
  /** docs.mistral.ai: the end of the model's context. */
  model_length: "length",
  /** vLLM (v1/engine, FinishReason): it went round in circles. */
  repetition: "length",
  /** Ollama (docs/api.md): the model was put into memory or out of it, and said nothing. */
  load: "other",
  unload: "other",
};

/** error: OpenRouter, Mistral, vLLM. abort: vLLM. insufficient_system_resource: DeepSeek. */
const failures = new Set(["error", "abort", "insufficient_system_resource"]);

const openaiWords = new Set(["stop", "length", "tool_calls", "content_filter", "function_call"]);

/** @throws GatewayError UPSTREAM_TRUNCATED where the reason is that it failed. */
export function finishReasonOf(raw: string, unknown: UnknownFinish = () => {}): FinishReason {
  if (failures.has(raw))
    throw new GatewayError("UPSTREAM_TRUNCATED", `the backend ended its answer with a failure: ${raw}`, { anotherBackendMayHelp: true });
  return finishReasonIn("openai-compatible", finishReasons, raw, unknown);
}

/**
 * Puts OpenAI's word in the place of another that means the same, for callers that know no other; what the backend said then stands
 * in `native_finish_reason`, as OpenRouter has it. Returns whether it did.
 */
export function exchangeFinish(choice: Record<string, unknown>, { unified, raw }: FinishReason): boolean {
  if (unified === raw || unified === "other") return false;
  choice["finish_reason"] = unified;
  if (!openaiWords.has(raw)) choice["native_finish_reason"] ??= raw;
  return true;
}
