import { expect, it } from "vitest";
import { isPart } from "../../web-console/ui/chart-steps.ts";

it("a step is known in part before what was asked for, and while it is not over", () => {
  const times = [0, 60, 120];
  const parts = (from: number | undefined, nowSeconds: number) =>
    times.map((_, index) => isPart({ times, ...(from === undefined ? {} : { from }) }, index, nowSeconds * 1000));
  expect(parts(undefined, 180)).toEqual([false, false, false]);
  expect(parts(undefined, 179)).toEqual([false, false, true]);
  expect(parts(11, 200)).toEqual([true, false, false]);
  expect(isPart({ times, whole: true }, 2, 179_000)).toBe(false);
});
