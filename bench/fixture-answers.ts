/**
 * What the fixture backend answers, known to the load as well: equal to the byte on both sides, or the call has failed. Models
 * are named for what they do; the numbers in a name are its parameters.
 *   small            a chat completion of some 300 bytes
 *   large            one of 100 KB
 *   each-<n>         n tokens, each written in a turn of the event loop of its own: at full speed, in many small reads
 *   burst-<n>        n tokens in one write
 *   paced-<n>-<ms>   n tokens, one every so many milliseconds
 *   messages-<n>     as each-<n>, in Anthropic's dialect
 *   vectors-<n>-<d>  embeddings: n vectors of d numbers
 */

const created = 1_750_000_000;
const id = "chatcmpl-bench";
const largeBytes = 100 * 1024;
const word = "penstock ";

export interface FixtureAnswer {
  readonly model: string;
  /** Where callers post to. */
  readonly path: "/v1/chat/completions" | "/v1/embeddings";
  /** What the model says, for callers who get it in another dialect. */
  readonly text: string;
  /** Of the whole answer's body, or of each event with its separator. The last is [DONE]. */
  readonly parts: readonly Buffer[];
  /** The chunk that OpenAI's API adds before [DONE] where usage is asked for; not in `parts`. */
  readonly usageChunk: Buffer | undefined;
  /** What the caller gets that did not ask for usage. */
  readonly whole: Buffer;
  /** Events that bear content. 1 for an answer that is not streamed. */
  readonly tokens: number;
  readonly writing: "whole" | "each" | "burst" | "paced";
  /** Between two tokens, in milliseconds; 0 where there is no pace. */
  readonly paceMs: number;
}

const answers = new Map<string, FixtureAnswer>();

/** @throws Error where the model is not one of those above. */
export function fixtureAnswer(model: string): FixtureAnswer {
  let answer = answers.get(model);
  if (answer === undefined) {
    answer = makeAnswer(model);
    answers.set(model, answer);
  }
  return answer;
}

function makeAnswer(model: string): FixtureAnswer {
  if (model === "small" || model === "large") {
    const content = word.repeat(model === "small" ? 8 : Math.ceil(largeBytes / word.length));
    const whole = Buffer.from(
      JSON.stringify({
        id,
        object: "chat.completion",
        created,
        model,
        choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
        usage: usage(8),
      }),
    );
    return { ...wholeAnswer(model, whole), text: content };
  }
  const [, vectors, dimensions] = /^vectors-(\d+)-(\d+)$/.exec(model) ?? [];
  if (vectors !== undefined)
    return { ...wholeAnswer(model, vectorList(model, Number(vectors), Number(dimensions))), path: "/v1/embeddings" };
  const [, messageTokens] = /^messages-(\d+)$/.exec(model) ?? [];
  if (messageTokens !== undefined) return messagesAnswer(model, Number(messageTokens));
  const [, writing, count, pace] = /^(each|burst|paced)-(\d+)(?:-(\d+))?$/.exec(model) ?? [];
  if (writing !== "each" && writing !== "burst" && writing !== "paced") throw new Error(`the fixture backend has no model "${model}"`);
  const tokens = Number(count);
  const chunk = (delta: object, finish: string | null = null) =>
    event({ id, object: "chat.completion.chunk", created, model, choices: [{ index: 0, delta, finish_reason: finish }] });
  const parts = [
    ...Array.from({ length: tokens }, (_, index) => chunk(index === 0 ? { role: "assistant", content: word } : { content: word })),
    chunk({}, "stop"),
    Buffer.from("data: [DONE]\n\n"),
  ];
  const usageChunk = event({ id, object: "chat.completion.chunk", created, model, choices: [], usage: usage(tokens) });
  return {
    model,
    path: chatPath,
    text: word.repeat(tokens),
    parts,
    usageChunk,
    whole: Buffer.concat(parts),
    tokens,
    writing,
    paceMs: Number(pace ?? 0),
  };
}

const chatPath = "/v1/chat/completions";

const wholeAnswer = (model: string, whole: Buffer): FixtureAnswer => ({
  model,
  path: chatPath,
  text: "",
  parts: [whole],
  usageChunk: undefined,
  whole,
  tokens: 1,
  writing: "whole",
  paceMs: 0,
});

/** Numbers as models give them: of nine digits, none like the next. */
function vectorList(model: string, vectors: number, dimensions: number): Buffer {
  const vector = (index: number) =>
    Array.from({ length: dimensions }, (_, place) => Number(Math.sin(index * dimensions + place + 1).toFixed(9)));
  const data = Array.from({ length: vectors }, (_, index) => ({ object: "embedding", index, embedding: vector(index) }));
  return Buffer.from(JSON.stringify({ object: "list", data, model, usage: { prompt_tokens: 16, total_tokens: 16 } }));
}

function messagesAnswer(model: string, tokens: number): FixtureAnswer {
  const named = (value: { readonly type: string; readonly [member: string]: unknown }) =>
    Buffer.from(`event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`);
  const message = { id: "msg_bench", type: "message", role: "assistant", model, content: [], stop_reason: null, stop_sequence: null };
  const parts = [
    Buffer.concat([
      named({ type: "message_start", message: { ...message, usage: { input_tokens: 16, output_tokens: 1 } } }),
      named({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    ]),
    ...Array.from({ length: tokens }, () => named({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: word } })),
    named({ type: "content_block_stop", index: 0 }),
    named({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: tokens },
    }),
    named({ type: "message_stop" }),
  ];
  const whole = Buffer.concat(parts);
  return { model, path: chatPath, text: word.repeat(tokens), parts, usageChunk: undefined, whole, tokens, writing: "each", paceMs: 0 };
}

const usage = (tokens: number) => ({ prompt_tokens: 16, completion_tokens: tokens, total_tokens: 16 + tokens });
const event = (value: object): Buffer => Buffer.from(`data: ${JSON.stringify(value)}\n\n`);

/** What the load posts: the same bytes to every target, save for the headers that authenticate. */
export function requestBody(model: string, promptBytes = 64): string {
  const { writing, path } = fixtureAnswer(model);
  if (path === "/v1/embeddings") return JSON.stringify({ model, input: ["a".repeat(promptBytes)], encoding_format: "float" });
  const messages = [{ role: "user", content: "a".repeat(promptBytes) }];
  return JSON.stringify({ model, messages, ...(writing === "whole" ? {} : { stream: true }) });
}
