/** Ranges of time that pages ask for. Their ends are whole minutes, so that going back to a page finds its answer kept. */
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export interface Range {
  readonly since: string;
  readonly until: string;
}

const wholeMinute = (ms: number): number => Math.ceil(ms / minuteMs) * minuteMs;

const back = (ms: number) => (): Range => {
  const until = wholeMinute(Date.now());
  return { since: new Date(until - ms).toISOString(), until: new Date(until).toISOString() };
};

export const lastDay = back(dayMs);

export const rangeChoices = {
  "1h": { name: "Last hour", ms: hourMs, of: back(hourMs) },
  "24h": { name: "Last 24 hours", ms: dayMs, of: back(dayMs) },
  "7d": { name: "Last 7 days", ms: 7 * dayMs, of: back(7 * dayMs) },
  "30d": { name: "Last 30 days", ms: 30 * dayMs, of: back(30 * dayMs) },
  "90d": { name: "Last 90 days", ms: 90 * dayMs, of: back(90 * dayMs) },
} as const;

export type RangeName = keyof typeof rangeChoices;

/** The range of the same length that ends where this one begins. */
export function before(range: Range): Range {
  const length = Date.parse(range.until) - Date.parse(range.since);
  return { since: new Date(Date.parse(range.since) - length).toISOString(), until: range.since };
}
