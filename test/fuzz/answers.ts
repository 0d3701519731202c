/**
 * What backends answer: every provider's reader of streams, whole answers and errors on mutated recordings and on JSON of any shape,
 * in both forms; behind it each ingress' writer. Only typed errors come of it, usage can be, and a stream cut anywhere else says the same.
 */
import { deepStrictEqual, ok } from "node:assert";
import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { CompleteResponseSchema, StreamCompleteResponseSchema } from "#proto/penstock/inference/v1/completion_pb.ts";
import { messageEvents, messageOf } from "../../data-plane/edge/anthropic-messages/message-events.ts";
import { completionAnswer, completionEvents } from "../../data-plane/edge/completion-messages.ts";
import { chatAnswer, chatChunks } from "../../data-plane/edge/openai-chat-answer.ts";
import { textCompletionAnswer } from "../../data-plane/edge/openai-completions/answer.ts";
import { responseAnswer } from "../../data-plane/edge/openai-responses/answer.ts";
import { readResponseBody } from "../../data-plane/edge/openai-responses/request-body.ts";
import { GatewayError } from "../../data-plane/gateway-error.ts";
import { AnswerText } from "../../data-plane/pipeline/answer-text.ts";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import type { CompletionRequest } from "../../data-plane/pipeline/completion-request.ts";
import { jsonTextOf } from "../../data-plane/pipeline/json-text.ts";
import { readOperationAnswer } from "../../data-plane/providers/openai-compatible/operation-answer.ts";
import { answerDialects, type ReadAnswer, readStream } from "../providers/answer-dialects.ts";
import { cutAt } from "../providers/scripted-backend.ts";
import { anyJson, mutatedBytes, mutatedJson } from "./inputs.ts";
import { type Target, target, typed } from "./target.ts";

const meaningOf = ({ events, failure, whole }: ReadAnswer) => ({ events, failure, whole });

const streams: readonly Target[] = answerDialects.map(({ name, open, streams: recorded }) =>
  target(
    `${name}: streams`,
    fc.property(mutatedBytes(recorded), fc.array(fc.nat(), { maxLength: 6 }), (bytes, offsets) => {
      const uncut = readStream(open, [bytes]);
      checkEvents(uncut.raw);
      deepStrictEqual(meaningOf(readStream(open, cutAt(bytes, offsets))), meaningOf(uncut));
      writeEverywhere(uncut.raw);
    }),
  ),
);

const wholes: readonly Target[] = answerDialects.map(({ name, open, wholes: recorded, eventNames }) =>
  target(
    `${name}: whole answers, and events of any shape`,
    fc.property(
      mutatedJson(recorded),
      fc.array(fc.oneof(anyJson, mutatedJson(recorded)), { maxLength: 4 }),
      fc.constantFrom(...eventNames),
      (answer, values, eventName) => {
        const stream = open().reader.stream();
        const events: CompletionEvent[] = [];
        typed(() => events.push(...open().reader.whole(JSON.stringify(answer))));
        checkEvents(events);
        writeEverywhere(events);
        const told: CompletionEvent[] = [];
        for (const value of values)
          typed(() => {
            if (!stream.ended()) stream.read(JSON.stringify(value), eventName, told);
          });
        typed(() => stream.end?.(told));
        checkEvents(told);
        writeEverywhere(told);
      },
    ),
  ),
);

const errors: readonly Target[] = answerDialects.map(({ name, open, errors: recorded }) =>
  target(
    `${name}: errors`,
    fc.property(
      fc.oneof(
        mutatedBytes(recorded).map(String),
        anyJson.map((value) => JSON.stringify(value)),
      ),
      fc.integer({ min: 100, max: 599 }),
      fc.oneof(fc.constant(undefined), fc.string({ maxLength: 30 }), fc.constantFrom("1", "-1", "1e9", "Wed, 21 Oct 2099 07:28:00 GMT")),
      (body, status, retryAfter) => {
        const failure = {
          status,
          body,
          retryAfter,
          retryAfterMs: retryAfter,
          nowMs: 1_000_000,
          credential: "sk-secret",
          header: () => retryAfter,
        };
        const error = open().reader.errorOfStatus(failure);
        if (!(error instanceof GatewayError) || error.kind === "INTERNAL") throw error;
        ok(!error.message.includes("sk-secret"));
        ok(error.message.length < 2000);
        const { retryAfterMs = 0 } = error.details;
        ok(retryAfterMs >= 0 && retryAfterMs <= 60_000);
      },
    ),
  ),
);

