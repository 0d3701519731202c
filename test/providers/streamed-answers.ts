/** Answers that a model may give and the ways in which backends write them as streams, for properties over all of them. */
import fc from "fast-check";

export interface Piece {
  readonly choice: number;
  readonly text: string;
}

export interface StreamedAnswer {
  /** One JSON text for each event, in order, without [DONE]. */
  readonly chunks: readonly string[];
  /** What was said, by choice. */
  readonly texts: readonly string[];
  readonly usage: boolean;
}

/** What tempts a reader that looks at text instead of JSON. */
const tempting = [
  "[DONE]",
  '"',
  "\\",
  '\\"',
  '"finish_reason":"stop"',
  '"finish_reason":null',
  '"usage":null',
  ',"usage":null}',
  '"model":"evil"',
  '"choices":[',
  '{"index":0,"delta":{"content":"x"}',
  "}]}",
  "data: ",
  "\n",
  "\r\n",
  "\n\ndata: [DONE]\n\n",
  "\u2028",
  "\ufeff",
  "é",
  "🚰",
  "\ud800",
  "\u0000",
  " ",
  "null",
  "{{ x }}",
];
const said = fc.oneof(fc.constantFrom(...tempting), fc.string({ unit: "grapheme", maxLength: 6 }));

/** How a backend writes the members around the choices. */
const heads = {
  openai: (i: number) => ({
    before: {
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1700000000,
      model: "gpt-x",
      service_tier: "default",
      system_fingerprint: "fp_1",
    },
    after: {},
    i,
  }),
  vllm: (i: number) => ({
    before: { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1700000000, model: "gpt-x" },
    after: {},
    i,
  }),
  llamaCpp: (i: number) => ({
    before: {},
    after: { created: 1700000000, id: "chatcmpl-1", model: "gpt-x", object: "chat.completion.chunk" },
    i,
  }),
  sameModel: (i: number) => ({
    before: { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1700000000, model: "chat" },
    after: {},
    i,
  }),
  otherIds: (i: number) => ({
    before: { id: `chatcmpl-${i + 1}`, object: "chat.completion.chunk", created: 1700000000 + i, model: "gpt-x" },
    after: {},
    i,
  }),
  noCreated: (i: number) => ({ before: { id: "chatcmpl-1", object: "chat.completion.chunk", model: "gpt-x" }, after: {}, i }),
  noObject: (i: number) => ({ before: { id: "chatcmpl-1", created: 1700000000, model: "gpt-x" }, after: {}, i }),
  splitHead: (i: number) => ({
    before: { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1700000000 },
    after: { model: "gpt-x" },
    i,
  }),
} as const;
export type HeadStyle = keyof typeof heads;

/** Where a backend writes `usage` on the chunks that have choices. */
const usageStyles = ["absent", "null after", "null before", "cumulative"] as const;

export interface AnswerOptions {
  readonly heads?: readonly HeadStyle[];
}

export const streamedAnswer = ({ heads: styles = Object.keys(heads) as HeadStyle[] }: AnswerOptions = {}): fc.Arbitrary<StreamedAnswer> =>
  fc
    .record({
      choices: fc.integer({ min: 1, max: 3 }),
      pieces: fc.array(fc.record({ choice: fc.nat(2), text: said }), { maxLength: 12 }),
      style: fc.constantFrom(...styles),
      usageStyle: fc.constantFrom(...usageStyles),
      usageAtEnd: fc.boolean(),
      roleFirst: fc.boolean(),
      logprobs: fc.boolean(),
      finishKey: fc.boolean(),
      stopReason: fc.boolean(),
      spaced: fc.boolean(),
    })
    .map((o) => {
      const chunks: string[] = [];
      const texts = Array.from({ length: o.choices }, () => "");
      let tokens = 0;
      const write = (choicesOf: readonly object[], last?: object) => {
        const { before, after } = heads[o.style](chunks.length);
        const counted = { prompt_tokens: 7, completion_tokens: tokens, total_tokens: 7 + tokens };
        const value = o.usageStyle === "cumulative" ? counted : null;
        const usageAfter =
          last !== undefined ? { usage: last } : o.usageStyle === "null after" || o.usageStyle === "cumulative" ? { usage: value } : {};
        const usageBefore = o.usageStyle === "null before" && last === undefined ? { usage: null } : {};
        const text = JSON.stringify({ ...before, ...usageBefore, choices: choicesOf, ...after, ...usageAfter });
        chunks.push(o.spaced ? text.replace('"choices":[', '"choices": [') : text);
      };
      const choice = (index: number, delta: object, finish: string | null) => ({
        index,
        delta,
        ...(o.logprobs ? { logprobs: null } : {}),
        ...(finish === null && !o.finishKey ? {} : { finish_reason: finish }),
        ...(o.stopReason ? { stop_reason: null } : {}),
      });
      if (o.roleFirst) for (let i = 0; i < o.choices; i++) write([choice(i, { role: "assistant", content: "" }, null)]);
      for (const { choice: at, text } of o.pieces) {
        const index = at % o.choices;
        texts[index] += text;
        tokens++;
        write([choice(index, { content: text }, null)]);
      }
      for (let i = 0; i < o.choices; i++) write([choice(i, {}, "stop")]);
      if (o.usageAtEnd) write([], { prompt_tokens: 7, completion_tokens: tokens, total_tokens: 7 + tokens });
      return { chunks, texts, usage: o.usageAtEnd || o.usageStyle === "cumulative" };
    });

/** The events as bytes of a stream: which ends of lines, which comments, whether the space is there. */
export const eventStream = (chunks: readonly string[], done = true): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      end: fc.constantFrom("\n", "\r\n", "\r"),
      space: fc.boolean(),
      mark: fc.boolean(),
      noise: fc.array(fc.constantFrom(": keep-alive", ": data: {}", "event: message", "id: 1", "retry: 10", "data", ""), { maxLength: 3 }),
    })
    .map(({ end, space, mark, noise }) => {
      const events = [...chunks, ...(done ? ["[DONE]"] : [])].map((data, i) => {
        const before = noise[i % (noise.length + 1)];
        // A "data" without a colon is an empty line of data: alone, it makes an event without data.
        const lines = before === undefined ? "" : `${before}${end}${before === "data" ? end : ""}`;
        return `${lines}data:${space ? " " : ""}${data}${end}${end}`;
      });
      return Buffer.from((mark ? "\ufeff" : "") + events.join(""), "utf8");
    });
