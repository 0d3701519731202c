/** A closing period as people write it, and when it begins and ends by the calendar of a time zone. */
import { ValidationError } from "../control-error.ts";
import type { EntityManager } from "../database/orm.ts";
import { isTimeZone } from "../time-zone.ts";

export interface Period {
  /** As it was written, with the time zone: "2026-10 Europe/Berlin". */
  readonly label: string;
  readonly start: Date;
  /** Not included. */
  readonly end: Date;
}

export interface PeriodText {
  /** 2026, 2026-Q4, 2026-10 or 2026-10-31. */
  readonly period: string;
  /** IANA. */
  readonly timeZone: string;
}

/** @throws ValidationError saying how a period is written. */
export async function readPeriod(em: EntityManager, { period, timeZone }: PeriodText): Promise<Period> {
  if (!isTimeZone(timeZone)) throw new ValidationError([{ path: "timeZone", message: "must be an IANA time zone such as Europe/Berlin" }]);
  const parts = partsOf(period);
  if (parts === undefined)
    throw new ValidationError([{ path: "period", message: "must be a year, quarter, month or day: 2026, 2026-Q4, 2026-10, 2026-10-31" }]);
  const [bounds] = await em.execute<{ start_ms: string; end_ms: string }[]>(
    `select floor(extract(epoch from start at time zone zone) * 1000)::bigint::text as start_ms,
       floor(extract(epoch from (start + length) at time zone zone) * 1000)::bigint::text as end_ms
     from (select ?::timestamp as start, ?::interval as length, ?::text as zone) as given`,
    [parts.start, parts.length, timeZone],
  );
  return { label: `${period} ${timeZone}`, start: new Date(Number(bounds?.start_ms)), end: new Date(Number(bounds?.end_ms)) };
}

function partsOf(text: string): { readonly start: string; readonly length: string } | undefined {
  const [, year, quarter, month, day] = /^(2\d{3})(?:-Q([1-4])|-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const first = month ?? (quarter === undefined ? "01" : String(Number(quarter) * 3 - 2).padStart(2, "0"));
  const start = `${year}-${first}-${day ?? "01"}`;
  // A day that the month does not have would be read as one of the next.
  if (new Date(`${start}T00:00:00Z`).toISOString().slice(0, 10) !== start) return undefined;
  if (day !== undefined) return { start, length: "1 day" };
  if (month !== undefined) return { start, length: "1 month" };
  return { start, length: quarter === undefined ? "1 year" : "3 months" };
}
