/** However a network cuts a stream, and however a backend writes it, callers get the same answer: what the model said. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { type ChunkReaderOptions, chunkReader } from "../../data-plane/providers/openai-compatible/events.ts";
import { cutAt, heard } from "./scripted-backend.ts";
import { eventStream, type HeadStyle, streamedAnswer } from "./streamed-answers.ts";

interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: { readonly role?: string; readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: unknown;
}

const nativeChunks = (events: readonly CompletionEvent[]): Chunk[] =>
  events.flatMap((event) => (event.type === "native-chunk" ? [JSON.parse(event.data) as Chunk] : []));
const asked = { stream: true, stream_options: { include_usage: true } };
/** With these, nothing in the events is made up here. */
const complete: readonly HeadStyle[] = ["openai", "vllm", "llamaCpp", "sameModel", "otherIds", "splitHead", "noObject"];

test("any cut of the bytes gives the same events, in both forms", async () => {
  await fc.assert(
    fc.asyncProperty(
      streamedAnswer({ heads: complete }).chain(({ chunks }) => eventStream(chunks)),
      fc.array(fc.nat(), { maxLength: 40 }),
      fc.constantFrom("native" as const, "typed" as const),
      fc.constantFrom({ stream: true }, asked),
      async (bytes, offsets, form, body) => {
        const whole = await heard({ form, body, pieces: [bytes] });
        const cut = await heard({ form, body, pieces: cutAt(bytes, offsets) });
        expect(cut.failure).toBe(whole.failure);
        expect(cut.events).toEqual(whole.events);
      },
    ),
    { numRuns: 300 },
  );
});

test("one byte at a time is as good as any other cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      streamedAnswer({ heads: complete }).chain(({ chunks }) => eventStream(chunks)),
      async (bytes) => {
        const whole = await heard({ form: "native", pieces: [bytes] });
        const cut = await heard({ form: "native", pieces: cutAt(bytes, Array.from(bytes.keys())) });
        expect(cut.events).toEqual(whole.events);
      },
    ),
    { numRuns: 20 },
  );
});

test("what the model said arrives to the character, choice by choice, in both forms", async () => {
  await fc.assert(
    fc.asyncProperty(
      streamedAnswer().chain((answer) => eventStream(answer.chunks).map((bytes) => ({ answer, bytes }))),
      fc.array(fc.nat(), { maxLength: 5 }),
      async ({ answer, bytes }, offsets) => {
        const typed = await heard({ form: "typed", pieces: cutAt(bytes, offsets) });
        const native = await heard({ form: "native", pieces: cutAt(bytes, offsets) });
        for (const { failure } of [typed, native]) expect(failure).toBeUndefined();
        const fromTyped = answer.texts.map((_, choice) =>
          typed.events.map((event) => (event.type === "content-delta" && event.choice === choice ? event.text : "")).join(""),
        );
        expect(fromTyped).toEqual(answer.texts);
        const chunks = nativeChunks(native.events);
        const fromNative = answer.texts.map((_, index) =>
          chunks.flatMap(({ choices }) => choices.map((choice) => (choice.index === index ? (choice.delta.content ?? "") : ""))).join(""),
        );
        expect(fromNative).toEqual(answer.texts);
        const reported = (events: readonly CompletionEvent[]) => events.findLast(({ type }) => type === "usage");
        expect(reported(typed.events) !== undefined).toBe(answer.usage);
        expect(reported(native.events)).toMatchObject(answer.usage ? { usage: { inputTokens: 7 } } : {});
      },
    ),
    { numRuns: 300 },
  );
});

test("what a caller gets is strict, whatever the backend's habits", async () => {
  await fc.assert(
    fc.asyncProperty(
      streamedAnswer().chain((answer) => eventStream(answer.chunks).map((bytes) => ({ answer, bytes }))),
      fc.boolean(),
      async ({ answer, bytes }, usageAsked) => {
        const { events } = await heard({ form: "native", body: usageAsked ? asked : { stream: true }, pieces: [bytes] });
        const chunks = nativeChunks(events);
        const [first] = chunks;
        for (const chunk of chunks) {
          expect([chunk.id, chunk.created, chunk.model, chunk.object]).toEqual([
            first?.id,
            first?.created,
            "chat",
            "chat.completion.chunk",
          ]);
          expect([chunk.id, chunk.created]).not.toContain(undefined);
          // With usage asked for, null on each; else not a word of it.
          expect("usage" in chunk ? chunk.usage : "absent").toBe(usageAsked ? null : "absent");
          for (const choice of chunk.choices) expect(Object.keys(choice)).toContain("finish_reason");
        }
        for (const index of answer.texts.keys()) {
          const own = chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index));
          expect(own.map(({ delta }) => delta.role).filter((role) => role !== undefined)).toEqual(["assistant"]);
          expect(own[0]?.delta.role).toBe("assistant");
          expect(own.map((choice) => choice.finish_reason).filter((reason) => reason !== null)).toEqual(["stop"]);
        }
      },
    ),
    { numRuns: 200 },
  );
});

