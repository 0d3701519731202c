/**
 * Reads what a Messages backend answers, event by event or whole.
 *
 * A caller of the same dialect gets the backend's own text, exchanged in one place only (the model's name), and what metering
 * needs is said beside it; plain deltas are not parsed for it. For all others each content block becomes the typed events of its
 * kind. Source: the API reference, "Streaming messages".
 */
import type { Annotation, CompletionEvent, FinishReason } from "../../pipeline/completion-event.ts";
import { parseExactly } from "../../pipeline/exact-json.ts";
import { readJsonText, spliced } from "../../pipeline/json-text.ts";
import { type AnswerReader, protocolError, type StreamReader } from "../answer-exchange.ts";
import { type FinishTable, finishReasonIn, type UnknownFinish } from "../finish-reasons.ts";
import { errorInStream, errorOfStatus } from "./error.ts";
import { mergedUsage, usageOf } from "./usage.ts";

export interface MessageReaderOptions {
  readonly form: "native" | "typed";
  readonly streamAsked: boolean;
  /** What the caller asked for and is shown as `model`. */
  readonly modelShown: string;
  readonly credential: string | undefined;
  /** The key of the provider, which is who signs its reasoning. */
  readonly provider: string;
  readonly unknownFinish: UnknownFinish;
}

/** How OpenRouter calls this way of signing, and by that the common form. */
export const reasoningFormat = "anthropic-claude-v1";

type Json = Readonly<Record<string, unknown>>;

export function messageReader(options: MessageReaderOptions): AnswerReader {
  return {
    stream: () => messageStream(options),
    errorOfStatus,
    whole(text) {
      const message = parsed(text);
      if (message["type"] === "error") throw errorInStream(message["error"], options.credential);
      if (!Array.isArray(message["content"])) throw protocolError("an answer without content");
      const events: CompletionEvent[] = [];
      const stream = messageStream(options);
      if (options.streamAsked && options.form === "native") {
        for (const event of eventsOfMessage(message)) stream.read(JSON.stringify(event), event.type, events);
        return events;
      }
      for (const event of eventsOfMessage(message)) stream.take(event, events);
      if (options.form === "typed") return events;
      const data = spliced(asRead(text), new Map([["model", JSON.stringify(options.modelShown)]]));
      return [...events.filter(isAccount), { type: "native-answer", data, textLength: lengthOf(events) }];
    },
  };
}

/** What native content has beside it. */
const isAccount = ({ type }: CompletionEvent): boolean => type === "completion-started" || type === "choice-finished" || type === "usage";

function asRead(text: string) {
  try {
    return readJsonText(text);
  } catch (cause) {
    throw protocolError("an answer that cannot be read", cause);
  }
}

