/**
 * Counts a text's tokens in the encoding of OpenAI's models of today, which others come near. Its table takes some 60 MB, so it is
 * loaded when the first quota on tokens or cost is met, beside the calls, and until it is there four bytes are a token.
 * A long text is counted in three places and the rest by their measure: a call must not hold up others for its own length.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Characters that are counted one by one: some 0.2 ms. */
const countedMax = 6144;
const bytesPerToken = 4;

let counted: ((text: string) => number) | undefined;
let loading: Promise<void> | undefined;

export function countTokens(text: string): number {
  if (counted === undefined) {
    loading ??= load();
    return Math.ceil(Buffer.byteLength(text) / bytesPerToken);
  }
  if (text.length <= countedMax) return counted(text);
  const part = countedMax / 3;
  const middle = Math.floor((text.length - part) / 2);
  const sample = text.slice(0, part) + text.slice(middle, middle + part) + text.slice(-part);
  return Math.ceil((counted(sample) * text.length) / sample.length);
}

/** Resolves when texts are counted and not guessed. */
export const tokenizerLoaded = (): Promise<void> => {
  loading ??= load();
  return loading;
};

async function load(): Promise<void> {
  const table = await tableInPieces().catch(async () => (await import("gpt-tokenizer/bpeRanks/o200k_base")).default);
  const { GptEncoding } = await import("gpt-tokenizer/GptEncoding");
  const encoding = GptEncoding.getEncodingApi("o200k_base", () => table);
  // What looks like one of the model's own marks is only text in a caller's mouth.
  const options = { disallowedSpecial: new Set<string>() };
  counted = (text) => encoding.countTokens(text, options);
}

type Table = (string | readonly number[])[];

/** Read by a worker, because to read it here would hold up every call for most of a second. What is left is to index it. */
async function tableInPieces(): Promise<Table> {
  const worker = new Worker(new URL("./tokenizer-table.ts", import.meta.url));
  worker.unref();
  try {
    const table: Table = [];
    for (;;) {
      worker.postMessage(table.length);
      const [piece] = (await once(worker, "message")) as [Table];
      if (piece.length === 0) return table;
      const from = table.length;
      // Numbers that stand for nothing are left out.
      piece.forEach((entry, index) => {
        table[from + index] = entry;
      });
      table.length = from + piece.length;
    }
  } finally {
    await worker.terminate();
  }
}
