/** Tool calls out of a stream: any split of any call comes together again, also where the backend is sloppy about index and id. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CompletionEvent } from "../../data-plane/pipeline/completion-event.ts";
import { answerEvents, type ChunkReaderOptions, chunkReader, chunksOfAnswer } from "../../data-plane/providers/openai-compatible/events.ts";

interface Call {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

interface Delta {
  index?: number;
  id?: string;
  type?: "function";
  function?: { name?: string; arguments?: string };
}

const options: ChunkReaderOptions = {
  form: "typed",
  modelShown: "chat",
  usageAsked: false,
  credential: undefined,
  choicesAsked: 1,
  provider: "a",
  unknownFinish: () => {},
};

const chunk = (delta: object, finish: string | null = null) =>
  JSON.stringify({
    id: "c",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });

function eventsOf(deltas: readonly Delta[][], form: "native" | "typed"): CompletionEvent[] {
  const reader = chunkReader({ ...options, form });
  const events: CompletionEvent[] = [];
  reader.read(chunk({ role: "assistant", content: null }), events);
  for (const tool_calls of deltas) reader.read(chunk({ tool_calls }), events);
  reader.read(chunk({}, "stop"), events);
  return events;
}

/** As callers do it: by index, the id and the name once, arguments put together. Ids that come twice would be joined, too. */
function together(pieces: readonly { index: number; id: string; name: string; arguments: string }[]): Call[] {
  const calls: Call[] = [];
  for (const { index, id, name, arguments: more } of pieces) {
    const call = calls[index] ?? { id: "", name: "", arguments: "" };
    calls[index] = { id: call.id + id, name: call.name + name, arguments: call.arguments + more };
  }
  return calls;
}

const typedCalls = (deltas: readonly Delta[][]) => together(eventsOf(deltas, "typed").filter((event) => event.type === "tool-call-delta"));

const nativeCalls = (deltas: readonly Delta[][]) =>
  together(
    eventsOf(deltas, "native").flatMap((event) => {
      if (event.type !== "native-chunk") return [];
      const parsed = JSON.parse(event.data) as { choices: { delta: { tool_calls?: Delta[] } }[] };
      return (parsed.choices[0]?.delta.tool_calls ?? []).map((delta) => {
        expect(delta.index).toBeTypeOf("number");
        return {
          index: delta.index ?? -1,
          id: delta.id ?? "",
          name: delta.function?.name ?? "",
          arguments: delta.function?.arguments ?? "",
        };
      });
    }),
  );

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 5 }),
  fc.constantFrom('{"', '":', '"}', "[DONE]", "\\", '"finish_reason":"stop"', "\n", "🚰"),
);
const argumentPieces = fc.array(text, { maxLength: 5 });
const callsInPieces = fc
  .array(argumentPieces, { minLength: 1, maxLength: 4 })
  .map((all) => all.map((pieces, i) => ({ call: { id: `call_${i}`, name: `tool_${i % 2}`, arguments: pieces.join("") }, pieces })));

/** Ways in which backends write a call's pieces, one list of deltas for each call. */
const styles = {
  "as OpenAI does": (i, { id, name }, pieces) => [
    { index: i, id, type: "function", function: { name, arguments: "" } },
    ...pieces.map((more) => ({ index: i, function: { arguments: more } })),
  ],
  "without an index": (_i, { id, name }, pieces) => [
    { id, type: "function", function: { name, arguments: "" } },
    ...pieces.map((more) => ({ function: { arguments: more } })),
  ],
  "with the id on each piece": (i, { id, name }, pieces) => [
    { index: i, id, function: { name, arguments: "" } },
    ...pieces.map((more) => ({ index: i, id, function: { arguments: more } })),
  ],
  "with the id on each piece and no index": (_i, { id, name }, pieces) => [
    { id, function: { name, arguments: "" } },
    ...pieces.map((more) => ({ id, function: { arguments: more } })),
  ],
  "with index 0 for all": (_i, { id, name }, pieces) => [
    { index: 0, id, function: { name, arguments: "" } },
    ...pieces.map((more) => ({ index: 0, function: { arguments: more } })),
  ],
  "whole, without an index": (_i, { id, name, arguments: all }) => [{ id, type: "function", function: { name, arguments: all } }],
  "whole, with index 0 for all": (_i, { id, name, arguments: all }) => [
    { index: 0, id, type: "function", function: { name, arguments: all } },
  ],
} satisfies Record<string, (i: number, call: Call, pieces: readonly string[]) => Delta[]>;

describe.each(Object.entries(styles))("written %s", (_, write) => {
  test("calls one after the other come together, several pieces to a chunk or one", () => {
    fc.assert(
      fc.property(callsInPieces, fc.integer({ min: 1, max: 4 }), (all, piecesEach) => {
        const deltas = () => all.flatMap(({ call, pieces }, i) => write(i, call, pieces) as Delta[]);
        const chunks = () => {
          const list = deltas();
          return Array.from({ length: Math.ceil(list.length / piecesEach) }, (__, i) => list.slice(i * piecesEach, (i + 1) * piecesEach));
        };
        const expected = all.map(({ call }) => call);
        expect(typedCalls(chunks())).toEqual(expected);
        expect(nativeCalls(chunks())).toEqual(expected);
      }),
    );
  });
});

