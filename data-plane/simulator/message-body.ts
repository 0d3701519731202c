/**
 * A planned answer in Anthropic's words: one Message, or the named events of its stream. "[redact]" in the last user message gives
 * reasoning that is sealed. The same quirks of usage as on chat.
 */
import type { PlannedAnswer, PlannedChoice, Said } from "./answer.ts";
import type { Quirks } from "./chat-body.ts";
import type { MessagesRequest } from "./message-request.ts";
import { signatureOf } from "./message-request.ts";

export const stopEvent = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
const pingEvent = 'event: ping\ndata: {"type": "ping"}\n\n';

export interface MessageShape {
  /** At least 1. */
  readonly chunkTokens: number;
  /** Before the first event, in milliseconds. */
  readonly ttftMs: number;
  /** Between one content chunk and the next, in milliseconds. */
  readonly gapMs: number;
  readonly quirks: Quirks;
}

type Json = Readonly<Record<string, unknown>>;

/** A content block, and the deltas that fill it when it is streamed. */
interface PlannedBlock {
  readonly whole: Json;
  readonly start: Json;
  readonly deltas: (chunkTokens: number) => Iterable<Json>;
}

export const messageId = (answer: PlannedAnswer): string => answer.id.replace(/^chatcmpl-/, "msg_").replaceAll("-", "_");

export function messageBody(answer: PlannedAnswer, request: MessagesRequest, quirks: Quirks): string {
  const choice = onlyChoice(answer);
  const body = JSON.stringify({
    ...headOf(answer),
    content: blocksOf(choice, request).map(({ whole }) => whole),
    ...(quirks.finishMissing ? { stop_reason: null, stop_sequence: null } : endOf(choice, request)),
  });
  const usage = usageText(answer, request, quirks, answer.usage.completionTokens);
  return usage === undefined ? body : `${body.slice(0, -1)},"usage":${usage}}`;
}

/** A number waits so many milliseconds, a text is one event. */
export function* messageEvents(answer: PlannedAnswer, request: MessagesRequest, shape: MessageShape): Generator<string | number, void> {
  const { quirks, chunkTokens, gapMs } = shape;
  const choice = onlyChoice(answer);
  if (shape.ttftMs > 0) yield shape.ttftMs;
  const head = JSON.stringify({ ...headOf(answer), content: [], stop_reason: null, stop_sequence: null });
  const seed = usageText(answer, request, quirks, 1);
  yield `event: message_start\ndata: {"type":"message_start","message":${seed === undefined ? head : `${head.slice(0, -1)},"usage":${seed}}`}}\n\n`;
  yield pingEvent;
  let waits = false;
  for (const [index, block] of blocksOf(choice, request).entries()) {
    yield event({ type: "content_block_start", index, content_block: block.start });
    for (const delta of block.deltas(chunkTokens)) {
      if (waits && gapMs > 0) yield gapMs;
      waits = true;
      yield event({ type: "content_block_delta", index, delta });
    }
    yield event({ type: "content_block_stop", index });
  }
  if (!quirks.finishMissing) {
    const usage = usageText(answer, request, quirks, answer.usage.completionTokens);
    const end = JSON.stringify({ type: "message_delta", delta: endOf(choice, request) });
    yield `event: message_delta\ndata: ${usage === undefined ? end : `${end.slice(0, -1)},"usage":${usage}}`}\n\n`;
  }
  yield stopEvent;
}

/** One content event, for faults that need one more of them. */
export const messageContentEvent = (text: string): string =>
  event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });

const event = (said: { readonly type: string } & Json): string => `event: ${said.type}\ndata: ${JSON.stringify(said)}\n\n`;

const headOf = (answer: PlannedAnswer) => ({ model: answer.model, id: messageId(answer), type: "message", role: "assistant" });

function onlyChoice(answer: PlannedAnswer): PlannedChoice {
  const [choice] = answer.choices;
  if (choice === undefined) throw new Error("a message has one choice");
  return choice;
}

function blocksOf(choice: PlannedChoice, request: MessagesRequest): PlannedBlock[] {
  const question = request.messages.findLast(({ role }) => role === "user")?.text ?? "";
  const sealed = request.thinks && question.includes("[redact]") ? [sealedBlock(choice)] : [];
  const thought = choice.reasoning.length > 0 ? [thoughtBlock(choice.reasoning, request.thinkingShown)] : [];
  return [...thought, ...sealed, ...saidBlocks(choice.said, request.cites)];
}

