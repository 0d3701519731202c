/** Ranges of time that pages ask for. Their ends are whole minutes, so that going back to a page finds its answer kept. */
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export interface Range {
  readonly since: string;
  readonly until: string;
}

const wholeMinute = (ms: number): number => Math.ceil(ms / minuteMs) * minuteMs;

const rangeOf = (sinceMs: number, untilMs: number): Range => ({
  since: new Date(sinceMs).toISOString(),
  until: new Date(untilMs).toISOString(),
});

const back = (ms: number) => (): Range => {
  const until = wholeMinute(Date.now());
  return rangeOf(until - ms, until);
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
export const before = (range: Range): Range => earlier(range, Date.parse(range.until) - Date.parse(range.since));

const earlier = ({ since, until }: Range, ms: number): Range => rangeOf(Date.parse(since) - ms, Date.parse(until) - ms);

/** What a range is compared with. A shift that is shorter than the range would compare some calls with themselves. */
export const comparisons = {
  before: { name: "the time before", ms: undefined },
  day: { name: "a day before", ms: dayMs },
  week: { name: "a week before", ms: 7 * dayMs },
  month: { name: "four weeks before", ms: 28 * dayMs },
} as const;

export type ComparisonName = keyof typeof comparisons;

export const comparisonsFor = (name: RangeName): readonly ComparisonName[] =>
  (Object.keys(comparisons) as ComparisonName[]).filter(
    (one) => (comparisons[one].ms ?? Number.POSITIVE_INFINITY) >= rangeChoices[name].ms,
  );

export function comparedWith(range: Range, comparison: ComparisonName): Range {
  const { ms } = comparisons[comparison];
  return ms === undefined ? before(range) : earlier(range, ms);
}

/** From midnight, in UTC or where the reader is, until now; and the same hours of the day before. */
export function todayAndYesterday(inUtc: boolean, now = Date.now()): readonly [today: Range, yesterday: Range] {
  const until = wholeMinute(now);
  const start = new Date(now);
  if (inUtc) start.setUTCHours(0, 0, 0, 0);
  else start.setHours(0, 0, 0, 0);
  const yesterday = new Date(start);
  // By the calendar: where a clock was put forward, yesterday had 23 hours.
  if (inUtc) yesterday.setUTCDate(yesterday.getUTCDate() - 1);
  else yesterday.setDate(yesterday.getDate() - 1);
  return [rangeOf(start.getTime(), until), rangeOf(yesterday.getTime(), yesterday.getTime() + until - start.getTime())];
}