export const answerTargets: readonly Target[] = [
  ...streams,
  ...wholes,
  ...errors,
  target(
    "answers of operations",
    fc.property(
      mutatedJson([
        {
          object: "list",
          data: [{ object: "embedding", index: 0, embedding: [0.5] }],
          model: "m",
          usage: { prompt_tokens: 7, total_tokens: 7 },
        },
        {
          text: "x",
          usage: { type: "tokens", input_tokens: 14, output_tokens: 45, total_tokens: 59, input_token_details: { audio_tokens: 14 } },
        },
        { results: [{ index: 0, relevance_score: 0.5 }], meta: { billed_units: { search_units: 1 } } },
      ]),
      (answer) => {
        typed(() => readOperationAnswer(AnswerText.of(JSON.stringify(answer)), "chat", "sk-secret"));
      },
    ),
  ),
];

/** Counters are whole numbers from zero, parts are no more than what they are parts of, and events go on being told in their shape. */
function checkEvents(events: readonly CompletionEvent[]): void {
  for (const event of events) {
    if ("choice" in event) ok(isCount(event.choice), `choice ${event.choice}`);
    if (event.type === "tool-call-delta") ok(isCount(event.index), `index ${event.index}`);
    if (event.type !== "usage") continue;
    const { raw: _raw, estimated: _estimated, ...counters } = event.usage;
    for (const counter of Object.values(counters)) ok(isCount(counter), JSON.stringify(counters));
    ok(event.usage.cacheReadTokens + event.usage.cacheWriteTokens <= event.usage.inputTokens, JSON.stringify(counters));
    ok(event.usage.reasoningTokens <= event.usage.outputTokens, JSON.stringify(counters));
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const request = { model: "chat", requestId: "r" } as CompletionRequest;
const asked = readResponseBody(jsonTextOf({ model: "chat", input: "x", include: ["reasoning.encrypted_content"] }), []);

/** What comes of a reader is written in every caller's dialect. */
function writeEverywhere(events: readonly CompletionEvent[]): void {
  const started = events.find((event) => event.type === "completion-started");
  const usage = events.findLast((event) => event.type === "usage")?.usage;
  const chunks = chatChunks(started, "chat", true);
  const chat = chatAnswer("chat");
  const response = responseAnswer(asked, "0".repeat(32));
  const message = messageEvents("chat");
  const text = textCompletionAnswer("cmpl-1", "chat", true);
  const streamed = completionEvents(request);
  const whole = completionAnswer(request);
  const messages = [];
  for (const event of events) {
    // What a caller of the same dialect is told as it is, is written by nobody here.
    if (event.type === "native-chunk" || event.type === "native-answer") continue;
    for (const line of chunks.add(event).split("\n")) if (line !== "") JSON.parse(line.slice("data: ".length));
    chat.add(event);
    for (const { data } of response.add(event)) JSON.parse(data);
    messages.push(...message.add(event));
    text.add(event);
    const told = streamed.messageOf(event);
    if (told !== undefined) toBinary(StreamCompleteResponseSchema, create(StreamCompleteResponseSchema, told));
    whole.add(event);
  }
  messages.push(...message.end(usage, {}));
  JSON.parse(chat.text(usage));
  JSON.stringify(response.response());
  JSON.stringify(text.whole(usage));
  toBinary(CompleteResponseSchema, create(CompleteResponseSchema, whole.message()));
  JSON.stringify(messageOf(messages, (input) => input));
}
