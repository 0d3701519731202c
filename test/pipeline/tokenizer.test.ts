/** Texts are counted as OpenAI's models read them, and calls go on while the table for it is being read. */
import { countTokens as libraryCount } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { countTokens, tokenizerLoaded } from "../../data-plane/pipeline/tokenizer.ts";

const texts = [
  "",
  "hello",
  "ni\u00f1o \u{1f600}",
  "<|endoftext|> is only text",
  "日本語のテキスト",
  "x = [1, 2, 3]\n\treturn x".repeat(20),
];

test("a text is guessed until its tokens are known, counted then, and the loop turns meanwhile", async () => {
  expect(countTokens("four bytes")).toBe(3);
  let turns = 0;
  let loading = true;
  const turn = () => {
    turns++;
    if (loading) setImmediate(turn);
  };
  turn();
  await tokenizerLoaded();
  loading = false;
  // The table comes in fifty pieces, each of which is asked for; read at once it would be a handful of turns.
  expect(turns).toBeGreaterThan(50);
  for (const text of texts) expect(countTokens(text), text).toBe(libraryCount(text, { disallowedSpecial: new Set() }));
});