function thoughtBlock(tokens: readonly string[], shown: boolean): PlannedBlock {
  const said = shown ? tokens : [];
  const thinking = said.join("");
  const signature = signatureOf(thinking);
  return {
    whole: { type: "thinking", thinking, signature },
    start: { type: "thinking", thinking: "", signature: "" },
    *deltas(chunkTokens) {
      for (const piece of pieces(said, chunkTokens)) yield { type: "thinking_delta", thinking: piece };
      yield { type: "signature_delta", signature };
    },
  };
}

function sealedBlock(choice: PlannedChoice): PlannedBlock {
  const whole = { type: "redacted_thinking", data: `sim-sealed-${signatureOf(choice.reasoning.join("")).slice(0, 24)}` };
  return { whole, start: whole, deltas: () => [] };
}

function saidBlocks(said: Said, cites: boolean): PlannedBlock[] {
  switch (said.type) {
    case "refusal":
      return [];
    case "content":
      return [textBlock(said.tokens, cites)];
    case "tool-calls":
      return said.calls.map(({ id, name, argumentTokens }) => {
        const use = { type: "tool_use", id: id.replace(/^call_/, "toolu_"), name };
        return {
          whole: { ...use, input: JSON.parse(argumentTokens.join("") || "{}") as unknown },
          start: { ...use, input: {} },
          *deltas(chunkTokens) {
            yield { type: "input_json_delta", partial_json: "" };
            for (const piece of pieces(argumentTokens, chunkTokens)) yield { type: "input_json_delta", partial_json: piece };
          },
        };
      });
    default:
      return said satisfies never;
  }
}

function textBlock(tokens: readonly string[], cites: boolean): PlannedBlock {
  const citations = cites
    ? [
        {
          type: "char_location",
          cited_text: "water",
          document_index: 0,
          document_title: null,
          start_char_index: 0,
          end_char_index: 5,
          file_id: null,
        },
      ]
    : [];
  return {
    whole: { type: "text", text: tokens.join(""), ...(cites ? { citations } : {}) },
    start: { type: "text", text: "", ...(cites ? { citations: [] } : {}) },
    *deltas(chunkTokens) {
      for (const citation of citations) yield { type: "citations_delta", citation };
      for (const piece of pieces(tokens, chunkTokens)) yield { type: "text_delta", text: piece };
    },
  };
}

function* pieces(tokens: readonly string[], chunkTokens: number): Generator<string, void> {
  for (let start = 0; start < tokens.length; start += chunkTokens) yield tokens.slice(start, start + chunkTokens).join("");
}

function endOf({ said, finishReason }: PlannedChoice, { stops, tokensMax }: MessagesRequest): Json {
  if (said.type === "refusal") {
    const explanation = said.tokens.join("");
    return { stop_reason: "refusal", stop_sequence: null, stop_details: { type: "refusal", category: null, explanation } };
  }
  switch (finishReason) {
    case "length":
      return { stop_reason: "max_tokens", stop_sequence: null };
    case "tool_calls":
      return { stop_reason: "tool_use", stop_sequence: null };
    case "stop": {
      // A plan that was cut before a stop sequence says so by being shorter than it could be; which one it was is the first named.
      const [first] = stops;
      const cut = first !== undefined && said.type === "content" && tokensMax !== undefined && said.tokens.length < tokensMax;
      return cut ? { stop_reason: "stop_sequence", stop_sequence: first } : { stop_reason: "end_turn", stop_sequence: null };
    }
    default:
      return finishReason satisfies never;
  }
}

/** JSON text, because one of the quirks is no JSON. */
function usageText(answer: PlannedAnswer, { cached }: MessagesRequest, quirks: Quirks, outputTokens: number): string | undefined {
  switch (quirks.usage) {
    case "never":
      return undefined;
    case "negative":
      return '{"input_tokens":-7,"output_tokens":-5}';
    case "huge":
      return '{"input_tokens":9000000000000000,"output_tokens":9000000000000000}';
    case "not-a-number":
      return '{"input_tokens":NaN,"output_tokens":NaN}';
    case "as-asked":
    case "on-last-choice":
    case "cumulative": {
      const { promptTokens, reasoningTokens } = answer.usage;
      const read = cached ? Math.floor(promptTokens / 2) : 0;
      const written = cached ? Math.floor(promptTokens / 4) : 0;
      return JSON.stringify({
        input_tokens: promptTokens - read - written,
        cache_creation_input_tokens: written,
        cache_read_input_tokens: read,
        output_tokens: outputTokens,
        ...(reasoningTokens > 0 && outputTokens > 1
          ? { output_tokens_details: { thinking_tokens: Math.min(reasoningTokens, outputTokens) } }
          : {}),
        service_tier: "standard",
      });
    }
    default:
      return quirks.usage satisfies never;
  }
}
