/**
 * However a network cuts a recorded stream, it means the same; and whatever comes in its place, what fails is told in a typed error.
 * PENSTOCK_FUZZ_SECONDS makes the second part run for that long, all together.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GatewayError } from "../../data-plane/gateway-error.ts";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import type { AnswerReader } from "../../data-plane/providers/answer-exchange.ts";
import { serverSentEvents } from "../../data-plane/providers/answer-exchange.ts";
import { converseReader } from "../../data-plane/providers/bedrock/events.ts";
import { chatReader } from "../../data-plane/providers/cohere/events.ts";
import { contentReader } from "../../data-plane/providers/gemini/events.ts";
import { answerEvents, chunkReader, chunksOfAnswer } from "../../data-plane/providers/openai-compatible/events.ts";
import * as bedrock from "./recordings/bedrock.ts";
import * as cohere from "./recordings/cohere.ts";
import * as gemini from "./recordings/gemini.ts";
import * as openaiCompatible from "./recordings/openai-compatible.ts";
import { bytesOf, cutAt } from "./scripted-backend.ts";

const unknownFinish = () => {};
const chatOptions = {
  form: "typed" as const,
  modelShown: "chat",
  usageAsked: false,
  credential: undefined,
  choicesAsked: 1,
  provider: "a",
  unknownFinish,
};

/** An OpenAI-shaped stream as the other dialects' readers are; its own loop is proved in stream-cuts.test.ts. */
function chatAsReader(): AnswerReader {
  const reader = chunkReader(chatOptions);
  let ended = false;
  return {
    stream: {
      ended: () => ended,
      read(data, _name, events) {
        if (data === "[DONE]") {
          ended = true;
          return false;
        }
        return reader.read(data, events);
      },
      end: () => reader.finished(),
    },
    whole: (text) => {
      const events: CompletionEvent[] = [...answerEvents(text, chatOptions)];
      for (const chunk of chunksOfAnswer(text)) chunkReader(chatOptions).read(chunk, events);
      return events;
    },
    errorOfStatus: () => new GatewayError("UPSTREAM_UNAVAILABLE", "…"),
  };
}

const readers: Readonly<Record<string, () => AnswerReader>> = {
  gemini: () => contentReader({ credential: undefined, provider: "a", unknownFinish }),
  bedrock: () => converseReader({ credential: undefined, provider: "a", model: "m", unknownFinish }),
  cohere: () => chatReader({ credential: undefined, model: "m", unknownFinish }),
  "openai-compatible": chatAsReader,
};

const recordings: readonly (readonly [dialect: string, name: string, bytes: Uint8Array])[] = [
  ...named("gemini", gemini),
  ...named("bedrock", bedrock),
  ...named("cohere", cohere),
  ...named("openai-compatible", openaiCompatible),
];

function named(dialect: string, module: Readonly<Record<string, unknown>>): [string, string, Uint8Array][] {
  return Object.entries(module).flatMap(([name, value]): [string, string, Uint8Array][] => {
    if (value instanceof Uint8Array) return [[dialect, name, value]];
    return typeof value === "string" && /^(data|event|:)/.test(value) ? [[dialect, name, bytesOf(value)]] : [];
  });
}

/** What a stream means, and what ended it. Ids and times that are made here are left out. */
function read(
  dialect: string,
  pieces: readonly Uint8Array[],
): { readonly events: unknown[]; readonly failure: unknown; readonly whole: boolean } {
  const reader = readers[dialect]?.();
  if (reader === undefined) throw new Error(`no reader for ${dialect}`);
  const events: CompletionEvent[] = [];
  const feed = (reader.framing ?? serverSentEvents).open((data, name) => {
    if (!reader.stream.ended()) reader.stream.read(data, name, events);
  });
  let failure: unknown;
  try {
    for (const piece of pieces) feed(Buffer.from(piece));
  } catch (reason) {
    failure = reason;
  }
  const whole = failure === undefined && (reader.stream.ended() || reader.stream.end?.(events) === true);
  const text = JSON.stringify(events)
    .replaceAll(/call-gemini-[\w-]+|chatcmpl-[\w-]{36}/g, "<made>")
    .replaceAll(/"created":\d+/g, '"created":0');
  return { events: JSON.parse(text) as unknown[], failure: failure === undefined ? undefined : kindOf(failure), whole };
}

