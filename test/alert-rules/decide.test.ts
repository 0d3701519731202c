/** When a rule fires and is over: held, told once for each change, never to and fro. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calmMsMin, type Decision, decide, type Look, type RuleCondition, type RuleState } from "../../control-plane/alert-rules/decide.ts";

const minute = 60_000;
const condition: RuleCondition = { comparison: "above", threshold: 10, callsMin: 5, holdMs: 2 * minute };

/** One look a minute. */
function walk(values: readonly (number | null)[], of: RuleCondition = condition, more: (index: number) => Partial<Look> = () => ({})) {
  const decisions: Decision[] = [];
  let state: RuleState | undefined;
  for (const [index, value] of values.entries()) {
    const decision = decide(of, state, { atMs: index * minute, value, calls: 100, muted: false, ...more(index) });
    decisions.push(decision);
    state = decision.after;
  }
  return decisions;
}
const told = (decisions: readonly Decision[]) => decisions.flatMap(({ tell }, index) => (tell === undefined ? [] : [`${index} ${tell}`]));

describe("a rule", () => {
  it.each([
    ["fires once the breach has held", [1, 20, 20, 20, 20], ["3 fired"]],
    ["does not for one that is gone before", [20, 20, 1, 20, 20, 1], []],
    ["does not at its threshold, which is not above it", [10, 10, 10, 10, 10], []],
    ["is over once it has been gone for five minutes", [20, 20, 20, 1, 1, 1, 1, 1, 1, 1], ["2 fired", "8 resolved"]],
    ["goes on where the breach comes back before", [20, 20, 20, 1, 1, 1, 1, 20, 1, 1, 1, 1, 1, 1], ["2 fired", "13 resolved"]],
    ["is over where nobody calls any more", [20, 20, 20, null, null, null, null, null, null, null], ["2 fired", "8 resolved"]],
    ["says nothing of what it does not know", [null, null, null, null], []],
    ["fires again for another breach", [20, 20, 20, 1, 1, 1, 1, 1, 1, 20, 20, 20], ["2 fired", "8 resolved", "11 fired"]],
  ])("%s", (_, values, expected) => {
    expect(told(walk(values))).toEqual(expected);
  });

  it("fires at once where nothing is to hold, below as well as above", () => {
    expect(told(walk([5, 11], { ...condition, holdMs: 0 }))).toEqual(["1 fired"]);
    expect(told(walk([11, 9], { ...condition, holdMs: 0, comparison: "below" }))).toEqual(["1 fired"]);
  });

  it("says nothing with too few calls, and is then without data", () => {
    const looks = walk([20, 20, 20, 20], condition, () => ({ calls: 4 }));
    expect(told(looks)).toEqual([]);
    expect(looks.at(-1)?.after.state).toBe("no_data");
    expect(told(walk([20, 20, 20], condition, () => ({ calls: 5 })))).toEqual(["2 fired"]);
  });

  it("tells after a mute what still holds, and nothing of what came and went", () => {
    const muted = (until: number) => (index: number) => ({ muted: index < until });
    expect(told(walk([20, 20, 20, 20, 20], condition, muted(4)))).toEqual(["4 fired"]);
    expect(told(walk([20, 20, 20, 1, 1, 1, 1, 1, 1, 1, 1], condition, muted(10)))).toEqual([]);
  });

  it("tells also while it is muted that what was told as begun is over, and not that it begins again", () => {
    const values = [20, 20, 20, 1, 1, 1, 1, 1, 1, 20, 20, 20, 20];
    const between = walk(values, condition, (index) => ({ muted: index > 2 && index < 12 }));
    expect(told(between)).toEqual(["2 fired", "8 resolved", "12 fired"]);
    expect(between[8]?.after).toMatchObject({ state: "ok", told: "resolved" });
    expect(between[11]?.after).toMatchObject({ state: "firing", told: "resolved" });
  });

  it("does not take a breach for one that held while nobody looked", () => {
    const first = decide(condition, undefined, { atMs: 0, value: 20, calls: 100, muted: false }).after;
    const late = decide(condition, first, { atMs: 60 * minute, value: 20, calls: 100, muted: false });
    expect([late.tell, late.after.turningSinceMs]).toEqual([undefined, 60 * minute]);
  });
});

it("whatever it sees, it tells by turns, each change of state once, and never two changes within its hold", () => {
  const looks = fc.array(fc.record({ value: fc.option(fc.integer({ min: 0, max: 20 })), muted: fc.boolean() }), { maxLength: 120 });
  fc.assert(
    fc.property(looks, fc.constantFrom(0, 1, 7), (given, holdMinutes) => {
      const of = { ...condition, holdMs: holdMinutes * minute };
      const decisions = walk(
        given.map(({ value }) => value),
        of,
        (index) => ({ muted: given[index]?.muted ?? false }),
      );
      const tells = decisions.flatMap(({ tell }) => tell ?? []);
      expect(tells).toEqual(tells.map((_, index) => (index % 2 === 0 ? "fired" : "resolved")));
      expect(decisions.every(({ tell }, index) => tell !== "fired" || given[index]?.muted === false)).toBe(true);
      const ends = decisions.flatMap(({ after }, index) =>
        index > 0 && decisions[index - 1]?.after.state === "firing" && after.state !== "firing" ? [index] : [],
      );
      for (const end of ends) {
        const calm = given.slice(Math.max(0, end - calmMsMin / minute), end + 1);
        expect(calm.every(({ value }) => value === null || value <= 10)).toBe(true);
      }
    }),
  );
});
