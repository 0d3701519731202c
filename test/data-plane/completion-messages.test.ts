/** What the typed edge tells of a completion that chat has no word for: there and back without loss. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CompleteResponseSchema, CompletionInputSchema, ReasoningDetailKind } from "#proto/penstock/inference/v1/completion_pb.ts";
import { chatBodyOfInput } from "../../data-plane/edge/chat-body-of-input.ts";
import { completionAnswer, completionEvents } from "../../data-plane/edge/completion-messages.ts";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { sampleRequest } from "../pipeline/sample-call.ts";

const events: readonly CompletionEvent[] = [
  { type: "completion-started", id: "c1", servedModel: "m", created: 1, systemFingerprint: "", serviceTier: "" },
  { type: "reasoning-delta", choice: 0, text: "first " },
  { type: "reasoning-delta", choice: 0, text: "thought" },
  {
    type: "reasoning-detail",
    choice: 0,
    detail: { kind: "signature", value: "sig1", id: "", format: "anthropic-claude-v1", provider: "a" },
  },
  {
    type: "reasoning-detail",
    choice: 0,
    detail: { kind: "encrypted", value: "sealed", id: "r2", format: "anthropic-claude-v1", provider: "a" },
  },
  { type: "content-delta", choice: 0, text: "said", logprobs: [] },
  {
    type: "annotation",
    choice: 0,
    annotation: { url: "https://a.example", title: "A", citedText: "words", startIndex: 0, endIndex: 4, raw: "{}", dialect: "openai-chat" },
  },
  { type: "audio-delta", choice: 0, id: "audio_1", data: "AAE=", transcript: "sa", expiresAt: 0 },
  { type: "audio-delta", choice: 0, id: "", data: "Ag==", transcript: "id", expiresAt: 7 },
  { type: "image", choice: 0, url: "data:image/png;base64,AAAA" },
  { type: "tool-call-delta", choice: 0, index: 0, id: "call_1", name: "sql", arguments: "SELECT 1", kind: "custom" },
  { type: "choice-finished", choice: 0, reason: { unified: "tool_calls", raw: "tool_use" } },
];

describe("a whole answer", () => {
  const answer = completionAnswer(sampleRequest({}));
  for (const event of events) answer.add(event);
  const [choice] = fromBinary(
    CompleteResponseSchema,
    toBinary(CompleteResponseSchema, create(CompleteResponseSchema, answer.message())),
  ).choices;

  it("has all of it in its place", () => {
    expect(choice?.annotations).toMatchObject([{ url: "https://a.example", citedText: "words", startIndex: 0, endIndex: 4 }]);
    expect(choice?.imageUrls).toEqual(["data:image/png;base64,AAAA"]);
    expect(choice?.audio).toMatchObject({ id: "audio_1", transcript: "said", data: new Uint8Array([0, 1, 2]) });
    expect(choice?.message?.toolCalls[0]?.call).toMatchObject({ case: "custom", value: { name: "sql", input: "SELECT 1" } });
    expect(choice?.message?.reasoningDetails).toMatchObject([
      { kind: ReasoningDetailKind.SIGNATURE, value: "sig1", text: "first thought" },
      { kind: ReasoningDetailKind.ENCRYPTED, value: "sealed", id: "r2" },
    ]);
  });

  it("can be given back as it is: signed reasoning is what the provider signed", () => {
    const message = choice?.message;
    const body = chatBodyOfInput(create(CompletionInputSchema, { model: "m", messages: message === undefined ? [] : [message] }), false);
    expect(body["messages"]).toMatchObject([
      {
        role: "assistant",
        audio: { id: "audio_1" },
        reasoning_details: [
          { type: "reasoning.text", text: "first thought", signature: "sig1", format: "anthropic-claude-v1", provider: "a", index: 0 },
          { type: "reasoning.encrypted", data: "sealed", id: "r2", provider: "a", index: 1 },
        ],
      },
    ]);
  });
});

it("tells a stream of each, in order, with numbers without a gap", () => {
  const stream = completionEvents(sampleRequest({}));
  const told = events.flatMap((event) => stream.messageOf(event) ?? []);
  expect(told.map(({ sequenceNumber }) => Number(sequenceNumber))).toEqual(told.map((_, i) => i + 1));
  expect(told.map(({ event }) => event?.case)).toEqual([
    "started",
    "reasoningDelta",
    "reasoningDelta",
    "reasoningDetailed",
    "reasoningDetailed",
    "contentDelta",
    "annotated",
    "audioDelta",
    "audioDelta",
    "imageMade",
    "toolCallDelta",
    "choiceFinished",
  ]);
  expect(told[3]?.event).toMatchObject({ value: { detail: { value: "sig1", text: "first thought" } } });
});
