/**
 * What Amazon Bedrock's Converse says, in the shape and with the members of recorded answers (`p` is padding).
 * Sources: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, API_runtime_ConverseStream.html,
 * API_runtime_ContentBlockDelta.html; docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html.
 * The binary frames are as smithy.io/2.0/aws/amazon-eventstream.html has them.
 */
import { EventStreamCodec } from "@smithy/eventstream-codec";

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("utf8")),
  (text) => Buffer.from(text, "utf8"),
);

const frame = (headers: Record<string, string>, payload: unknown): Uint8Array =>
  codec.encode({
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: "string" as const, value }])),
    body: Buffer.from(JSON.stringify(payload), "utf8"),
  });

export const event = (type: string, payload: object): Uint8Array =>
  frame({ ":event-type": type, ":content-type": "application/json", ":message-type": "event" }, { ...payload, p: "abcdefgh" });
export const exception = (type: string, message: string): Uint8Array =>
  frame({ ":exception-type": type, ":content-type": "application/json", ":message-type": "exception" }, { message });

export const mediaType = "application/vnd.amazon.eventstream";
const whole = (...frames: Uint8Array[]): Uint8Array => Buffer.concat(frames);
const text = (contentBlockIndex: number, said: string) => event("contentBlockDelta", { contentBlockIndex, delta: { text: said } });
const usage = { inputTokens: 20, outputTokens: 7, totalTokens: 27 };
const metadata = (counts: object = usage) => event("metadata", { metrics: { latencyMs: 712 }, usage: counts });

export const beginning = whole(event("messageStart", { role: "assistant" }), text(0, "The water "));
export const simple = whole(
  beginning,
  text(0, "flows 🚰 down."),
  event("contentBlockStop", { contentBlockIndex: 0 }),
  event("messageStop", { stopReason: "end_turn" }),
  metadata(),
);

/** Reasoning with its signature, a sealed part of it, text, two calls; and a cache that was read and written. */
export const reasoningAndCalls = whole(
  event("messageStart", { role: "assistant" }),
  event("contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent: { text: "Two " } } }),
  event("contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent: { text: "cities" } } }),
  event("contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent: { signature: "EqQBCgIYAhIM" } } }),
  event("contentBlockStop", { contentBlockIndex: 0 }),
  event("contentBlockDelta", { contentBlockIndex: 1, delta: { reasoningContent: { redactedContent: "c2VhbGVk" } } }),
  event("contentBlockStop", { contentBlockIndex: 1 }),
  text(2, "Let me look."),
  event("contentBlockStop", { contentBlockIndex: 2 }),
  event("contentBlockStart", { contentBlockIndex: 3, start: { toolUse: { toolUseId: "tooluse_1", name: "weather" } } }),
  event("contentBlockDelta", { contentBlockIndex: 3, delta: { toolUse: { input: '{"city":' } } }),
  event("contentBlockDelta", { contentBlockIndex: 3, delta: { toolUse: { input: '"Köln"}' } } }),
  event("contentBlockStop", { contentBlockIndex: 3 }),
  event("contentBlockStart", { contentBlockIndex: 4, start: { toolUse: { toolUseId: "tooluse_2", name: "time" } } }),
  event("contentBlockDelta", { contentBlockIndex: 4, delta: { toolUse: { input: "" } } }),
  event("contentBlockStop", { contentBlockIndex: 4 }),
  event("messageStop", { stopReason: "tool_use" }),
  metadata({ inputTokens: 20, outputTokens: 30, totalTokens: 1150, cacheReadInputTokens: 1000, cacheWriteInputTokens: 100 }),
);

export const cited = whole(
  event("messageStart", { role: "assistant" }),
  text(0, "It flows down."),
  event("contentBlockDelta", {
    contentBlockIndex: 0,
    delta: {
      citation: {
        title: "penstock",
        sourceContent: [{ text: "water flows " }, { text: "down" }],
        location: { documentChar: { documentIndex: 0, start: 3, end: 19 } },
      },
    },
  }),
  event("contentBlockStop", { contentBlockIndex: 0 }),
  text(1, "Always."),
  event("contentBlockStop", { contentBlockIndex: 1 }),
  event("messageStop", { stopReason: "stop_sequence", additionalModelResponseFields: { stop_sequence: "END" } }),
  metadata(),
);

export const answer = JSON.stringify({
  metrics: { latencyMs: 551 },
  output: {
    message: {
      content: [
        { reasoningContent: { reasoningText: { text: "Two cities", signature: "EqQBCgIYAhIM" } } },
        { text: "Let me look." },
        { toolUse: { input: { city: "Köln", id: 0 }, name: "weather", toolUseId: "tooluse_1" } },
      ],
      role: "assistant",
    },
  },
  stopReason: "tool_use",
  usage: { cacheReadInputTokenCount: 0, cacheReadInputTokens: 0, inputTokens: 20, outputTokens: 30, totalTokens: 50 },
}).replace('"id":0', '"id":12345678901234567891');
