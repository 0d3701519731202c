/**
 * Writes typed events in the chat API's words: as chunks of a stream, or gathered into one answer. For backends of other dialects;
 * what comes from a backend of this one passes as it was written.
 *
 * Where chat has no word: `reasoning_content` and `reasoning_details` as DeepSeek and OpenRouter have them, `images` as OpenRouter,
 * `stop_reason` as vLLM (the stop sequence that ended it), `native_finish_reason` where the provider's own says more.
 */
import type { Annotation, CompletionEvent, FinishReason, ReasoningDetail, TokenLogprob, TokenUsage } from "../pipeline/completion-event.ts";

type Started = Extract<CompletionEvent, { type: "completion-started" }>;
type Json = Record<string, unknown>;

export interface ChatChunks {
  /** The event as server-sent events' text. Empty: chat says nothing of it. */
  add(event: CompletionEvent): string;
}

/** @param usageAsked then each chunk carries `usage: null`, for the one at the end that has it. */
export function chatChunks(started: Started | undefined, model: string, usageAsked: boolean): ChatChunks {
  const roles = new Set<number>();
  const parts = choiceParts();
  const head = JSON.stringify({ ...headOf(started, "chat.completion.chunk", model) }).slice(0, -1);
  const tail = usageAsked ? `],"usage":null}\n\n` : "]}\n\n";
  const chunk = (choice: Json) => `data: ${head},"choices":[${JSON.stringify(choice)}${tail}`;
  return {
    add(event) {
      if (!("choice" in event)) return "";
      const index = event.choice;
      let text = "";
      if (!roles.has(index)) {
        roles.add(index);
        text = chunk({ index, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null });
      }
      if (event.type === "choice-finished") return text + chunk({ index, delta: {}, logprobs: null, ...finishOf(event.reason) });
      const delta = parts.of(index).delta(event);
      if (delta === undefined) return text;
      const logprobs = event.type === "content-delta" ? logprobsOf(event.logprobs) : null;
      return text + chunk({ index, delta, logprobs, finish_reason: null });
    },
  };
}

export interface ChatAnswer {
  add(event: CompletionEvent): void;
  /** The whole answer as JSON text. */
  text(usage: TokenUsage | undefined): string;
}

export function chatAnswer(model: string): ChatAnswer {
  let started: Started | undefined;
  const parts = choiceParts();
  return {
    add(event) {
      if (event.type === "completion-started") started = event;
      else if ("choice" in event) parts.of(event.choice).add(event);
    },
    text: (usage) =>
      JSON.stringify({
        ...headOf(started, "chat.completion", model),
        choices: parts.all().map(([index, choice]) => ({ index, ...choice.whole() })),
        ...(usage === undefined ? {} : { usage: chatUsage(usage) }),
      }),
  };
}

/** In the provider's own words where they are chat's. Prompt tokens hold the cached ones, completion tokens the reasoning. */
export function chatUsage(usage: TokenUsage): Json {
  if (!usage.estimated && usage.raw.includes('"prompt_tokens"')) return JSON.parse(usage.raw) as Json;
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      audio_tokens: usage.audioInputTokens,
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens, audio_tokens: usage.audioOutputTokens },
  };
}

const headOf = (started: Started | undefined, object: string, model: string): Json => ({
  id: started?.id ?? "",
  object,
  created: started?.created ?? 0,
  model,
  ...(started === undefined || started.systemFingerprint === "" ? {} : { system_fingerprint: started.systemFingerprint }),
  ...(started === undefined || started.serviceTier === "" ? {} : { service_tier: started.serviceTier }),
});

type ChoiceEvent = Extract<CompletionEvent, { readonly choice: number }>;

interface ChoiceParts {
  /** What the event adds, in the words of a delta; undefined: nothing. */
  delta(event: ChoiceEvent): Json | undefined;
  /** Gathers it for `whole`. */
  add(event: ChoiceEvent): void;
  whole(): Json;
}

function choiceParts(): { of(index: number): ChoiceParts; all(): [number, ChoiceParts][] } {
  const choices = new Map<number, ChoiceParts>();
  return {
    of(index) {
      let choice = choices.get(index);
      if (choice === undefined) {
        choice = openChoice();
        choices.set(index, choice);
      }
      return choice;
    },
    all: () => [...choices].sort(([a], [b]) => a - b),
  };
}

