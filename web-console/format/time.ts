/** Times: relative in lists, absolute where the pointer rests, in local time or in UTC as the person chose. */
import { useSyncExternalStore } from "react";

const zoneKey = "penstock-utc";
const listeners = new Set<() => void>();
let utc = readChoice();

function readChoice(): boolean {
  try {
    return localStorage.getItem(zoneKey) === "true";
  } catch {
    return false;
  }
}

export function setUtc(next: boolean): void {
  utc = next;
  localStorage.setItem(zoneKey, String(next));
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useUtc = (): boolean => useSyncExternalStore(subscribe, () => utc);

export const zoneName = (inUtc: boolean): string => (inUtc ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone);

/** 2027-01-31 14:05:09 */
export function absolute(at: string | Date, inUtc: boolean, withSeconds = true): string {
  const date = new Date(at);
  return new Intl.DateTimeFormat("sv-SE", {
    dateStyle: "short",
    timeStyle: withSeconds ? "medium" : "short",
    ...(inUtc ? { timeZone: "UTC" } : {}),
  }).format(date);
}

/** now, 40 s ago, in 3 h, 12 d ago */
export function relative(at: string | Date, now = Date.now()): string {
  const seconds = Math.round((now - new Date(at).getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 2) return "now";
  const [amount, unit] =
    size < 90
      ? [size, "s"]
      : size < 5400
        ? [Math.round(size / 60), "min"]
        : size < 129_600
          ? [Math.round(size / 3600), "h"]
          : [Math.round(size / 86_400), "d"];
  return seconds < 0 ? `in ${amount} ${unit}` : `${amount} ${unit} ago`;
}

const dayMs = 86_400_000;

/** In a sentence: today at 14:02, yesterday at 14:02, Tuesday 14:02 within the week, else 3 November 2026, 14:02. */
export function moment(at: string | Date, inUtc: boolean, now = Date.now()): string {
  const date = new Date(at);
  const zone = inUtc ? { timeZone: "UTC" } : {};
  const dayOf = (day: Date) => Date.parse(new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", ...zone }).format(day)) / dayMs;
  const days = dayOf(new Date(now)) - dayOf(date);
  const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", ...zone }).format(date);
  if (days === 0) return `today at ${time}`;
  if (days === 1) return `yesterday at ${time}`;
  if (days > 1 && days < 7) return `${new Intl.DateTimeFormat("en-GB", { weekday: "long", ...zone }).format(date)} ${time}`;
  return `${new Intl.DateTimeFormat("en-GB", { dateStyle: "long", ...zone }).format(date)}, ${time}`;
}

/** "token:first-start" is a person or program; "system:…" is Penstock. */
export function actorName(actor: string): string {
  if (actor.startsWith("token:")) return actor.slice(6);
  if (actor.startsWith("system")) return "Penstock";
  return actor;
}
