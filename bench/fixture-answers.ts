/**
 * What the fixture backend answers, known to the load as well: equal to the byte on both sides, or the call has failed. Models
 * are named for what they do; the numbers in a name are its parameters.
 *   small            a chat completion of some 300 bytes
 *   large            one of 100 KB
 *   each-<n>         n tokens, each written in a turn of the event loop of its own: at full speed, in many small reads
 *   burst-<n>        n tokens in one write
 *   paced-<n>-<ms>   n tokens, one every so many milliseconds
 */

const created = 1_750_000_000;
const id = "chatcmpl-bench";
const largeBytes = 100 * 1024;
const word = "penstock ";

export interface FixtureAnswer {
  readonly model: string;
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
    return { model, parts: [whole], usageChunk: undefined, whole, tokens: 1, writing: "whole", paceMs: 0 };
  }
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
  return { model, parts, usageChunk, whole: Buffer.concat(parts), tokens, writing, paceMs: Number(pace ?? 0) };
}

const usage = (tokens: number) => ({ prompt_tokens: 16, completion_tokens: tokens, total_tokens: 16 + tokens });
const event = (value: object): Buffer => Buffer.from(`data: ${JSON.stringify(value)}\n\n`);

/** What the load posts: the same bytes to every target, save for the headers that authenticate. */
export function requestBody(model: string, promptBytes = 64): string {
  const { writing } = fixtureAnswer(model);
  const messages = [{ role: "user", content: "a".repeat(promptBytes) }];
  return JSON.stringify({ model, messages, ...(writing === "whole" ? {} : { stream: true }) });
}
