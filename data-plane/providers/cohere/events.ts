/**
 * Reads what Cohere's v2 chat answers, whole or event by event. A stream is whole when `message-end` came. An answer that was not
 * streamed is read as the stream it would have been.
 *
 * Source: docs.cohere.com/docs/streaming, docs.cohere.com/reference/chat-stream.
 */
import type { Annotation, CompletionEvent, TokenLogprob } from "../../pipeline/completion-event.ts";
import { type AnswerReader, parsedObject, protocolError, type StreamReader } from "../answer-exchange.ts";
import { type Json, listOf, numberOf, objectOf, placeOf, textOf } from "../common-form.ts";
import { type FinishTable, finishReasonIn, type UnknownFinish } from "../finish-reasons.ts";
import { errorOfFinish, errorOfStatus } from "./error.ts";
import { usageOf } from "./usage.ts";

export interface ChatReaderOptions {
  readonly credential: string | undefined;
  /** The backend's; an answer does not say which model it is from. */
  readonly model: string;
  readonly unknownFinish: UnknownFinish;
}

export function chatReader(options: ChatReaderOptions): AnswerReader {
  return {
    stream: () => chatStream(options),
    errorOfStatus,
    whole(text) {
      const answer = parsedObject(text);
      if (typeof answer["message"] !== "object") throw protocolError("an answer without a message");
      const events: CompletionEvent[] = [];
      const stream = chatStream(options);
      for (const event of eventsOfAnswer(answer)) stream.take(event, events);
      return events;
    },
  };
}

/** Every value of finish_reason. ERROR and TIMEOUT are no ends but failures. */
export const finishReasons: FinishTable = {
  COMPLETE: "stop",
  STOP_SEQUENCE: "stop",
  MAX_TOKENS: "length",
  TOOL_CALL: "tool_calls",
};
const failures = new Set(["ERROR", "TIMEOUT"]);

export function chatStream(options: ChatReaderOptions): StreamReader & { take(event: Json, events: CompletionEvent[]): boolean } {
  let started = false;
  let ended = false;
  let toolCalls = 0;
  let kindUnderWay = "";

  function take(event: Json, events: CompletionEvent[]): boolean {
    if (!started) events.push(startedEvent(textOf(event["id"]), options.model));
    started = true;
    const before = events.length;
    const delta = objectOf(event["delta"]);
    const message = objectOf(delta["message"]);
    switch (event["type"]) {
      case "content-start": {
        const content = objectOf(message["content"]);
        const kind = textOf(content["type"]);
        if (kind === kindUnderWay) events.push({ type: "part-ended", choice: 0 });
        kindUnderWay = kind;
        addContent(content, event["logprobs"], events);
        break;
      }
      case "content-delta":
        addContent(objectOf(message["content"]), event["logprobs"], events);
        break;
      case "tool-plan-delta": {
        const text = textOf(message["tool_plan"]);
        if (text !== "") events.push({ type: "reasoning-delta", choice: 0, text });
        break;
      }
      case "tool-call-start": {
        const { id, function: called } = objectOf(message["tool_calls"]);
        const { name, arguments: said } = objectOf(called);
        events.push({
          type: "tool-call-delta",
          choice: 0,
          index: toolCalls++,
          id: textOf(id),
          name: textOf(name),
          arguments: textOf(said),
        });
        break;
      }
      case "tool-call-delta": {
        const said = textOf(objectOf(objectOf(message["tool_calls"])["function"])["arguments"]);
        if (said !== "")
          events.push({ type: "tool-call-delta", choice: 0, index: Math.max(0, toolCalls - 1), id: "", name: "", arguments: said });
        break;
      }
      case "citation-start":
        for (const annotation of annotationsOf(objectOf(message["citations"]))) events.push({ type: "annotation", choice: 0, annotation });
        break;
      case "message-end":
        endMessage(delta, options, events);
        ended = true;
        break;
      default:
        // message-start, …-end and debug bring nothing.
        break;
    }
    return events.length > before;
  }

  return {
    take,
    read: (data, _name, events) => take(parsedObject(data), events),
    ended: () => ended,
  };
}

const startedEvent = (id: string, model: string): CompletionEvent => ({
  type: "completion-started",
  id: id === "" ? `chatcmpl-${crypto.randomUUID()}` : id,
  servedModel: model,
  created: Math.floor(Date.now() / 1000),
  systemFingerprint: "",
  serviceTier: "",
});

function addContent({ text, thinking }: Json, logprobs: unknown, events: CompletionEvent[]): void {
  if (textOf(thinking) !== "") events.push({ type: "reasoning-delta", choice: 0, text: textOf(thinking) });
  const said = logprobsOf(logprobs);
  if (textOf(text) !== "" || said.length > 0) events.push({ type: "content-delta", choice: 0, text: textOf(text), logprobs: said });
}

/** @throws GatewayError where it ended in a failure. */
function endMessage({ finish_reason: reason, usage, error }: Json, options: ChatReaderOptions, events: CompletionEvent[]): void {
  const raw = textOf(reason);
  if (failures.has(raw)) throw errorOfFinish(raw, textOf(error), options.credential);
  events.push({ type: "choice-finished", choice: 0, reason: finishReasonIn("cohere", finishReasons, raw, options.unknownFinish) });
  const tokens = usageOf(usage);
  if (tokens !== undefined) events.push({ type: "usage", usage: tokens, data: undefined });
}

/** A citation may have several sources, or none that it names. */
function annotationsOf(citation: Json): Annotation[] {
  const { start, end, text, sources } = citation;
  const place = {
    startIndex: placeOf(start),
    endIndex: placeOf(end),
    citedText: textOf(text),
    raw: JSON.stringify(citation),
    dialect: "cohere",
  };
  const named = listOf(sources).map((entry) => {
    const source = objectOf(entry);
    const document = objectOf(source["document"] ?? source["tool_output"]);
    return { ...place, url: textOf(document["url"]), title: textOf(document["title"]) || textOf(source["id"]) };
  });
  return named.length === 0 ? [{ ...place, url: "", title: "" }] : named;
}

/** One entry is of one or several tokens, whose text is not said for each by itself where there are several. */
function logprobsOf(value: unknown): TokenLogprob[] {
  const entries = Array.isArray(value) ? (value as unknown[]) : value === undefined || value === null ? [] : [value];
  return entries.flatMap((entry) => {
    const { text, logprobs } = objectOf(entry);
    return listOf(logprobs).map((logprob, i) => ({
      token: i === 0 ? textOf(text) : "",
      logprob: numberOf(logprob) ?? 0,
      bytes: i === 0 ? [...Buffer.from(textOf(text), "utf8")] : [],
      top: [],
    }));
  });
}

function* eventsOfAnswer(answer: Json): Generator<Json> {
  const { content, tool_plan: plan, tool_calls: calls, citations } = objectOf(answer["message"]);
  yield { type: "message-start", id: answer["id"] };
  const said = (type: string, message: Json, more: Json = {}): Json => ({ type, delta: { message }, ...more });
  if (textOf(plan) !== "") yield said("tool-plan-delta", { tool_plan: plan });
  let { logprobs } = answer;
  for (const entry of listOf(content)) {
    const ofText = objectOf(entry)["type"] === "text";
    yield said("content-start", { content: entry }, ofText ? { logprobs } : {});
    if (ofText) logprobs = undefined;
  }
  for (const call of listOf(calls)) yield said("tool-call-start", { tool_calls: call });
  for (const citation of listOf(citations)) yield said("citation-start", { citations: citation });
  yield { type: "message-end", delta: answer };
}