/** A plain delta: nothing in it but a piece of text, whose length is all that is wanted of it. */
const plainDelta =
  /^\{"type":"content_block_delta","index":\d{1,4},"delta":\{"type":"(?:text_delta","text|thinking_delta","thinking|input_json_delta","partial_json)":"/;

/** `take`: one event that is parsed already, as typed events. */
interface MessageStream extends StreamReader {
  take(event: Json, events: CompletionEvent[]): boolean;
}

function messageStream(options: MessageReaderOptions): MessageStream {
  const { form } = options;
  const blocks = new Map<number, Block>();
  const context: BlockContext = { provider: options.provider, toolCalls: 0, textLength: 0, lastKind: "" };
  let usage: Json = {};
  let started = false;
  let finished = false;
  let ended = false;

  function read(data: string, name: string | undefined, events: CompletionEvent[]): boolean {
    if (form === "native" && started) {
      const plain = plainDelta.exec(data);
      if (plain !== null) {
        const textLength = Math.max(0, data.lastIndexOf('"') - plain[0].length);
        events.push({ type: "native-chunk", name: name ?? "content_block_delta", data, textLength });
        return textLength > 0;
      }
    }
    const event = parsed(data);
    const typed: CompletionEvent[] = [];
    const bearsContent = take(event, typed);
    if (form === "typed") events.push(...typed);
    else {
      const shown = event["type"] === "message_start" ? renamed(event, options.modelShown) : data;
      // Content first and what it counts after it.
      const chunk: CompletionEvent = {
        type: "native-chunk",
        name: name ?? text(event["type"]),
        data: shown,
        textLength: lengthOf(typed),
      };
      const account = typed.filter(isAccount);
      events.push(...(event["type"] === "message_start" ? [...account, chunk] : [chunk, ...account]));
    }
    return bearsContent;
  }

  function take(event: Json, events: CompletionEvent[]): boolean {
    switch (event["type"]) {
      case "message_start": {
        const message = object(event["message"]) ?? {};
        usage = mergedUsage(usage, message["usage"]);
        started = true;
        events.push({
          type: "completion-started",
          id: text(message["id"]) || `msg_${crypto.randomUUID().replaceAll("-", "")}`,
          servedModel: text(message["model"]),
          created: Math.floor(Date.now() / 1000),
          systemFingerprint: "",
          serviceTier: text(usage["service_tier"]),
        });
        reportUsage(events);
        return false;
      }
      case "content_block_start": {
        if (!started) throw protocolError("content before the start of its message");
        const block = openBlock(object(event["content_block"]) ?? {}, context);
        blocks.set(indexOf(event), block);
        return block.start(events);
      }
      case "content_block_delta": {
        const block = blocks.get(indexOf(event));
        if (block === undefined) throw protocolError("a delta of a content block that has not begun");
        return block.delta(object(event["delta"]) ?? {}, events);
      }
      case "content_block_stop": {
        const index = indexOf(event);
        const bearsContent = blocks.get(index)?.stop(events) ?? false;
        blocks.delete(index);
        return bearsContent;
      }
      case "message_delta": {
        const delta = object(event["delta"]) ?? {};
        usage = mergedUsage(usage, event["usage"]);
        if (typeof delta["stop_reason"] === "string" && !finished) {
          finished = true;
          const explanation = text(object(delta["stop_details"])?.["explanation"]);
          if (explanation !== "") events.push({ type: "refusal-delta", choice: 0, text: explanation });
          events.push({
            type: "choice-finished",
            choice: 0,
            reason: finishOf(delta["stop_reason"], delta["stop_sequence"], options.unknownFinish),
          });
        }
        reportUsage(events);
        // An answer of no tokens at all is an answer: its end commits too.
        return finished;
      }
      case "message_stop":
        ended = true;
        return finished;
      case "error":
        throw errorInStream(event["error"], options.credential);
      default:
        // ping, and what later versions of the API may add: never content.
        return false;
    }
  }

  function reportUsage(events: CompletionEvent[]): void {
    const said = usageOf(usage);
    if (said !== undefined) events.push({ type: "usage", usage: said, data: undefined });
  }

  return {
    read,
    take,
    ended: () => ended,
  };
}

/** One content block of a message that is under way. Each answers whether what it was given bears content. */
interface Block {
  start(events: CompletionEvent[]): boolean;
  delta(delta: Json, events: CompletionEvent[]): boolean;
  stop(events: CompletionEvent[]): boolean;
}

interface BlockContext {
  readonly provider: string;
  /** So far in the message. */
  toolCalls: number;
  /** Of the text so far, in characters. */
  textLength: number;
  lastKind: string;
}

function openBlock(block: Json, context: BlockContext): Block {
  const kind = text(block["type"]);
  const again = context.lastKind === kind;
  context.lastKind = kind;
  switch (kind) {
    case "text":
      return textBlock(block, context, again);
    case "thinking":
      return thinkingBlock(block, context);
    case "redacted_thinking":
      return redactedBlock(block, context);
    case "tool_use":
      return toolBlock(block, context);
    default:
      return foreignBlock(block);
  }
}

function textBlock(block: Json, context: BlockContext, again: boolean): Block {
  const from = context.textLength;
  const citations: unknown[] = Array.isArray(block["citations"]) ? [...(block["citations"] as unknown[])] : [];
  const say = (piece: string, events: CompletionEvent[]) => {
    context.textLength += piece.length;
    if (piece !== "") events.push({ type: "content-delta", choice: 0, text: piece, logprobs: [] });
    return piece !== "";
  };
  return {
    start(events) {
      if (again) events.push({ type: "part-ended", choice: 0 });
      return say(text(block["text"]), events);
    },
    delta(delta, events) {
      if (delta["type"] === "citations_delta") citations.push(delta["citation"]);
      return delta["type"] === "text_delta" && say(text(delta["text"]), events);
    },
    stop(events) {
      for (const citation of citations)
        events.push({ type: "annotation", choice: 0, annotation: annotationOf(citation, from, context.textLength) });
      return false;
    },
  };
}

function thinkingBlock(block: Json, { provider }: BlockContext): Block {
  let signature = text(block["signature"]);
  const think = (piece: string, events: CompletionEvent[]) => {
    if (piece !== "") events.push({ type: "reasoning-delta", choice: 0, text: piece });
    return piece !== "";
  };
  return {
    start: (events) => think(text(block["thinking"]), events),
    delta(delta, events) {
      if (delta["type"] === "signature_delta") signature += text(delta["signature"]);
      return delta["type"] === "thinking_delta" && think(text(delta["thinking"]), events);
    },
    stop(events) {
      if (signature !== "")
        events.push({
          type: "reasoning-detail",
          choice: 0,
          detail: { kind: "signature", value: signature, id: "", format: reasoningFormat, provider },
        });
      return signature !== "";
    },
  };
}

const redactedBlock = (block: Json, { provider }: BlockContext): Block => ({
  start(events) {
    events.push({
      type: "reasoning-detail",
      choice: 0,
      detail: { kind: "encrypted", value: text(block["data"]), id: "", format: reasoningFormat, provider },
    });
    return true;
  },
  delta: () => false,
  stop: () => false,
});

function toolBlock(block: Json, context: BlockContext): Block {
  const index = context.toolCalls++;
  let saidInput = false;
  const piece = (id: string, name: string, input: string): CompletionEvent => ({
    type: "tool-call-delta",
    choice: 0,
    index,
    id,
    name,
    arguments: input,
  });
  return {
    start(events) {
      events.push(piece(text(block["id"]), text(block["name"]), ""));
      return true;
    },
    delta(delta, events) {
      const input = delta["type"] === "input_json_delta" ? text(delta["partial_json"]) : "";
      if (input === "") return false;
      saidInput = true;
      events.push(piece("", "", input));
      return true;
    },
    stop(events) {
      // A tool without arguments is called with none, which in JSON is {} and not nothing.
      if (!saidInput) events.push(piece("", "", JSON.stringify(object(block["input"]) ?? {})));
      return true;
    },
  };
}

/** What no other dialect has: handed on whole, for callers who know it. */
function foreignBlock(block: Json): Block {
  let input = "";
  return {
    start: () => true,
    delta(delta) {
      if (delta["type"] === "input_json_delta") input += text(delta["partial_json"]);
      return false;
    },
    stop(events) {
      const whole = input === "" ? block : { ...block, input: parsedOr(input, block["input"]) };
      events.push({ type: "foreign-part", choice: 0, dialect: "anthropic-messages", data: JSON.stringify(whole) });
      return true;
    },
  };
}

/** @param from the place of the cited text in the answer's text, to `to`. */
function annotationOf(value: unknown, from: number, to: number): Annotation {
  const citation = object(value) ?? {};
  return {
    url: text(citation["url"]) || (citation["type"] === "search_result_location" ? text(citation["source"]) : ""),
    title: text(citation["title"]) || text(citation["document_title"]),
    citedText: text(citation["cited_text"]),
    startIndex: from,
    endIndex: to,
    raw: JSON.stringify(citation),
    dialect: "anthropic-messages",
  };
}

/** Every stop reason of the API reference; one that is not here is kept as it was said. */
const finishReasons: FinishTable = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
  // The provider has paused a long turn of its own tools; the caller sends it back to go on.
  pause_turn: "other",
  compaction: "other",
};

function finishOf(raw: string, stopSequence: unknown, unknown: UnknownFinish): FinishReason {
  const reason = finishReasonIn("anthropic", finishReasons, raw, unknown);
  return typeof stopSequence === "string" ? { ...reason, stopSequence } : reason;
}

/** A whole message as the events it would have been streamed in. */
function* eventsOfMessage(message: Json): Generator<{ readonly type: string } & Json, void> {
  const { content, stop_reason, stop_sequence, stop_details, usage, ...head } = message;
  yield { type: "message_start", message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage } };
  for (const [index, entry] of (Array.isArray(content) ? (content as unknown[]) : []).entries()) {
    const block = object(entry) ?? {};
    const { start, deltas } = asStreamed(block);
    yield { type: "content_block_start", index, content_block: start };
    for (const delta of deltas) yield { type: "content_block_delta", index, delta };
    yield { type: "content_block_stop", index };
  }
  yield { type: "message_delta", delta: { stop_reason: stop_reason ?? "end_turn", stop_sequence, stop_details }, usage: usage ?? {} };
  yield { type: "message_stop" };
}

