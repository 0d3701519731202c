/** When the console's live mark stops saying that all is live. */
import { expect, it } from "vitest";
import { type Sign, unansweredAfter } from "../../web-console/graphql/unanswered.ts";
import { isUsable } from "../../web-console/graphql/usable.ts";

it.each<[string, [Sign, number][], number | undefined]>([
  ["an answer", [["answer", 0]], undefined],
  ["a request without one", [["no answer", 5]], 5],
  [
    "one without, and an answer",
    [
      ["no answer", 5],
      ["answer", 6],
    ],
    undefined,
  ],
  [
    "one without, and news from a stream that is about to end",
    [
      ["no answer", 5],
      ["news", 2_000],
    ],
    5,
  ],
  [
    "one without that nobody repeats, and news long after",
    [
      ["no answer", 5],
      ["news", 20_000],
    ],
    undefined,
  ],
  [
    "one without again and again, and news",
    [
      ["no answer", 5],
      ["no answer", 9_000],
      ["news", 20_000],
    ],
    9_000,
  ],
])("after %s", (_, signs, sinceMs) => {
  expect(signs.reduce<number | undefined>((since, [sign, atMs]) => unansweredAfter(since, sign, atMs), undefined)).toBe(sinceMs);
});

it.each<[string, { path?: (string | number)[] }[], boolean]>([
  ["a part within a question", [{ path: ["apiKeys", "edges", 0, "node", "lastUsedAt"] }], true],
  ["a whole question, which would look as if there were no such thing", [{ path: ["route"] }], false],
  ["one that says no place", [{}], false],
  ["nothing that it says", [], false],
])("of an answer without %s it is known whether the rest may be shown", (_, graphQLErrors, usable) => {
  expect(isUsable({ graphQLErrors })).toBe(usable);
  expect(isUsable({ graphQLErrors, networkError: new Error("gone") })).toBe(false);
});
