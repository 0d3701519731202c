/** Quotas in words. */
import { count, money, shortCount } from "../../format/numbers.ts";

interface Limited {
  readonly limit: string;
  readonly resource: string;
  readonly window: string;
  readonly enforcement: string;
}

export const lower = (word: string): string => word.toLowerCase().replaceAll("_", " ");

/** "100,000 requests a minute, hard" */
export const limitOf = ({ limit, resource, window, enforcement }: Limited): string =>
  `${amountOf(limit, resource)} ${windowOf(window)}, ${lower(enforcement)}`;

/** "100,000 requests", "$12.00" */
export const amountOf = (amount: string, resource: string): string =>
  resource === "COST" ? money(amount) : `${count(amount)} ${amount === "1" ? lower(resource).replace(/s$/, "") : lower(resource)}`;

/** The same, short and without what it counts. */
export const shortAmount = (amount: string, resource: string): string => (resource === "COST" ? money(amount) : shortCount(amount));

export const windowOf = (window: string): string =>
  window === "NONE" ? "at any moment" : window === "LIFETIME" ? "for good" : window === "HOUR" ? "an hour" : `a ${lower(window)}`;

/** Windows that begin anew at a time of a clock on a wall; the others slide. */
export const isCalendarWindow = (window: string): boolean => ["DAY", "WEEK", "MONTH"].includes(window);
export const slides = (window: string): boolean => ["SECOND", "MINUTE", "HOUR"].includes(window);
