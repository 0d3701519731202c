/**
 * A planned answer as bytes: one JSON body, or server-sent events. Quirks are the ways in which real servers differ from
 * OpenAI; with none set, the output is what OpenAI sends. Events are made one by one while they are written, each between a
 * prefix and a suffix that are built once: this is the streaming path that load tests measure.
 */
import type { PlannedAnswer, PlannedChoice, TokenLogprob } from "./answer.ts";

/** A fixed date, because the same request must give the same bytes: 2026-01-01T00:00:00Z, in seconds. */
export const createdAtSeconds = 1_767_225_600;
export const doneEvent = "data: [DONE]\n\n";

const fingerprint = "fp_penstock_sim";

export interface Quirks {
  /** as-asked: OpenAI's way. The others are faults that metering has to survive. */
  readonly usage: "as-asked" | "never" | "on-last-choice" | "cumulative" | "negative" | "huge" | "not-a-number";
  /** Azure's first chunk: no choices, only filter results. */
  readonly emptyFirstChunk: boolean;
  readonly roleMissing: boolean;
  readonly finishMissing: boolean;
  readonly toolIndex: "kept" | "missing" | "zero";
  readonly toolIdRepeated: boolean;
  /** All arguments in one fragment. */
  readonly toolWhole: boolean;
}

export const noQuirks: Quirks = {
  usage: "as-asked",
  emptyFirstChunk: false,
  roleMissing: false,
  finishMissing: false,
  toolIndex: "kept",
  toolIdRepeated: false,
  toolWhole: false,
};

export interface StreamShape {
  readonly usageAsked: boolean;
  /** At least 1. */
  readonly chunkTokens: number;
  /** Before the first event, in milliseconds. */
  readonly ttftMs: number;
  /** Between one content chunk and the next, in milliseconds. */
  readonly gapMs: number;
  readonly quirks: Quirks;
}

export function chatBody(answer: PlannedAnswer, quirks: Quirks): string {
  const usage = usageText(answer, quirks, answer.usage.completionTokens);
  const body = JSON.stringify({
    id: answer.id,
    object: "chat.completion",
    created: createdAtSeconds,
    model: answer.model,
    system_fingerprint: fingerprint,
    choices: answer.choices.map((choice, index) => ({
      index,
      message: messageOf(choice, quirks),
      logprobs: choice.logprobs === undefined ? null : { content: choice.logprobs, refusal: null },
      finish_reason: quirks.finishMissing ? null : choice.finishReason,
    })),
  });
  return usage === undefined ? body : `${body.slice(0, -1)},"usage":${usage}}`;
}

function messageOf(choice: PlannedChoice, quirks: Quirks): object {
  const { said, reasoning } = choice;
  return {
    ...(quirks.roleMissing ? {} : { role: "assistant" }),
    content: said.type === "content" ? said.tokens.join("") : null,
    refusal: said.type === "refusal" ? said.tokens.join("") : null,
    ...(reasoning.length > 0 ? { reasoning_content: reasoning.join("") } : {}),
    ...(said.type === "tool-calls"
      ? {
          tool_calls: said.calls.map((call) => ({
            id: call.id,
            type: "function",
            function: { name: call.name, arguments: call.argumentTokens.join("") },
          })),
        }
      : {}),
  };
}

/** A number waits so many milliseconds, a text is one event. */
export function* chatEvents(answer: PlannedAnswer, shape: StreamShape): Generator<string | number, void> {
  const { quirks, usageAsked, chunkTokens, gapMs } = shape;
  const head = eventHead(answer);
  const everyUsage = quirks.usage === "cumulative";
  const tail = usageAsked && !everyUsage ? `],"usage":null}\n\n` : "]}\n\n";
  let writtenTokens = 0;
  const event = (index: number, delta: string, logprobs: readonly TokenLogprob[] | undefined, finish: string | undefined) => {
    const probabilities = logprobs === undefined ? "null" : `{"content":${JSON.stringify(logprobs)},"refusal":null}`;
    const reason = finish === undefined ? "null" : `"${finish}"`;
    const end = everyUsage ? `],"usage":${usageText(answer, quirks, writtenTokens)}}\n\n` : tail;
    return `${head}{"index":${index},"delta":${delta},"logprobs":${probabilities},"finish_reason":${reason}}${end}`;
  };

  if (shape.ttftMs > 0) yield shape.ttftMs;
  if (quirks.emptyFirstChunk) yield `${head.slice(0, -1)}[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}\n\n`;
  if (!quirks.roleMissing)
    for (const [index, choice] of answer.choices.entries())
      yield event(
        index,
        `{"role":"assistant","content":${choice.said.type === "content" ? '""' : "null"},"refusal":null}`,
        undefined,
        undefined,
      );

  // Choices take turns, as they do where one batch decodes them together. The last wait is for the token that ends them.
  const writers = answer.choices.map((choice) => deltasOf(choice, chunkTokens, quirks));
  let open = writers.length;
  for (let round = 0; open > 0; round++) {
    if (round > 0 && gapMs > 0) yield gapMs;
    open = 0;
    for (const [index, writer] of writers.entries()) {
      const next = writer.next();
      if (next.done === true) continue;
      open++;
      writtenTokens += next.value.tokens;
      yield event(index, next.value.delta, next.value.logprobs, undefined);
    }
  }

  writtenTokens = answer.usage.completionTokens;
  for (const [index, choice] of answer.choices.entries()) {
    if (quirks.finishMissing) continue;
    const last = event(index, "{}", undefined, choice.finishReason);
    if (quirks.usage === "on-last-choice" && index === answer.choices.length - 1)
      yield last.replace(/(?:,"usage":null)?\}\n\n$/, `,"usage":${usageText(answer, quirks, writtenTokens)}}\n\n`);
    else yield last;
  }
  const usage = usageText(answer, quirks, writtenTokens);
  if (usageAsked && usage !== undefined && quirks.usage !== "on-last-choice") yield `${head}],"usage":${usage}}\n\n`;
  yield doneEvent;
}

