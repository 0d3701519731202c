/**
 * Writes typed events as the events of a Messages stream, or gathered into one Message. For backends of other dialects; what comes
 * from a backend of this one passes as it was written.
 *
 * Content blocks stand one after the other, each begun, filled and ended before the next. Tool calls that a backend streams side
 * by side are therefore held back until the one that is open has ended.
 */
import type { Annotation, CompletionEvent, FinishReason, ReasoningDetail, TokenUsage } from "../../pipeline/completion-event.ts";
import { carried, ownFormat } from "./carried-reasoning.ts";

export type MessageEvent = { readonly type: string } & Readonly<Record<string, unknown>>;
type Json = Readonly<Record<string, unknown>>;
type ToolDelta = Extract<CompletionEvent, { type: "tool-call-delta" }>;

export interface MessageEvents {
  /** What the event leads to, in order. A message has one choice: others are not asked for. */
  add(event: CompletionEvent): readonly MessageEvent[];
  /** The end of the message, once all is there. @param extra goes with `message_stop`. */
  end(usage: TokenUsage | undefined, extra: Json): readonly MessageEvent[];
}

interface HeldTool {
  readonly id: string;
  readonly name: string;
  input: string;
}

/** @param model what the caller asked for. */
export function messageEvents(model: string): MessageEvents {
  let started: Extract<CompletionEvent, { type: "completion-started" }> | undefined;
  let startSent = false;
  let usage: TokenUsage | undefined;
  let blockCount = 0;
  let open: { readonly kind: "text" | "thinking" | "tool"; readonly toolIndex: number } | undefined;
  let openInput = "";
  const held = new Map<number, HeldTool>();
  let reason: FinishReason | undefined;
  let refusal = "";
  let out: MessageEvent[] = [];

  function ensureStart(): void {
    if (startSent) return;
    startSent = true;
    const message = {
      id: started?.id ?? "",
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
    };
    out.push({ type: "message_start", message: { ...message, usage: usageShown(usage, started?.serviceTier) } });
  }

  function begin(kind: "text" | "thinking" | "tool", block: Json, toolIndex = -1): void {
    close();
    ensureStart();
    out.push({ type: "content_block_start", index: blockCount, content_block: block });
    open = { kind, toolIndex };
    openInput = "";
  }

  const delta = (said: Json) => out.push({ type: "content_block_delta", index: blockCount, delta: said });

  function close(): void {
    if (open === undefined) return;
    out.push({ type: "content_block_stop", index: blockCount++ });
    open = undefined;
  }

  function whole(block: Json): void {
    releaseTools();
    close();
    ensureStart();
    out.push({ type: "content_block_start", index: blockCount, content_block: block }, { type: "content_block_stop", index: blockCount++ });
  }

  function ensure(kind: "text" | "thinking"): void {
    if (open?.kind === kind) return;
    releaseTools();
    begin(kind, kind === "text" ? { type: "text", text: "" } : { type: "thinking", thinking: "", signature: "" });
  }

  function addTool({ index, id, name, arguments: input }: ToolDelta): void {
    const waiting = held.get(index);
    if (waiting !== undefined) waiting.input += input;
    else if (open?.kind === "tool" && open.toolIndex === index) {
      openInput += input;
      if (input !== "") delta({ type: "input_json_delta", partial_json: input });
    } else if (open?.kind === "tool" && !isWhole(openInput)) held.set(index, { id, name, input });
    else {
      beginTool(index, { id, name, input });
    }
  }

  function beginTool(index: number, { id, name, input }: HeldTool): void {
    begin("tool", { type: "tool_use", id, name, input: {} }, index);
    openInput = input;
    if (input !== "") delta({ type: "input_json_delta", partial_json: input });
  }

  function releaseTools(): void {
    const tools = [...held];
    held.clear();
    for (const [index, tool] of tools) beginTool(index, tool);
  }

  function addDetail(detail: ReasoningDetail): void {
    const own = detail.format === ownFormat && detail.relayed !== true;
    if (detail.kind === "summary") {
      ensure("thinking");
      delta({ type: "thinking_delta", thinking: detail.value });
    } else if (detail.kind === "signature" && open?.kind === "thinking") {
      delta({ type: "signature_delta", signature: own ? detail.value : carried(detail) });
      close();
    } else if (detail.kind === "signature" && own) {
      begin("thinking", { type: "thinking", thinking: "", signature: "" });
      delta({ type: "signature_delta", signature: detail.value });
      close();
    } else whole({ type: "redacted_thinking", data: own ? detail.value : carried(detail) });
  }

  function take(event: CompletionEvent): void {
    switch (event.type) {
      case "completion-started":
        started = event;
        break;
      case "usage":
        usage = event.usage;
        break;
      case "content-delta":
      case "refusal-delta":
        if (event.type === "refusal-delta") refusal += event.text;
        if (event.text === "") break;
        ensure("text");
        delta({ type: "text_delta", text: event.text });
        break;
      case "reasoning-delta":
        ensure("thinking");
        delta({ type: "thinking_delta", thinking: event.text });
        break;
      case "reasoning-detail":
        addDetail(event.detail);
        break;
      case "tool-call-delta":
        addTool(event);
        break;
      case "part-ended":
        if (open?.kind === "text") close();
        break;
      case "annotation":
        ensure("text");
        delta({ type: "citations_delta", citation: citationOf(event.annotation) });
        break;
      case "image":
        ensure("text");
        delta({ type: "text_delta", text: `![](${event.url})` });
        break;
      case "audio-delta":
        if (event.transcript === "") break;
        ensure("text");
        delta({ type: "text_delta", text: event.transcript });
        break;
      case "foreign-part":
        if (event.dialect === "anthropic-messages") whole(JSON.parse(event.data) as Json);
        break;
      case "choice-finished":
        reason = event.reason;
        break;
      case "committed":
      case "finished":
      case "native-chunk":
      case "native-answer":
        break;
      default:
        event satisfies never;
    }
  }

  return {
    add(event) {
      if ("choice" in event && event.choice > 0) return [];
      out = [];
      take(event);
      return out;
    },
    end(final, extra) {
      out = [];
      releaseTools();
      close();
      ensureStart();
      const refused = refusal !== "" && reason?.unified !== "tool_calls";
      const ended = {
        stop_reason: refused ? "refusal" : stopReasonOf(reason),
        stop_sequence: reason?.stopSequence ?? null,
        ...(refused ? { stop_details: { type: "refusal", category: null, explanation: refusal } } : {}),
      };
      out.push({ type: "message_delta", delta: ended, usage: usageShown(final, started?.serviceTier) }, { type: "message_stop", ...extra });
      return out;
    },
  };
}

