/**
 * Reads what Converse answers, whole or event by event. A stream is whole when `messageStop` came; `metadata` with the usage follows
 * it. An answer that was not streamed is read as the stream it would have been.
 *
 * Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html.
 */
import type { Annotation, CompletionEvent } from "../../pipeline/completion-event.ts";
import { type AnswerReader, parsedObject, protocolError, type StreamReader } from "../answer-exchange.ts";
import { type Json, listOf, numberOf, objectOf, textOf } from "../common-form.ts";
import { type FinishTable, finishReasonIn, type UnknownFinish } from "../finish-reasons.ts";
import { reasoningFormat } from "./content.ts";
import { errorInStream, errorOfStatus } from "./error.ts";
import { awsEventStream, exceptionMark } from "./event-stream.ts";
import { usageOf } from "./usage.ts";

export interface ConverseReaderOptions {
  readonly credential: string | undefined;
  /** The key of the provider, which is who signs its reasoning. */
  readonly provider: string;
  /** The backend's; an answer does not say which model it is from. */
  readonly model: string;
  readonly unknownFinish: UnknownFinish;
}

export function converseReader(options: ConverseReaderOptions): AnswerReader {
  return {
    stream: () => converseStream(options),
    framing: awsEventStream,
    errorOfStatus,
    whole(text) {
      const answer = parsedObject(text);
      const { content } = objectOf(objectOf(answer["output"])["message"]);
      if (!Array.isArray(content)) throw protocolError("an answer without content");
      const events: CompletionEvent[] = [];
      const stream = converseStream(options);
      for (const { name, event } of eventsOfAnswer(answer, content)) stream.take(name, event, events);
      return events;
    },
  };
}

/** Every value of StopReason. */
export const finishReasons: FinishTable = {
  end_turn: "stop",
  stop_sequence: "stop",
  tool_use: "tool_calls",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  guardrail_intervened: "content_filter",
  content_filtered: "content_filter",
  malformed_model_output: "other",
  malformed_tool_use: "other",
};

interface Reading {
  toolCalls: number;
  /** Of the block that is under way or was last, and where it stands. */
  kind: string;
  position: number;
  textLength: number;
}

export function converseStream(
  options: ConverseReaderOptions,
): StreamReader & { take(name: string, event: Json, events: CompletionEvent[]): boolean } {
  const reading: Reading = { toolCalls: 0, kind: "", position: -1, textLength: 0 };
  let started = false;
  let finished = false;
  let ended = false;

  function take(name: string, event: Json, events: CompletionEvent[]): boolean {
    if (!started) events.push(startedEvent(options.model));
    started = true;
    const before = events.length;
    switch (name) {
      case "contentBlockStart":
        startBlock(event, reading, events);
        break;
      case "contentBlockDelta":
        addDelta(event, reading, options, events);
        break;
      case "messageStop": {
        const raw = textOf(event["stopReason"]);
        const reason = finishReasonIn("bedrock", finishReasons, raw, options.unknownFinish);
        const stopSequence = textOf(objectOf(event["additionalModelResponseFields"])["stop_sequence"]);
        events.push({ type: "choice-finished", choice: 0, reason: stopSequence === "" ? reason : { ...reason, stopSequence } });
        finished = true;
        break;
      }
      case "metadata": {
        const usage = usageOf(event["usage"]);
        if (usage !== undefined) events.push({ type: "usage", usage, data: undefined });
        ended = finished;
        return false;
      }
      default:
        // messageStart and contentBlockStop bring nothing; what is new says nothing yet.
        break;
    }
    return events.length > before;
  }

  return {
    take,
    read(data, name = "", events) {
      if (name.startsWith(exceptionMark)) throw errorInStream(name.slice(exceptionMark.length), data, options.credential);
      return take(name, parsedObject(data), events);
    },
    ended: () => ended,
    end: () => finished,
  };
}

const startedEvent = (model: string): CompletionEvent => ({
  type: "completion-started",
  id: `chatcmpl-${crypto.randomUUID()}`,
  servedModel: model,
  created: Math.floor(Date.now() / 1000),
  systemFingerprint: "",
  serviceTier: "",
});

/** Two texts behind one another are two parts, as they are two blocks. */
function enter(kind: string, position: number, reading: Reading, events: CompletionEvent[]): void {
  if (kind === reading.kind && position !== reading.position && kind !== "tool") events.push({ type: "part-ended", choice: 0 });
  reading.kind = kind;
  reading.position = position;
}

