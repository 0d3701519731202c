/** Quotas in words. */
import { count, money } from "../../format/numbers.ts";

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

export const amountOf = (limit: string, resource: string): string =>
  /COST/.test(resource) ? money(limit) : `${count(limit)} ${lower(resource)}`;

export const windowOf = (window: string): string => (/LIFETIME|NONE/.test(window) ? "in all" : `a ${lower(window)}`);

/** When the calendar window that holds now began and ends, in UTC. Undefined: a window that the calendar does not know. */
export function windowBounds(window: string, now = new Date()): { readonly from: Date; readonly to: Date } | undefined {
  const [year, month, day, hour, minute] = [
    now.getUTCFullYear(),
    now.getUTCMonth(),
    now.getUTCDate(),
    now.getUTCHours(),
    now.getUTCMinutes(),
  ];
  const utc = (...parts: [number, number, number?, number?, number?]) => new Date(Date.UTC(...parts));
  switch (window) {
    case "MINUTE":
      return { from: utc(year, month, day, hour, minute), to: utc(year, month, day, hour, minute + 1) };
    case "HOUR":
      return { from: utc(year, month, day, hour), to: utc(year, month, day, hour + 1) };
    case "DAY":
      return { from: utc(year, month, day), to: utc(year, month, day + 1) };
    case "MONTH":
      return { from: utc(year, month), to: utc(year, month + 1) };
    default:
      return undefined;
  }
}
