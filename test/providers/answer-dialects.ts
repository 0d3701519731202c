/** Every wire that answers come in, as readers that a test can feed, with what was recorded of it. */
import { GatewayError } from "../../data-plane/gateway-error.ts";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { type AnswerReader, serverSentEvents } from "../../data-plane/providers/answer-exchange.ts";
import { messageReader } from "../../data-plane/providers/anthropic/events.ts";
import { converseReader } from "../../data-plane/providers/bedrock/events.ts";
import { chatReader } from "../../data-plane/providers/cohere/events.ts";
import { contentReader } from "../../data-plane/providers/gemini/events.ts";
import { completionsWire } from "../../data-plane/providers/openai/completions-wire.ts";
import { responsesWire } from "../../data-plane/providers/openai/responses-wire.ts";
import type { Wire } from "../../data-plane/providers/openai/wire.ts";
import { chatReader as openaiChatReader } from "../../data-plane/providers/openai-compatible/answer-reader.ts";
import { errorOfStatus } from "../../data-plane/providers/openai-compatible/error.ts";
import { answerCases } from "../conformance/field-matrix/answer-cases.ts";
import type { Wire as WireName } from "../conformance/field-matrix/backends.ts";
import { streamBytes } from "../conformance/field-matrix/backends.ts";
import * as anthropic from "../fixtures/anthropic/recorded-streams.ts";
import * as bedrock from "./recordings/bedrock.ts";
import * as cohere from "./recordings/cohere.ts";
import * as gemini from "./recordings/gemini.ts";
import * as openaiCompatible from "./recordings/openai-compatible.ts";
import * as openaiResponses from "./recordings/openai-responses.ts";
import { bytesOf } from "./scripted-backend.ts";

type Json = Record<string, unknown>;

export interface AnswerDialect {
  readonly name: string;
  readonly open: () => { readonly reader: AnswerReader };
  readonly streams: readonly Uint8Array[];
  readonly wholes: readonly Json[];
  readonly errors: readonly Uint8Array[];
  /** By which its events are named; undefined: they have no names. */
  readonly eventNames: readonly (string | undefined)[];
}

const unknownFinish = () => {};
const chatOptions = (form: "typed" | "native") => ({
  form,
  modelShown: "chat",
  usageAsked: true,
  credential: "sk-secret",
  choicesAsked: 1,
  provider: "a",
  unknownFinish,
});

/** Its whole answers as such, and as the stream that was asked for. */
function chatAsReader(form: "typed" | "native"): AnswerReader {
  const reader = openaiChatReader({ ...chatOptions(form), streamAsked: false });
  const asStream = openaiChatReader({ ...chatOptions(form), streamAsked: true });
  return { stream: () => reader.stream(), whole: (text) => [...reader.whole(text), ...asStream.whole(text)], errorOfStatus };
}

function wireAsReader(wire: Wire): AnswerReader {
  const options = { modelShown: "chat", usageAsked: true, credential: "sk-secret" };
  const reader = wire.reader(options);
  return {
    stream: () => ({ ended: () => reader.finished(), read: (data, name, events) => reader.read(name ?? "", data, events) }),
    whole: (text) => wire.answer(text, options),
    errorOfStatus,
  };
}

/** Without those of several choices: how many were asked for is a matter of the call. */
const saidIn = (wire: WireName) => answerCases.flatMap(({ feature, said }) => (feature === "several choices" ? [] : (said[wire] ?? [])));
const recordedIn = (module: Readonly<Record<string, unknown>>): Uint8Array[] =>
  Object.values(module).flatMap((value): Uint8Array[] => {
    if (value instanceof Uint8Array) return [value];
    return typeof value === "string" && /^(data|event|:|\ufeff)/.test(value) ? [bytesOf(value)] : [];
  });
