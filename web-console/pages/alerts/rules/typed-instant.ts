/** A time as the field `datetime-local` writes it, in UTC or in the browser's own zone. Pure. */
const minuteMs = 60_000;

export const typedInstant = (at: Date, utc: boolean): string =>
  new Date(at.getTime() - (utc ? 0 : at.getTimezoneOffset() * minuteMs)).toISOString().slice(0, 16);

/** Undefined: it is no time yet. */
export function instantOf(typed: string, utc: boolean): Date | undefined {
  const at = new Date(utc ? `${typed}Z` : typed);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