/** One content event, for faults that need one more of them. */
export const contentEvent = (answer: PlannedAnswer, text: string): string =>
  `${eventHead(answer)}{"index":0,"delta":{"content":${JSON.stringify(text)}},"logprobs":null,"finish_reason":null}]}\n\n`;

const eventHead = (answer: PlannedAnswer): string =>
  `data: {"id":"${answer.id}","object":"chat.completion.chunk","created":${createdAtSeconds},"model":${JSON.stringify(answer.model)},"system_fingerprint":"${fingerprint}","choices":[`;

interface Delta {
  readonly delta: string;
  readonly tokens: number;
  readonly logprobs?: readonly TokenLogprob[] | undefined;
}

function* deltasOf(choice: PlannedChoice, chunkTokens: number, quirks: Quirks): Generator<Delta, void> {
  yield* texts("reasoning_content", choice.reasoning, chunkTokens, undefined);
  const { said } = choice;
  if (said.type !== "tool-calls") {
    yield* texts(said.type, said.tokens, chunkTokens, choice.logprobs);
    return;
  }
  for (const [position, call] of said.calls.entries()) {
    const index = quirks.toolIndex === "missing" ? "" : `"index":${quirks.toolIndex === "zero" ? 0 : position},`;
    const identity = `"id":"${call.id}","type":"function",`;
    const size = quirks.toolWhole ? Math.max(1, call.argumentTokens.length) : chunkTokens;
    const whole = quirks.toolWhole ? call.argumentTokens.join("") : "";
    yield {
      delta: `{"tool_calls":[{${index}${identity}"function":{"name":"${call.name}","arguments":${JSON.stringify(whole)}}}]}`,
      tokens: 1,
    };
    if (quirks.toolWhole) continue;
    for (let start = 0; start < call.argumentTokens.length; start += size) {
      const part = call.argumentTokens.slice(start, start + size);
      const again = quirks.toolIdRepeated ? identity : "";
      yield { delta: `{"tool_calls":[{${index}${again}"function":{"arguments":${JSON.stringify(part.join(""))}}}]}`, tokens: part.length };
    }
  }
}

function* texts(
  field: string,
  tokens: readonly string[],
  chunkTokens: number,
  logprobs: readonly TokenLogprob[] | undefined,
): Generator<Delta, void> {
  for (let start = 0; start < tokens.length; start += chunkTokens) {
    const end = Math.min(start + chunkTokens, tokens.length);
    const text = end - start === 1 ? (tokens[start] ?? "") : tokens.slice(start, end).join("");
    yield { delta: `{"${field}":${JSON.stringify(text)}}`, tokens: end - start, logprobs: logprobs?.slice(start, end) };
  }
}

/** JSON text, because one of the quirks is no JSON. */
function usageText(answer: PlannedAnswer, quirks: Quirks, completionTokens: number): string | undefined {
  const { promptTokens, reasoningTokens } = answer.usage;
  switch (quirks.usage) {
    case "never":
      return undefined;
    case "negative":
      return '{"prompt_tokens":-7,"completion_tokens":-5,"total_tokens":-12}';
    case "huge":
      return '{"prompt_tokens":9000000000000000,"completion_tokens":9000000000000000,"total_tokens":18000000000000000}';
    case "not-a-number":
      return '{"prompt_tokens":NaN,"completion_tokens":NaN,"total_tokens":NaN}';
    case "as-asked":
    case "on-last-choice":
    case "cumulative":
      return JSON.stringify({
        prompt_tokens: promptTokens,
        completion_tokens: completionTokens,
        total_tokens: promptTokens + completionTokens,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: Math.min(reasoningTokens, completionTokens),
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      });
  }
}
