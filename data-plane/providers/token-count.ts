/** What of a backend's counts is believed, and how its own words are kept. */

/** No call has more tokens than this: a backend that says so is lying, and its word would empty a budget and overflow a bill. */
const tokensMax = 1_000_000_000;
/** The provider's own words are kept whole up to this many characters, else not at all: a part of them would not be JSON. */
const rawLengthMax = 4096;

/** undefined: it is no count (negative, fractional, beyond all bounds), and so is not said. */
export const tokenCount = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= tokensMax ? value : undefined;

export function rawUsage(value: unknown): string {
  const said = JSON.stringify(value);
  return said.length > rawLengthMax ? "" : said;
}
