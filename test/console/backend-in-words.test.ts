/** What the console says of a backend in a word: no good word of one that nobody has tried, no $0 of what is not known. */
import { expect, it } from "vitest";
import { costInWords, type SeenBackend, seenBy, takenBy, unpricedInWords } from "../../web-console/pages/backends/in-words.ts";

const nowMs = Date.parse("2027-01-02T00:00:00Z");
const closed = { state: "CLOSED", attempts: 0, lastErrorAt: null } as const;
const backend = (over: Partial<SeenBackend>, calls = "0"): SeenBackend => ({
  createdAt: "2027-01-01T23:00:00Z",
  archivedAt: null,
  drainedAt: null,
  circuits: [closed],
  lastDay: { figures: { calls } },
  ...over,
});
const at = "2027-01-01T23:30:00Z";

it.each([
  ["not tried yet", backend({})],
  ["not tried in 24 h", backend({ createdAt: "2026-12-01T00:00:00Z" })],
  ["healthy", backend({}, "1")],
  ["healthy", backend({ circuits: [closed, { ...closed, attempts: 1 }] })],
  ["healthy", backend({ circuits: [{ ...closed, lastErrorAt: at }] })],
  ["failing on 1 of 2", backend({ circuits: [closed, { ...closed, state: "OPEN" }] })],
  ["failing", backend({ circuits: [{ ...closed, state: "HALF_OPEN" }] })],
  ["no node", backend({ circuits: [] })],
  ["drained", backend({ drainedAt: at }, "1")],
  ["archived", backend({ archivedAt: at, drainedAt: at })],
])("a backend is %s", (word, seen) => {
  expect(seenBy(seen, nowMs).word).toBe(word);
});

it("no node is said to give calls to a backend that is drained or archived", () => {
  const circuit = { state: "CLOSED", failuresInRow: 0 } as const;
  const here = { archivedAt: null, drainedAt: null };
  expect(takenBy(here, circuit)).toEqual({ word: "takes calls", tone: "good" });
  expect(takenBy(here, { ...circuit, failuresInRow: 1 })).toEqual({ word: "takes calls", tone: "warn" });
  expect(takenBy(here, { ...circuit, state: "OPEN" })).toEqual({ word: "passed over", tone: "bad" });
  expect(takenBy({ ...here, drainedAt: at }, circuit)).toEqual({ word: "drained", tone: "warn" });
  expect(takenBy({ archivedAt: at, drainedAt: null }, circuit)).toEqual({ word: "archived", tone: "neutral" });
});

it.each([
  ["0", "0", "$0", undefined],
  ["1500000000", "0", "$1.50", undefined],
  ["0", "1", "unknown", "1 call without a price"],
  ["1500000000", "2", "$1.50 and more", "2 calls without a price"],
])("%s nano-dollars beside %s calls without a price are %s", (costNanodollars, unpricedCalls, words, note) => {
  const cost = { costNanodollars, unpricedCalls };
  expect([costInWords(cost), unpricedInWords(cost)]).toEqual([words, note]);
});