const positionOf = (event: Json): number => numberOf(event["contentBlockIndex"]) ?? 0;

function startBlock(event: Json, reading: Reading, events: CompletionEvent[]): void {
  const { toolUse, ...others } = objectOf(event["start"]);
  if (toolUse !== undefined) {
    const { toolUseId, name } = objectOf(toolUse);
    enter("tool", positionOf(event), reading, events);
    events.push({
      type: "tool-call-delta",
      choice: 0,
      index: reading.toolCalls++,
      id: textOf(toolUseId),
      name: textOf(name),
      arguments: "",
    });
  } else if (Object.keys(others).length > 0) foreign(others, events);
}

const foreign = (part: Json, events: CompletionEvent[]): void => {
  events.push({ type: "foreign-part", choice: 0, dialect: "bedrock", data: JSON.stringify(part) });
};

function addDelta(event: Json, reading: Reading, options: ConverseReaderOptions, events: CompletionEvent[]): void {
  const { text, toolUse, reasoningContent, citation, ...others } = objectOf(event["delta"]);
  const position = positionOf(event);
  if (typeof text === "string" && text !== "") {
    enter("text", position, reading, events);
    reading.textLength += text.length;
    events.push({ type: "content-delta", choice: 0, text, logprobs: [] });
  }
  if (toolUse !== undefined) {
    const { input } = objectOf(toolUse);
    events.push({
      type: "tool-call-delta",
      choice: 0,
      index: Math.max(0, reading.toolCalls - 1),
      id: "",
      name: "",
      arguments: textOf(input),
    });
  }
  if (reasoningContent !== undefined) {
    enter("reasoning", position, reading, events);
    addReasoning(objectOf(reasoningContent), options.provider, events);
  }
  if (citation !== undefined) events.push({ type: "annotation", choice: 0, annotation: annotationOf(objectOf(citation)) });
  if (Object.keys(others).length > 0) foreign(others, events);
}

function addReasoning({ text, signature, redactedContent }: Json, provider: string, events: CompletionEvent[]): void {
  const detail = (kind: "signature" | "encrypted", value: string): CompletionEvent => ({
    type: "reasoning-detail",
    choice: 0,
    detail: { kind, value, id: "", format: reasoningFormat, provider },
  });
  if (textOf(text) !== "") events.push({ type: "reasoning-delta", choice: 0, text: textOf(text) });
  if (textOf(signature) !== "") events.push(detail("signature", textOf(signature)));
  if (textOf(redactedContent) !== "") events.push(detail("encrypted", textOf(redactedContent)));
}

function annotationOf(citation: Json): Annotation {
  const { title, sourceContent, location } = citation;
  return {
    url: textOf(objectOf(objectOf(location)["web"])["url"]),
    title: textOf(title),
    citedText: listOf(sourceContent)
      .map((content) => textOf(objectOf(content)["text"]))
      .join(""),
    startIndex: undefined,
    endIndex: undefined,
    raw: JSON.stringify(citation),
    dialect: "bedrock",
  };
}

function* eventsOfAnswer(answer: Json, content: readonly unknown[]): Generator<{ readonly name: string; readonly event: Json }> {
  for (const [contentBlockIndex, entry] of content.entries()) {
    const { text, toolUse, reasoningContent, citationsContent, ...others } = objectOf(entry);
    const delta = (said: Json) => ({ name: "contentBlockDelta", event: { contentBlockIndex, delta: said } });
    if (text !== undefined) yield delta({ text });
    if (toolUse !== undefined) {
      const { input, ...start } = objectOf(toolUse);
      yield { name: "contentBlockStart", event: { contentBlockIndex, start: { toolUse: start } } };
      yield delta({ toolUse: { input: JSON.stringify(input ?? {}) } });
    }
    if (reasoningContent !== undefined) {
      const { reasoningText, redactedContent } = objectOf(reasoningContent);
      yield delta({ reasoningContent: { ...objectOf(reasoningText), redactedContent } });
    }
    if (citationsContent !== undefined) {
      const { content: pieces, citations } = objectOf(citationsContent);
      for (const piece of listOf(pieces)) yield delta({ text: textOf(objectOf(piece)["text"]) });
      for (const citation of listOf(citations)) yield delta({ citation });
    }
    if (Object.keys(others).length > 0) yield { name: "contentBlockStart", event: { contentBlockIndex, start: others } };
  }
  yield { name: "messageStop", event: answer };
  yield { name: "metadata", event: answer };
}
