/** When the console's live mark stops saying that all is live. */
import { expect, it } from "vitest";
import { type Sign, unansweredAfter } from "../../web-console/graphql/unanswered.ts";

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
