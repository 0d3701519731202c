/**
 * The windows of quotas. Seconds, minutes and hours slide: what is used counts for that long from when it was used. Days, weeks
 * and months are the calendar's in the quota's time zone (weeks begin on Monday, and a day in which clocks change is as long as
 * it is there); a lifetime never ends. Pure.
 */
import { DateTime } from "luxon";

export const quotaWindows = ["second", "minute", "hour", "day", "week", "month", "lifetime", "none"] as const;
export type QuotaWindow = (typeof quotaWindows)[number];

export const slidingMs: Readonly<Partial<Record<QuotaWindow, number>>> = { second: 1000, minute: 60_000, hour: 3_600_000 };

/**
 * What is used in a sliding window is told apart to a sixtieth of it, in milliseconds, and counts for up to two sixtieths longer
 * than the window, so that the time an answer is on its way lets nobody pass the limit.
 */
export const bucketMsOf = (lengthMs: number): number => Math.ceil(lengthMs / 60);

/** Milliseconds since 1970. */
export interface CalendarWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/** The end of what never ends: the last instant that a Date can hold. */
export const foreverMs = 8_640_000_000_000_000;

/** @param window a day, week, month or lifetime. */
export function calendarWindowAt(window: QuotaWindow, timeZone: string, atMs: number): CalendarWindow {
  if (window !== "day" && window !== "week" && window !== "month") return { startMs: 0, endMs: foreverMs };
  const start = DateTime.fromMillis(atMs, { zone: timeZone }).startOf(window);
  return {
    startMs: start.toMillis(),
    endMs: start
      .plus({ [`${window}s`]: 1 })
      .startOf(window)
      .toMillis(),
  };
}