function asStreamed(block: Json): { readonly start: Json; readonly deltas: readonly Json[] } {
  switch (block["type"]) {
    case "text": {
      const citations = Array.isArray(block["citations"]) ? (block["citations"] as unknown[]) : [];
      return {
        start: { ...block, text: "", citations: block["citations"] === undefined ? undefined : [] },
        deltas: [{ type: "text_delta", text: block["text"] }, ...citations.map((citation) => ({ type: "citations_delta", citation }))],
      };
    }
    case "thinking":
      return {
        start: { ...block, thinking: "", signature: "" },
        deltas: [
          { type: "thinking_delta", thinking: block["thinking"] },
          { type: "signature_delta", signature: block["signature"] },
        ],
      };
    case "tool_use":
    case "server_tool_use":
      return { start: { ...block, input: {} }, deltas: [{ type: "input_json_delta", partial_json: JSON.stringify(block["input"] ?? {}) }] };
    default:
      return { start: block, deltas: [] };
  }
}

function renamed(event: Json, model: string): string {
  const message = object(event["message"]) ?? {};
  return JSON.stringify({ ...event, message: { ...message, model } });
}

/** What the model wrote, in characters. */
function lengthOf(events: readonly CompletionEvent[]): number {
  let length = 0;
  for (const event of events) {
    if (event.type === "content-delta" || event.type === "reasoning-delta" || event.type === "refusal-delta") length += event.text.length;
    else if (event.type === "tool-call-delta") length += event.name.length + event.arguments.length;
    else if (event.type === "foreign-part") length += event.data.length;
  }
  return length;
}

function parsed(data: string): Json {
  let value: unknown;
  try {
    value = parseExactly(data);
  } catch (cause) {
    throw protocolError("an event that is not JSON", cause);
  }
  const event = object(value);
  if (event === undefined) throw protocolError("an event that is not a JSON object");
  return event;
}

function parsedOr(data: string, otherwise: unknown): unknown {
  try {
    return parseExactly(data);
  } catch {
    return otherwise;
  }
}

const indexOf = ({ index }: Json): number => (typeof index === "number" ? index : 0);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const object = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
