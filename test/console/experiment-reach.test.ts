import { expect, test } from "vitest";
import { areAlike, callsAnHour, shareAtStart } from "../../web-console/pages/experiments/reach.ts";

const arm = (key: string, parameters: unknown = null, weight = 1) => ({ key, weight, parameters, prompt: null, tiers: [] });

test("arms are alike where they do the same, whatever they are called and weigh", () => {
  expect(areAlike([arm("a"), arm("b", null, 3)])).toBe(true);
  expect(areAlike([arm("a"), arm("b", { temperature: 0 })])).toBe(false);
  expect(areAlike([arm("a"), arm("b"), arm("c", { temperature: 0 })])).toBe(false);
});

test("what it reaches is said by the hour, and by the day where an hour brings less than a call", () => {
  const route = (calls: string) => callsAnHour({ lastDay: { figures: { calls } } });
  expect(route("0")).toBe("no call in the last 24 hours");
  expect(route("5")).toBe("5 calls in the last 24 hours");
  expect(route("4800")).toBe("about 200 calls an hour");
});

test("a rollout starts with the share of its first step", () => {
  const steps = [{ share: 0.1 }, { share: 0.5 }];
  expect(shareAtStart({ coverage: 0.8, rollout: null })).toBe("80%");
  expect(shareAtStart({ coverage: 0.2, rollout: { steps } })).toBe("10%, and as many to compare with, at the first of 2 steps");
});
