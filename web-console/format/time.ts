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

/** "token:first-start" is a person or program; "system:…" is Penstock. */
export function actorName(actor: string): string {
  if (actor.startsWith("token:")) return actor.slice(6);
  if (actor.startsWith("system")) return "Penstock";
  return actor;
}