describe.each(["as OpenAI does", "with the id on each piece", "with the id on each piece and no index"] as const)("written %s", (style) => {
  test("calls whose pieces come mixed come together too", () => {
    fc.assert(
      fc.property(callsInPieces, fc.array(fc.nat(), { maxLength: 40 }), (all, turns) => {
        const queues = all.map(({ call, pieces }, i) => styles[style](i, call, pieces) as Delta[]);
        // Calls begin in their order; what follows is drawn from whichever has pieces left.
        const mixed = queues.map((queue) => queue.shift()).filter((delta) => delta !== undefined);
        for (const turn of turns) {
          const open = queues.filter(({ length }) => length > 0);
          const delta = open[turn % Math.max(1, open.length)]?.shift();
          if (delta !== undefined) mixed.push(delta);
        }
        mixed.push(...queues.flat());
        const expected = all.map(({ call }) => call);
        expect(typedCalls(mixed.map((delta) => [structuredClone(delta)]))).toEqual(expected);
        expect(nativeCalls(mixed.map((delta) => [structuredClone(delta)]))).toEqual(expected);
      }),
    );
  });
});

test("a call that ends with stop ends with tool_calls, in both forms, streamed or whole", () => {
  const deltas: Delta[][] = [[{ index: 0, id: "a", function: { name: "f", arguments: "{}" } }]];
  expect(eventsOf(deltas, "typed").at(-1)).toMatchObject({ type: "choice-finished", reason: { unified: "tool_calls", raw: "stop" } });
  expect(eventsOf(deltas, "native").at(-1)).toMatchObject({ data: expect.stringContaining('"finish_reason":"tool_calls"') });
  const whole = JSON.stringify({
    id: "c",
    model: "m",
    choices: [
      {
        index: 0,
        message: { content: null, tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }] },
        finish_reason: "stop",
      },
    ],
  });
  expect(answerEvents(whole, options)).toContainEqual({
    type: "choice-finished",
    choice: 0,
    reason: { unified: "tool_calls", raw: "stop" },
  });
  expect(answerEvents(whole, { ...options, form: "native" })).toContainEqual({
    type: "native-answer",
    data: expect.stringContaining('"finish_reason":"tool_calls"'),
    textLength: expect.any(Number),
  });
});

test.each([
  ["an empty list", { tool_calls: [] }],
  ["null", { tool_calls: null }],
  ["a function call that is null", { function_call: null }],
  ["all of them", { tool_calls: null, function_call: null, content: null }],
])("%s is no tool call: nothing is told, nothing is committed to, and stop stays stop", (_, nothing) => {
  for (const form of ["native", "typed"] as const) {
    const reader = chunkReader({ ...options, form });
    const events: CompletionEvent[] = [];
    expect(reader.read(chunk({ role: "assistant", ...nothing }), events)).toBe(false);
    reader.read(chunk({}, "stop"), events);
    expect(events.filter(({ type }) => type === "tool-call-delta")).toEqual([]);
    if (form === "typed") expect(events.at(-1)).toMatchObject({ reason: { raw: "stop" } });
  }
  const whole = JSON.stringify({
    choices: [{ index: 0, message: { role: "assistant", content: "a", ...nothing }, finish_reason: "stop" }],
  });
  expect(answerEvents(whole, options).map(({ type }) => type)).not.toContain("tool-call-delta");
});

test("a function call, as it was once done, is told as a call", () => {
  const reader = chunkReader(options);
  const events: CompletionEvent[] = [];
  for (const function_call of [{ name: "f", arguments: "" }, { arguments: "{}" }])
    expect(reader.read(chunk({ function_call }), events)).toBe(true);
  expect(together(events.filter((event) => event.type === "tool-call-delta"))).toEqual([{ id: "", name: "f", arguments: "{}" }]);
});

test("a custom tool's input is told as its arguments", () => {
  const reader = chunkReader(options);
  const events: CompletionEvent[] = [];
  reader.read(chunk({ tool_calls: [{ index: 0, id: "a", type: "custom", custom: { name: "sql", input: "select " } }] }), events);
  reader.read(chunk({ tool_calls: [{ index: 0, custom: { input: "1" } }] }), events);
  expect(together(events.filter((event) => event.type === "tool-call-delta"))).toEqual([{ id: "a", name: "sql", arguments: "select 1" }]);
});

test("an index that no memory could hold is none", () => {
  for (const index of [1e9, -1, 1.5, Number.MAX_SAFE_INTEGER])
    expect(typedCalls([[{ index, id: "a", function: { name: "f", arguments: "{}" } }]])).toEqual([{ id: "a", name: "f", arguments: "{}" }]);
});

test("an answer that came whole streams as the same calls", () => {
  fc.assert(
    fc.property(callsInPieces, (all) => {
      const tool_calls = all.map(({ call: { id, name, arguments: more } }) => ({
        id,
        type: "function",
        function: { name, arguments: more },
      }));
      const whole = JSON.stringify({
        id: "c",
        model: "m",
        created: 1,
        choices: [{ index: 0, message: { role: "assistant", content: null, tool_calls }, finish_reason: "tool_calls" }],
      });
      const reader = chunkReader(options);
      const events: CompletionEvent[] = [];
      for (const part of chunksOfAnswer(whole)) reader.read(part, events);
      expect(together(events.filter((event) => event.type === "tool-call-delta"))).toEqual(all.map(({ call }) => call));
      expect(reader.finished()).toBe(true);
    }),
  );
});