const errorsIn = (module: Readonly<Record<string, unknown>>): Uint8Array[] => [
  bytesOf('{"error":{"message":"no","type":"t","param":"p","code":"c"}}'),
  ...Object.values(module).flatMap((value) => (typeof value === "string" && value.startsWith("{") ? [bytesOf(value)] : [])),
];

const dialect = (
  name: string,
  wire: WireName,
  module: Readonly<Record<string, unknown>>,
  eventNames: AnswerDialect["eventNames"],
  reader: () => AnswerReader,
): AnswerDialect => ({
  name,
  open: () => ({ reader: reader() }),
  streams: [...recordedIn(module), ...saidIn(wire).map(({ events }) => streamBytes(wire, events))],
  wholes: saidIn(wire).flatMap(({ whole, events }) => [whole, ...events]),
  errors: errorsIn(module),
  eventNames,
});

const messageOptions = (form: "typed" | "native", streamAsked = false) => ({
  form,
  streamAsked,
  modelShown: "chat",
  credential: "sk-secret",
  provider: "a",
  unknownFinish,
});

export const answerDialects: readonly AnswerDialect[] = [
  dialect("openai-compatible", "chat", { ...openaiCompatible, ...openaiCompatible.calls }, [undefined], () => chatAsReader("typed")),
  dialect("openai-compatible, native", "chat", { ...openaiCompatible, ...openaiCompatible.calls }, [undefined], () =>
    chatAsReader("native"),
  ),
  dialect(
    "openai responses",
    "responses",
    openaiResponses,
    ["response.completed", "response.created", "response.failed", "error", "response.output_text.delta"],
    () => wireAsReader(responsesWire),
  ),
  dialect("openai completions", "completions", {}, [undefined], () => wireAsReader(completionsWire)),
  dialect("anthropic", "messages", anthropic, [undefined, "message_start", "message_delta", "error"], () =>
    messageReader(messageOptions("typed")),
  ),
  dialect("anthropic, native", "messages", anthropic, [undefined, "message_start", "content_block_delta"], () =>
    messageReader(messageOptions("native", true)),
  ),
  dialect("gemini", "gemini", gemini, [undefined], () => contentReader({ credential: "sk-secret", provider: "a", unknownFinish })),
  dialect(
    "bedrock",
    "bedrock",
    bedrock,
    ["contentBlockDelta", "messageStop", "metadata", "contentBlockStart", "exception:throttlingException"],
    () => converseReader({ credential: "sk-secret", provider: "a", model: "m", unknownFinish }),
  ),
  dialect("cohere", "cohere", cohere, [undefined], () => chatReader({ credential: "sk-secret", model: "m", unknownFinish })),
];

export interface ReadAnswer {
  /** What it says, without the ids and times that are made here. */
  readonly events: string;
  readonly raw: readonly CompletionEvent[];
  /** A GatewayError's kind. */
  readonly failure: string | undefined;
  readonly whole: boolean;
}

/** What a stream means, and what ended it. What fails without a type is thrown. */
export function readStream(open: AnswerDialect["open"], pieces: readonly Uint8Array[]): ReadAnswer {
  const { reader } = open();
  const stream = reader.stream();
  const raw: CompletionEvent[] = [];
  const feed = (reader.framing ?? serverSentEvents).open((data, name) => {
    if (!stream.ended()) stream.read(data, name, raw);
  });
  let failure: string | undefined;
  try {
    for (const piece of pieces) feed(Buffer.from(piece));
  } catch (reason) {
    if (!(reason instanceof GatewayError) || reason.kind === "INTERNAL") throw reason;
    failure = reason.kind;
  }
  const whole = failure === undefined && (stream.ended() || stream.end?.(raw) === true);
  const text = JSON.stringify(raw)
    .replaceAll(/call-gemini-[\w-]+|chatcmpl-[\da-f-]{36}|msg_[\da-f]{32}/g, "<made>")
    .replaceAll(/(\\?"created(?:_at)?\\?":)\d+/g, "$10");
  return { events: text, raw, failure, whole };
}
