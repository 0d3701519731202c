/** What was said is read from top to bottom, whatever form its messages have; and what is typed as feedback is sent as what it is. */
import { expect, it } from "vitest";
import { feedbackInput, wordsOf } from "../../web-console/pages/calls/feedback-values.ts";
import { pretty, turnsOf } from "../../web-console/pages/calls/turns.ts";

it("has a turn for each message and each choice", () => {
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "text", text: "What is this?" }, { type: "image_url" }] },
    { role: "assistant", content: null, tool_calls: [{ function: { name: "look", arguments: '{"at":1}' } }] },
  ];
  expect(turnsOf(messages, [{ content: "A river." }, { content: "", refusal: "I cannot say." }])).toEqual([
    { role: "system", text: "Be brief." },
    { role: "user", text: "What is this?\n[image_url]" },
    { role: "assistant", text: 'look({"at":1})' },
    { role: "assistant, choice 1", text: "A river." },
    { role: "assistant, choice 2", text: "I cannot say." },
  ]);
  expect(turnsOf(null, "no list")).toEqual([]);
});

it("shows JSON on lines, and a beginning of JSON as it is", () => {
  expect([pretty('{"a":1}'), pretty('{"a":')]).toEqual(['{\n  "a": 1\n}', '{"a":']);
});

it.each([
  ["comment", " good ", undefined, { comment: "good" }],
  ["number", "0,5", undefined, { number: 0.5 }],
  ["number", "half", "This is no number", {}],
  ["category", "  ", "Say something", {}],
] as const)("takes %s “%s”", (kind, typed, refusal, value) => {
  expect(feedbackInput(kind, typed)).toEqual({ refusal, value });
});

it("says feedback in words", () => {
  const none = { boolean: null, number: null, category: null, comment: null, demonstration: null };
  expect([
    wordsOf({ ...none, boolean: false }),
    wordsOf({ ...none, number: 0 }),
    wordsOf({ ...none, category: "rude" }),
    wordsOf({ ...none, demonstration: "Yes." }),
  ]).toEqual(["no", "0", "rude", "should have been: Yes."]);
});
