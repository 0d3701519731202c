/** Typed events as a Messages stream: however a backend mixes them, blocks stand one after the other and nothing is lost; and what callers give back of it is what was given. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commonFormOf } from "../../data-plane/edge/anthropic-messages/common-form.ts";
import { type MessageEvent, messageEvents, messageOf } from "../../data-plane/edge/anthropic-messages/message-events.ts";
import { checkMessagesBody } from "../../data-plane/edge/anthropic-messages/messages-body.ts";
import type { CompletionEvent, ReasoningDetail, TokenUsage } from "../../data-plane/pipeline/completion-event.ts";

const started: CompletionEvent = {
  type: "completion-started",
  id: "x-1",
  servedModel: "m",
  created: 1,
  systemFingerprint: "",
  serviceTier: "",
};
const usage: TokenUsage = {
  inputTokens: 10,
  outputTokens: 5,
  cacheReadTokens: 2,
  cacheWriteTokens: 1,
  reasoningTokens: 3,
  audioInputTokens: 0,
  audioOutputTokens: 0,
  estimated: false,
  raw: "",
};
const content = (text: string): CompletionEvent => ({ type: "content-delta", choice: 0, text, logprobs: [] });
const thought = (text: string): CompletionEvent => ({ type: "reasoning-delta", choice: 0, text });
const detail = (of: ReasoningDetail): CompletionEvent => ({ type: "reasoning-detail", choice: 0, detail: of });
const call = (index: number, id: string, name: string, said: string): CompletionEvent => ({
  type: "tool-call-delta",
  choice: 0,
  index,
  id,
  name,
  arguments: said,
});
const finished = (raw: string, unified: "stop" | "length" | "tool_calls" | "content_filter" | "other"): CompletionEvent => ({
  type: "choice-finished",
  choice: 0,
  reason: { unified, raw },
});

function streamed(events: readonly CompletionEvent[]): MessageEvent[] {
  const writer = messageEvents("alias");
  return [...[started, ...events].flatMap((event) => [...writer.add(event)]), ...writer.end(usage, {})];
}
const message = (events: readonly CompletionEvent[]) =>
  messageOf(streamed(events), JSON.parse) as { content: Record<string, unknown>[]; stop_reason: string; usage: Record<string, number> };

/** Calls of tools whose pieces come mixed, as some backends stream them. */
const mixedCalls = fc
  .uniqueArray(fc.record({ name: fc.stringMatching(/^[a-z]{1,8}$/), input: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }) }), {
    maxLength: 4,
    selector: ({ name }) => name,
  })
  .chain((calls) =>
    fc.tuple(
      fc.constant(calls),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 7 })), { minLength: calls.length * 4, maxLength: 60 }),
    ),
  )
  .map(([calls, turns]) => {
    const left = calls.map(({ input }) => JSON.stringify(input));
    const begun = new Set<number>();
    const events: CompletionEvent[] = [];
    const take = (index: number, length: number) => {
      const piece = (left[index] ?? "").slice(0, length);
      left[index] = (left[index] ?? "").slice(length);
      const first = !begun.has(index);
      begun.add(index);
      if (first || piece !== "") events.push(call(index, first ? `call_${index}` : "", first ? (calls[index]?.name ?? "") : "", piece));
    };
    for (const [pick, length] of turns) if (calls.length > 0) take(pick % calls.length, length);
    for (const index of calls.keys()) take(index, Number.MAX_SAFE_INTEGER);
    return { calls, events };
  });