/** A chunk that nobody has parsed is the chunk that parsing would have made. Other whitespace before each keeps one reader from its short way. */
test("the short way and the long way give the same", () => {
  fc.assert(
    fc.property(streamedAnswer(), fc.boolean(), ({ chunks }, usageAsked) => {
      const options: ChunkReaderOptions = {
        form: "native",
        modelShown: 'a "model"',
        usageAsked,
        credential: undefined,
        choicesAsked: 1,
        provider: "a",
        unknownFinish: () => {},
      };
      const [short, long] = [chunkReader(options), chunkReader(options)];
      for (const [i, chunk] of chunks.entries()) {
        const [fromShort, fromLong]: [CompletionEvent[], CompletionEvent[]] = [[], []];
        expect(short.read(chunk, fromShort)).toBe(long.read(" ".repeat(i) + chunk, fromLong));
        expect(comparable(fromShort)).toEqual(comparable(fromLong));
        expect(short.finished()).toBe(long.finished());
      }
    }),
    { numRuns: 500 },
  );
});

/** Parsed, without what a reader makes up where the backend says none. */
const comparable = (events: readonly CompletionEvent[]) =>
  events.map((event) => {
    if (event.type === "completion-started") return { ...event, id: typeof event.id, created: typeof event.created };
    if (event.type !== "native-chunk") return event;
    const chunk = JSON.parse(event.data) as Chunk;
    return { ...chunk, id: typeof chunk.id, created: typeof chunk.created };
  });

describe("the short way is for plain deltas alone:", () => {
  const options: ChunkReaderOptions = {
    form: "native",
    modelShown: "chat",
    usageAsked: false,
    credential: undefined,
    choicesAsked: 1,
    provider: "a",
    unknownFinish: () => {},
  };
  const head = '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[';
  const first = `${head}{"index":0,"delta":{"role":"assistant","content":"a"},"finish_reason":null}]}`;
  const reading = (data: string) => {
    const reader = chunkReader(options);
    const events: CompletionEvent[] = [];
    reader.read(first, events);
    events.length = 0;
    const bearsContent = reader.read(data, events);
    return { bearsContent, events, finished: reader.finished() };
  };

  test.each([
    ["an escape that is none", '{"index":0,"delta":{"content":"\\q"},"finish_reason":null}]}'],
    ["half an escape", '{"index":0,"delta":{"content":"\\u00g0"},"finish_reason":null}]}'],
    ["a line break in a string", '{"index":0,"delta":{"content":"a\nb"},"finish_reason":null}]}'],
    ["a zero byte in a string", '{"index":0,"delta":{"content":"a\u0000b"},"finish_reason":null}]}'],
    ["an index with a zero before it", '{"index":00,"delta":{"content":"a"},"finish_reason":null}]}'],
    ["more behind it", '{"index":0,"delta":{"content":"a"},"finish_reason":null}]}}'],
    ["less behind it", '{"index":0,"delta":{"content":"a"},"finish_reason":null}]'],
  ])("%s is not JSON, and not passed on", (_, rest) => {
    expect(() => reading(head + rest)).toThrow(
      expect.objectContaining({ kind: "UPSTREAM_PROTOCOL", details: expect.objectContaining({ anotherBackendMayHelp: true }) }),
    );
  });

  test("a finish reason is seen, and ends the choice", () => {
    expect(reading(`${head}{"index":0,"delta":{"content":"z"},"finish_reason":"length"}]}`)).toMatchObject({ finished: true });
  });

  test("a choice that has not begun gets its role", () => {
    const { events } = reading(`${head}{"index":1,"delta":{"content":"b"},"finish_reason":null}]}`);
    expect(nativeChunks(events)[0]?.choices[0]?.delta).toEqual({ content: "b", role: "assistant" });
  });

  test("an error in a chunk is an error", () => {
    expect(() =>
      reading(`{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","error":{"message":"out of memory"},"choices":[]}`),
    ).toThrow("out of memory");
  });
});