function openChoice(): ChoiceParts {
  const message: Record<string, string> = {};
  const lists: Record<string, Json[]> = {};
  const logprobs: TokenLogprob[] = [];
  const toolCalls = new Map<number, { id: string; custom: boolean; name: string; input: string }>();
  const audio: Json = {};
  let reason: FinishReason | undefined;
  /** Reasoning since the last detail: what a signature is of. */
  let unsigned = "";
  let details = 0;
  let images = 0;

  function delta(event: ChoiceEvent): Json | undefined {
    switch (event.type) {
      case "content-delta":
        return { content: event.text };
      case "reasoning-delta":
        unsigned += event.text;
        return { reasoning_content: event.text };
      case "reasoning-detail": {
        const text = unsigned;
        unsigned = "";
        return { reasoning_details: [detailOf(event.detail, text, details++)] };
      }
      case "refusal-delta":
        return { refusal: event.text };
      case "tool-call-delta": {
        const { index, id, name, arguments: input, kind } = event;
        const type = kind ?? "function";
        const body = { ...(name === "" ? {} : { name }), [kind === "custom" ? "input" : "arguments"]: input };
        return { tool_calls: [{ index, ...(id === "" ? {} : { id, type }), [type]: body }] };
      }
      case "annotation":
        return { annotations: [annotationOf(event.annotation)] };
      case "audio-delta":
        return {
          audio: {
            ...(event.id === "" ? {} : { id: event.id }),
            ...(event.data === "" ? {} : { data: event.data }),
            ...(event.transcript === "" ? {} : { transcript: event.transcript }),
            ...(event.expiresAt === 0 ? {} : { expires_at: event.expiresAt }),
          },
        };
      case "image":
        return { images: [{ index: images++, type: "image_url", image_url: { url: event.url } }] };
      case "foreign-part":
        return { foreign_parts: [{ dialect: event.dialect, part: JSON.parse(event.data) as unknown }] };
      case "part-ended":
      case "choice-finished":
        return undefined;
      default:
        return event satisfies never;
    }
  }

  function addToolCall({ index, id, name, arguments: input, kind }: Extract<ChoiceEvent, { type: "tool-call-delta" }>): void {
    const call = toolCalls.get(index) ?? { id: "", custom: kind === "custom", name: "", input: "" };
    toolCalls.set(index, { id: call.id || id, custom: call.custom, name: call.name || name, input: call.input + input });
  }

  return {
    delta,
    add(event) {
      if (event.type === "choice-finished") reason = event.reason;
      else if (event.type === "tool-call-delta") addToolCall(event);
      else {
        if (event.type === "content-delta") logprobs.push(...event.logprobs);
        for (const [name, value] of Object.entries(delta(event) ?? {})) {
          if (typeof value === "string") message[name] = (message[name] ?? "") + value;
          else if (Array.isArray(value)) lists[name] = [...(lists[name] ?? []), ...(value as Json[])];
          else addAudio(audio, value as Json);
        }
      }
    },
    whole: () => ({
      message: {
        role: "assistant",
        content: message["content"] ?? null,
        refusal: message["refusal"] ?? null,
        ...(message["reasoning_content"] === undefined ? {} : { reasoning_content: message["reasoning_content"] }),
        ...lists,
        ...(Object.keys(audio).length === 0 ? {} : { audio }),
        ...(toolCalls.size === 0 ? {} : { tool_calls: [...toolCalls].sort(([a], [b]) => a - b).map(([, call]) => toolCallOf(call)) }),
      },
      logprobs: logprobsOf(logprobs),
      ...(reason === undefined ? { finish_reason: "stop" } : finishOf(reason)),
    }),
  };
}

function addAudio(audio: Json, piece: Json): void {
  for (const [name, value] of Object.entries(piece))
    audio[name] = name === "data" || name === "transcript" ? String(audio[name] ?? "") + String(value) : value;
}

const toolCallOf = ({ id, custom, name, input }: { id: string; custom: boolean; name: string; input: string }): Json =>
  custom ? { id, type: "custom", custom: { name, input } } : { id, type: "function", function: { name, arguments: input } };

/** OpenRouter's shape, with who signed: given back, it leads the call to them. */
function detailOf({ kind, value, id, format, provider }: ReasoningDetail, text: string, index: number): Json {
  const signed = { ...(id === "" ? {} : { id }), format, provider, index };
  switch (kind) {
    case "signature":
      return { type: "reasoning.text", text, signature: value, ...signed };
    case "encrypted":
      return { type: "reasoning.encrypted", data: value, ...signed };
    case "summary":
      return { type: "reasoning.summary", summary: value, ...signed };
    default:
      return kind satisfies never;
  }
}

/** A source on the web in OpenAI's own shape; any other in the provider's words, named by their type. */
function annotationOf({ url, title, startIndex, endIndex, raw }: Annotation): Json {
  const place = { start_index: startIndex ?? 0, end_index: endIndex ?? 0 };
  if (url !== "") return { type: "url_citation", url_citation: { ...place, url, title } };
  const { type, ...said } = JSON.parse(raw) as Json;
  const name = typeof type === "string" ? type : "citation";
  return { type: name, [name]: { ...place, ...said } };
}

function finishOf({ unified, raw, stopSequence }: FinishReason): Json {
  const shown = unified === "other" ? raw : unified;
  return {
    finish_reason: shown,
    ...(raw === shown ? {} : { native_finish_reason: raw }),
    ...(stopSequence === undefined ? {} : { stop_reason: stopSequence }),
  };
}

const logprobsOf = (logprobs: readonly TokenLogprob[]): Json | null =>
  logprobs.length === 0 ? null : { content: logprobs.map(({ top, ...token }) => ({ ...token, top_logprobs: top })), refusal: null };
