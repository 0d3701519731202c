/**
 * The response as a whole, as OpenAI's reference has it ("The response object"): what was asked is said again, and what came of
 * it. Members that were not asked for have the values that OpenAI gives them.
 */
import type { TokenUsage } from "../../pipeline/completion-event.ts";
import { isSaid, type Json } from "./fields.ts";
import type { ResponseRequest } from "./request-body.ts";

export type ResponseStatus = "queued" | "in_progress" | "completed" | "incomplete" | "failed" | "cancelled";

export interface ResponseEnd {
  readonly status: ResponseStatus;
  readonly output: readonly Json[];
  readonly usage: TokenUsage | undefined;
  /** max_output_tokens, content_filter, or what the backend said. undefined: it is whole. */
  readonly incompleteReason: string | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly serviceTier: string;
}

export const noEnd: ResponseEnd = {
  status: "in_progress",
  output: [],
  usage: undefined,
  incompleteReason: undefined,
  error: undefined,
  serviceTier: "",
};

export function responseObject({ asked, store }: ResponseRequest, id: string, createdAt: number, end: ResponseEnd): Json {
  const said = (name: string, otherwise: unknown) => (isSaid(asked[name]) ? asked[name] : otherwise);
  const { usage, incompleteReason } = end;
  return {
    id,
    object: "response",
    access_programs: null,
    created_at: createdAt,
    status: end.status,
    background: said("background", false),
    completed_at: end.status === "completed" ? Math.floor(Date.now() / 1000) : null,
    error: end.error ?? null,
    incomplete_details: incompleteReason === undefined ? null : { reason: incompleteReason },
    instructions: said("instructions", null),
    max_output_tokens: said("max_output_tokens", null),
    max_tool_calls: said("max_tool_calls", null),
    model: asked["model"],
    output: end.output,
    parallel_tool_calls: said("parallel_tool_calls", true),
    previous_response_id: said("previous_response_id", null),
    reasoning: { effort: null, summary: null, ...(said("reasoning", {}) as Json) },
    service_tier: end.serviceTier === "" ? said("service_tier", "auto") : end.serviceTier,
    store,
    temperature: said("temperature", 1),
    text: { format: { type: "text" }, ...(said("text", {}) as Json) },
    tool_choice: said("tool_choice", "auto"),
    tools: toolsShown(said("tools", [])),
    top_logprobs: said("top_logprobs", 0),
    top_p: said("top_p", 1),
    truncation: said("truncation", "disabled"),
    metadata: said("metadata", {}),
    ...(usage === undefined ? {} : { usage: usageShown(usage) }),
    ...Object.fromEntries(optional.filter((name) => isSaid(asked[name])).map((name) => [name, asked[name]])),
  };
}

const optional = ["prompt_cache_key", "safety_identifier", "user"];

const toolsShown = (tools: unknown): unknown =>
  (tools as readonly Json[]).map((tool) =>
    tool["type"] === "function" ? { description: null, parameters: null, strict: null, ...tool } : tool,
  );

const usageShown = (usage: TokenUsage): Json => ({
  input_tokens: usage.inputTokens,
  input_tokens_details: { cached_tokens: usage.cacheReadTokens, cache_write_tokens: usage.cacheWriteTokens },
  output_tokens: usage.outputTokens,
  output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  total_tokens: usage.inputTokens + usage.outputTokens,
});