const kindOf = (failure: unknown): string => {
  if (!(failure instanceof GatewayError)) throw failure;
  return failure.kind;
};

test.each(recordings)("%s, %s: any cut gives the same events", (dialect, _name, bytes) => {
  const uncut = read(dialect, [bytes]);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (offsets) => {
      expect(read(dialect, cutAt(bytes, offsets))).toEqual(uncut);
    }),
    { numRuns: 25 },
  );
  // Also byte by byte, in the middle of every character.
  expect(read(dialect, cutAt(bytes, [...bytes.keys()]))).toEqual(uncut);
});

test.each(recordings)("%s, %s: a part of it is never whole unless it meant the same", (dialect, _name, bytes) => {
  const uncut = read(dialect, [bytes]);
  fc.assert(
    fc.property(fc.nat(bytes.length), (length) => {
      const part = read(dialect, [bytes.subarray(0, length)]);
      if (!part.whole) return;
      const content = ({ events }: typeof part) =>
        JSON.stringify(events.filter((event) => /delta|finished/.test((event as CompletionEvent).type)));
      expect(uncut.whole).toBe(true);
      expect(content(part)).toBe(content(uncut));
    }),
    { numRuns: 50 },
  );
});

describe("whatever comes, only typed errors come of it:", () => {
  const seconds = Number(process.env["PENSTOCK_FUZZ_SECONDS"] ?? 0);
  const bounds =
    seconds > 0
      ? { numRuns: 1_000_000_000, interruptAfterTimeLimit: (seconds * 1000) / 8, markInterruptAsFailure: false }
      : { numRuns: 60 };
  const timeoutMs = seconds * 1000 + 60_000;

  /** A recording with some of its bytes exchanged, cut out, doubled. */
  const mutated = (bytes: Uint8Array) =>
    fc
      .array(fc.record({ at: fc.nat(bytes.length), drop: fc.nat(40), put: fc.uint8Array({ maxLength: 8 }) }), {
        minLength: 1,
        maxLength: 6,
      })
      .map((edits) => {
        let result = Buffer.from(bytes);
        for (const { at, drop, put } of edits) result = Buffer.concat([result.subarray(0, at), put, result.subarray(at + drop)]);
        return result;
      });
  /** JSON of any shape where the dialect's objects stand, with its own words among the keys. */
  const words = [
    ...new Set(
      recordings.flatMap(
        ([, , bytes]) =>
          Buffer.from(bytes)
            .toString("utf8")
            .match(/"\w+"(?=:)/g) ?? [],
      ),
    ),
  ].map((word) => word.slice(1, -1));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom(null, true, 0, -1, 1.5, 1e300, "", "text", "stop", "STOP"),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words), tie("tree"), { maxKeys: 5 }),
    ),
  }));

  test.each(Object.keys(readers))(
    "%s, from mutated recordings",
    (dialect) => {
      const own = recordings.filter(([of]) => of === dialect).map(([, , bytes]) => bytes);
      fc.assert(
        fc.property(fc.constantFrom(...own).chain(mutated), (bytes) => {
          read(dialect, [bytes]);
        }),
        bounds,
      );
    },
    timeoutMs,
  );

  test.each(Object.keys(readers))(
    "%s, from any JSON in its own words",
    (dialect) => {
      fc.assert(
        fc.property(
          fc.array(tree, { maxLength: 4 }),
          fc.constantFrom("contentBlockDelta", "messageStop", "metadata", "contentBlockStart", "x"),
          (values, name) => {
            const reader = readers[dialect]?.();
            const events: CompletionEvent[] = [];
            for (const value of values) {
              try {
                reader?.stream.read(JSON.stringify(value), name, events);
              } catch (reason) {
                kindOf(reason);
              }
              try {
                readers[dialect]?.().whole(JSON.stringify(value));
              } catch (reason) {
                kindOf(reason);
              }
            }
            reader?.stream.end?.(events);
            for (const event of events) {
              if (event.type !== "usage") continue;
              const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = event.usage;
              expect(Math.min(inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens)).toBeGreaterThanOrEqual(0);
              expect(cacheReadTokens + cacheWriteTokens).toBeLessThanOrEqual(inputTokens);
              expect(reasoningTokens).toBeLessThanOrEqual(outputTokens);
            }
          },
        ),
        bounds,
      );
    },
    timeoutMs,
  );
});
