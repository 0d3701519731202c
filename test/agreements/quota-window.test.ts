/** Calendar windows in time zones: they follow on each other without a gap, and are as long as the clocks there make them. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { calendarWindowAt, foreverMs } from "#agreements/quota-window.ts";

const at = (text: string) => new Date(text).getTime();
const hourMs = 3_600_000;

it.each([
  ["day", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", 23],
  ["day", "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", 25],
  ["day", "America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", 25],
  ["day", "Asia/Kathmandu", "2026-05-05T12:00:00Z", "2026-05-04T18:15:00Z", 24],
  ["day", "Australia/Lord_Howe", "2026-04-05T00:00:00Z", "2026-04-04T13:00:00Z", 24.5],
  ["week", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-22T23:00:00Z", 7 * 24 - 1],
  ["week", "UTC", "2026-11-22T23:59:59Z", "2026-11-16T00:00:00Z", 7 * 24],
  ["month", "Europe/Berlin", "2026-10-31T22:59:59Z", "2026-09-30T22:00:00Z", 31 * 24 + 1],
  ["month", "UTC", "2028-02-29T00:00:00Z", "2028-02-01T00:00:00Z", 29 * 24],
] as const)("a %s in %s at %s", (window, timeZone, now, start, hours) => {
  const { startMs, endMs } = calendarWindowAt(window, timeZone, at(now));
  expect(new Date(startMs).toISOString()).toBe(new Date(start).toISOString());
  expect((endMs - startMs) / hourMs).toBe(hours);
});

it("every moment lies in one window, and the next begins where it ends", () => {
  const zones = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Cairo",
    "Asia/Beirut",
  ];
  fc.assert(
    fc.property(
      fc.constantFrom("day" as const, "week" as const, "month" as const),
      fc.constantFrom(...zones),
      fc.integer({ min: at("2005-01-01T00:00:00Z"), max: at("2035-01-01T00:00:00Z") }),
      (window, timeZone, ms) => {
        const { startMs, endMs } = calendarWindowAt(window, timeZone, ms);
        expect(startMs).toBeLessThanOrEqual(ms);
        expect(endMs).toBeGreaterThan(ms);
        expect(calendarWindowAt(window, timeZone, startMs)).toEqual({ startMs, endMs });
        expect(calendarWindowAt(window, timeZone, endMs - 1)).toEqual({ startMs, endMs });
        expect(calendarWindowAt(window, timeZone, endMs).startMs).toBe(endMs);
      },
    ),
    { numRuns: 2000 },
  );
});

it("a lifetime never ends", () => {
  expect(calendarWindowAt("lifetime", "UTC", Date.now())).toEqual({ startMs: 0, endMs: foreverMs });
});
