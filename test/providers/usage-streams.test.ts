/** However often and with whatever counts a stream tells its usage, the last word counts: nothing is added up, nothing is below zero. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Json, streamBytes, type Wire } from "../conformance/field-matrix/backends.ts";
import { answerDialects, readStream } from "./answer-dialects.ts";

interface Count {
  readonly input: number;
  readonly output: number;
}

const chunk = (choices: readonly Json[], usage: unknown) => ({
  id: "c",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices,
  usage,
});
const counted = ({ input, output }: Count) => ({ prompt_tokens: input, completion_tokens: output, total_tokens: input + output });

/** A stream that tells each of the counts, in a wire's own words. */
const streams: readonly (readonly [name: string, wire: Wire, events: (counts: readonly Count[]) => Json[]])[] = [
  [
    "openai-compatible",
    "chat",
    (counts) => [
      ...counts.map((count) => chunk([{ index: 0, delta: { content: "x" }, finish_reason: null }], counted(count))),
      chunk([{ index: 0, delta: {}, finish_reason: "stop" }], null),
    ],
  ],
  [
    "anthropic",
    "messages",
    (counts) => [
      { type: "message_start", message: { id: "m", content: [], usage: { input_tokens: counts[0]?.input, output_tokens: 1 } } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "x" } },
      { type: "content_block_stop", index: 0 },
      ...counts.map(({ input, output }) => ({
        type: "message_delta",
        delta: { stop_reason: "end_turn" },
        usage: { input_tokens: input, output_tokens: output },
      })),
      { type: "message_stop" },
    ],
  ],
  [
    "gemini",
    "gemini",
    (counts) =>
      counts.map(({ input, output }, i) => ({
        candidates: [{ content: { parts: [{ text: "x" }] }, index: 0, ...(i === counts.length - 1 ? { finishReason: "STOP" } : {}) }],
        usageMetadata: { promptTokenCount: input, candidatesTokenCount: output },
      })),
  ],
  [
    "openai completions",
    "completions",
    (counts) => counts.map((count) => ({ id: "c", choices: [{ index: 0, text: "x", finish_reason: "stop" }], usage: counted(count) })),
  ],
];

const count = fc.record({ input: fc.nat(1_000_000), output: fc.nat(1_000_000) });

test.each(streams)("%s: the last count is the call's", (name, wire, events) => {
  const dialect = answerDialects.find((one) => one.name === name);
  if (dialect === undefined) throw new Error(`no reader for ${name}`);
  fc.assert(
    fc.property(fc.array(count, { minLength: 1, maxLength: 6 }), (counts) => {
      const { raw, failure } = readStream(dialect.open, [streamBytes(wire, events(counts))]);
      expect(failure).toBeUndefined();
      const told = raw.flatMap((event) => (event.type === "usage" ? [event.usage] : []));
      const last = counts.at(-1);
      expect(told.at(-1)).toMatchObject({ inputTokens: last?.input, outputTokens: last?.output, estimated: false });
      for (const { inputTokens, outputTokens } of told) expect(Math.min(inputTokens, outputTokens)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 100 },
  );
});