function isWhole(input: string): boolean {
  try {
    JSON.parse(input);
    return true;
  } catch {
    return false;
  }
}

/** Input leaves out here what the cache was read from or written to. Unknown is 0, as the dialect has no other word. */
const usageShown = (usage: TokenUsage | undefined, serviceTier = ""): Json => ({
  input_tokens: usage === undefined ? 0 : usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens,
  cache_creation_input_tokens: usage?.cacheWriteTokens ?? 0,
  cache_read_input_tokens: usage?.cacheReadTokens ?? 0,
  output_tokens: usage?.outputTokens ?? 0,
  ...(usage === undefined || usage.reasoningTokens === 0 ? {} : { output_tokens_details: { thinking_tokens: usage.reasoningTokens } }),
  ...(serviceTier === "" ? {} : { service_tier: serviceTier }),
});

const ownReasons = new Set([
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "tool_use",
  "pause_turn",
  "refusal",
  "model_context_window_exceeded",
  "compaction",
]);

function stopReasonOf(reason: FinishReason | undefined): string {
  if (reason === undefined) return "end_turn";
  if (ownReasons.has(reason.raw)) return reason.raw;
  switch (reason.unified) {
    case "stop":
      return reason.stopSequence === undefined ? "end_turn" : "stop_sequence";
    case "length":
      return "max_tokens";
    case "tool_calls":
    case "function_call":
      return "tool_use";
    case "content_filter":
      return "refusal";
    case "other":
      return reason.raw;
    default:
      return reason.unified satisfies never;
  }
}

function citationOf({ dialect, raw, url, title, citedText }: Annotation): unknown {
  if (dialect === "anthropic-messages") return JSON.parse(raw);
  return { type: "web_search_result_location", url, title: title === "" ? null : title, cited_text: citedText, encrypted_index: "" };
}

/** The Message that a stream of these events adds up to. @throws SyntaxError where a tool's input is not JSON. */
export function messageOf(events: readonly MessageEvent[], parse: (text: string) => unknown): Json {
  let message: Record<string, unknown> = {};
  const content: Record<string, unknown>[] = [];
  let input = "";
  for (const event of events) {
    const block = content.at(-1) ?? {};
    const said = (event["delta"] ?? {}) as Record<string, unknown>;
    switch (event.type) {
      case "message_start":
        message = { ...(event["message"] as Json) };
        break;
      case "content_block_start":
        content.push({ ...(event["content_block"] as Json) });
        input = "";
        break;
      case "content_block_delta":
        if (said["type"] === "citations_delta")
          block["citations"] = [...((block["citations"] as unknown[] | undefined) ?? []), said["citation"]];
        else if (said["type"] === "input_json_delta") input += String(said["partial_json"]);
        else for (const name of ["text", "thinking", "signature"]) if (name in said) block[name] = String(block[name]) + String(said[name]);
        break;
      case "content_block_stop":
        if (input !== "") block["input"] = parse(input);
        break;
      case "message_delta":
        message = { ...message, ...said, usage: event["usage"] };
        break;
      case "message_stop": {
        const { type: _type, ...extra } = event;
        message = { ...message, content, ...extra };
        break;
      }
    }
  }
  return message;
}
