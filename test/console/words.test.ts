/** The console's pure parts: numbers as people read them, two people's changes merged, differences between images. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differences } from "../../web-console/change/differences.ts";
import { merged } from "../../web-console/change/merge-changes.ts";
import { count, duration, money, nanodollarsOf, percent, shortCount, shortMoney, typedDollars } from "../../web-console/format/numbers.ts";
import { moment, relative } from "../../web-console/format/time.ts";
import { documentProblems } from "../../web-console/schema-types.ts";

describe("numbers", () => {
  it.each([
    ["0", "$0"],
    ["1", "$0.000000001"],
    ["200", "$0.0000002"],
    ["1900000", "$0.0019"],
    ["150000000", "$0.15"],
    ["1234567890123", "$1,234.57"],
    ["280000000", "$0.28"],
    ["285000000", "$0.29"],
    ["284999999", "$0.28"],
    ["-285000000", "−$0.29"],
    ["994999999", "$0.99"],
    ["995000000", "$1.00"],
    ["999999995000000", "$1,000,000.00"],
    ["99600", "$0.0001"],
    ["99400", "$0.000099"],
    ["-5000000000", "−$5.00"],
    [null, "–"],
  ])("%s nano-dollars are %s, never with an exponent", (nanodollars, text) => {
    expect(money(nanodollars)).toBe(text);
  });

  it("of money are as near to the amount as what is shown can be, and halves go away from zero", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 19n }), (amount) => {
        const shown = money(amount);
        const decimals = shown.split(".")[1] ?? "";
        const said = BigInt(nanodollarsOf(shown) ?? -1n);
        const step = 10n ** BigInt(9 - decimals.length);
        const least = amount < 10n ** 8n ? 10n ** BigInt(Math.max(0, String(amount).length - 2)) : 10n ** 7n;
        const off = said - amount;
        expect(step >= 1n && said % least === 0n && off * 2n <= least && -off * 2n < least, `${amount} is shown as ${shown}`).toBe(true);
        expect(money(-amount)).toBe(`−${shown}`);
      }),
    );
  });

  it.each([
    [999, "999"],
    [999.4, "999"],
    [999.5, "1k"],
    [999_499, "999k"],
    [999_500, "1M"],
    [999_999n, "1M"],
    [1_005_000, "1.01M"],
    ["-1005000", "-1.01M"],
    [999_999_999_999, "1T"],
    [0, "0"],
    [0.25, "0.25"],
  ])("%s is %s for short", (value, text) => {
    expect(shortCount(value)).toBe(text);
  });

  it.each([
    ["12.5", "12500000000", "12.50"],
    ["$1,000", "1000000000000", "1000"],
    ["0.000000001", "1", "0.000000001"],
    ["0", "0", "0"],
  ])("%s dollars that were typed are %s nano-dollars, and back", (typed, nanodollars, back) => {
    expect([nanodollarsOf(typed), typedDollars(nanodollars)]).toEqual([nanodollars, back]);
  });

  it.each(["", "-1", "1e3", "1.0000000001", "a lot"])("%j is no amount of money", (typed) => {
    expect(nanodollarsOf(typed)).toBeUndefined();
  });

  it("have units, and unknown is not zero", () => {
    expect([duration(0.4), duration(340), duration(1250), duration(200_000), duration(null)]).toEqual([
      "0.4 ms",
      "340 ms",
      "1.25 s",
      "3 min 20 s",
      "–",
    ]);
    expect([count("1234567"), count(null), shortCount(4120), shortCount("18446744073709551615")]).toEqual([
      "1,234,567",
      "–",
      "4.12k",
      "18446744T",
    ]);
    expect([percent(0.0004), percent(0.066), percent(1), percent(undefined)]).toEqual(["<0.1%", "6.6%", "100%", "–"]);
    expect([percent(0.9951), percent(0.99999)]).toEqual(["99.51%", ">99.99%"]);
  });

  it("go over to the next unit where rounding would, and are short where there is no room", () => {
    expect([shortCount(999_400), shortCount(999_600), duration(999.7), duration(59_990)]).toEqual(["999k", "1M", "1 s", "1 min"]);
    expect([
      shortMoney("99999990000000"),
      shortMoney("99999995000000"),
      shortMoney("123456780000000"),
      shortMoney("-4560000000000000"),
      shortMoney(null),
    ]).toEqual(["$99,999.99", "$100k", "$123k", "−$4.56M", "–"]);
  });

  it("are told in a sentence by their day, in the zone that is shown", () => {
    const now = Date.parse("2027-03-10T00:30:00Z");
    const told = ["2027-03-10T00:05:00Z", "2027-03-09T23:59:00Z", "2027-03-04T14:02:00Z", "2027-03-03T14:02:00Z", "2027-03-12T00:00:00Z"];
    expect(told.map((at) => moment(at, true, now))).toEqual([
      "today at 00:05",
      "yesterday at 23:59",
      "Thursday 14:02",
      "3 March 2027, 14:02",
      "12 March 2027, 00:00",
    ]);
  });

  it("of time are relative, both ways", () => {
    expect([
      relative("2027-01-01T00:00:00Z", Date.parse("2027-01-01T00:00:40Z")),
      relative("2027-01-01T05:00:00Z", Date.parse("2027-01-01T00:00:00Z")),
    ]).toEqual(["40 s ago", "in 5 h"]);
  });
});

it("of two changes to one thing, what only one touched holds, and for the rest who was picked", () => {
  const base = { name: "a", weight: 1, note: "" };
  expect(merged(base, { name: "mine", weight: 2, note: "" }, { name: "theirs", weight: 1, note: "new" }, { name: "theirs" })).toEqual({
    name: "theirs",
    weight: 2,
    note: "new",
  });
});

it("differences name the path, and leave bookkeeping out", () => {
  expect(differences({ revision: 1, tiers: [{ weight: 1 }], name: "a" }, { revision: 2, tiers: [{ weight: 3 }], name: "a" })).toEqual([
    { path: "tiers[0].weight", before: 1, after: 3 },
  ]);
});

it("each document of the console holds against the schema", () => {
  expect(documentProblems()).toEqual([]);
});