describe("a stream", () => {
  const others = fc.array(
    fc.oneof(
      fc.string({ minLength: 1 }).map(content),
      fc.string({ minLength: 1 }).map(thought),
      fc.constant<CompletionEvent>({ type: "part-ended", choice: 0 }),
      fc.constant(detail({ kind: "signature", value: "sig", id: "", format: "anthropic-claude-v1", provider: "a" })),
      fc.constant(detail({ kind: "encrypted", value: "data", id: "", format: "google-gemini-v1", provider: "g" })),
    ),
    { maxLength: 12 },
  );

  test("has blocks that begin, are filled and end one after the other, whatever the backend's order", () => {
    fc.assert(
      fc.property(others, mixedCalls, others, (before, { events }, after) => {
        let open = -1;
        let next = 0;
        const sent = streamed([...before, ...events, ...after, finished("stop", "stop")]);
        for (const event of sent) {
          if (event.type === "content_block_start") {
            expect([open, event["index"]]).toEqual([-1, next]);
            open = next++;
          } else if (event.type === "content_block_delta") expect(event["index"]).toBe(open);
          else if (event.type === "content_block_stop") {
            expect(event["index"]).toBe(open);
            open = -1;
          }
        }
        expect(open).toBe(-1);
        expect(sent.map(({ type }) => type).filter((type) => type.startsWith("message_"))).toEqual([
          "message_start",
          "message_delta",
          "message_stop",
        ]);
      }),
      { numRuns: 200 },
    );
  });

  test("loses no letter and no argument", () => {
    fc.assert(
      fc.property(others, mixedCalls, others, (before, { calls, events }, after) => {
        const { content: blocks } = message([...before, ...events, ...after]);
        const text = (of: readonly CompletionEvent[], type: string) =>
          of.map((event) => (event.type === type && "text" in event ? event.text : "")).join("");
        expect(blocks.map((block) => block["text"] ?? "").join("")).toBe(text([...before, ...after], "content-delta"));
        expect(blocks.map((block) => block["thinking"] ?? "").join("")).toBe(text([...before, ...after], "reasoning-delta"));
        const used = blocks.filter(({ type }) => type === "tool_use").map(({ id, name, input }) => [id, name, input]);
        expect(new Set(used.map((one) => JSON.stringify(one)))).toEqual(
          new Set(calls.map(({ name, input }, i) => JSON.stringify([`call_${i}`, name, JSON.parse(JSON.stringify(input))]))),
        );
      }),
      { numRuns: 200 },
    );
  });
});

test.each<[string, Parameters<typeof finished>[1], string]>([
  ["stop", "stop", "end_turn"],
  ["STOP", "stop", "end_turn"],
  ["length", "length", "max_tokens"],
  ["tool_calls", "tool_calls", "tool_use"],
  ["SAFETY", "content_filter", "refusal"],
  ["pause_turn", "other", "pause_turn"],
  ["model_context_window_exceeded", "length", "model_context_window_exceeded"],
  ["RECITATION_X", "other", "RECITATION_X"],
])("an answer that ended by %s (%s) says %s", (raw, unified, shown) => {
  expect(message([content("x"), finished(raw, unified)]).stop_reason).toBe(shown);
});

test("usage leaves out of the input what the cache was read from and written to", () => {
  expect(message([content("x")]).usage).toEqual({
    input_tokens: 7,
    cache_creation_input_tokens: 1,
    cache_read_input_tokens: 2,
    output_tokens: 5,
    output_tokens_details: { thinking_tokens: 3 },
  });
});

test("reasoning of any provider comes back from the caller as it was given, and says who signed it", () => {
  const details: ReasoningDetail[] = [
    { kind: "signature", value: "s-1", id: "", format: "google-gemini-v1", provider: "gemini-main" },
    { kind: "encrypted", value: "sealed", id: "rs_1", format: "openai-responses-v1", provider: "openai-main" },
    { kind: "signature", value: "s-2", id: "call_0", format: "google-gemini-v1", provider: "gemini-main" },
    { kind: "signature", value: "own", id: "", format: "anthropic-claude-v1", provider: "anthropic" },
  ];
  const [first, second, third, fourth] = details.map(detail) as [CompletionEvent, CompletionEvent, CompletionEvent, CompletionEvent];
  const given = message([thought("hm"), first, second, third, call(0, "call_0", "f", "{}"), content("so"), thought("ah"), fourth]);
  const body = {
    model: "m",
    max_tokens: 5,
    messages: [
      { role: "user", content: "q" },
      { role: "assistant", content: given.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "call_0", content: "r" }] },
    ],
  };
  const { reasoningSigners } = checkMessagesBody(body, new Map(), true);
  expect(reasoningSigners.map(({ provider, format }) => [provider, format])).toEqual([
    ["gemini-main", "google-gemini-v1"],
    ["openai-main", "openai-responses-v1"],
    ["gemini-main", "google-gemini-v1"],
    ["", "anthropic-claude-v1"],
  ]);
  const common = commonFormOf(body);
  expect(common.unmapped).toEqual([]);
  expect((common.body["messages"] as { reasoning_details?: unknown }[])[1]?.reasoning_details).toEqual([
    { type: "reasoning.text", text: "hm", signature: "s-1", format: "google-gemini-v1", provider: "gemini-main" },
    { type: "reasoning.encrypted", data: "sealed", format: "openai-responses-v1", provider: "openai-main", id: "rs_1" },
    { type: "reasoning.text", text: "", signature: "s-2", format: "google-gemini-v1", provider: "gemini-main", id: "call_0" },
    { type: "reasoning.text", text: "ah", signature: "own", format: "anthropic-claude-v1" },
  ]);
});
