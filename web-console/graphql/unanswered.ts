/** Whether the control plane answers what is asked of it: a stream that stays open does not show that it went. */
import { useSyncExternalStore } from "react";

/** A page asks again within this time; where nobody asks, news that come later show that it is back. */
const askedAgainMs = 12_000;

export type Sign = "answer" | "no answer" | "news";

/** @returns since when requests go without an answer; undefined: they do not. Pure. */
export function unansweredAfter(sinceMs: number | undefined, sign: Sign, atMs: number): number | undefined {
  if (sign === "no answer") return atMs;
  return sign === "answer" || sinceMs === undefined || atMs - sinceMs > askedAgainMs ? undefined : sinceMs;
}

let sinceMs: number | undefined;
const listeners = new Set<() => void>();

export function heard(sign: Sign): void {
  const before = sinceMs;
  sinceMs = unansweredAfter(sinceMs, sign, Date.now());
  if ((before === undefined) !== (sinceMs === undefined)) for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const onNetwork = (listener: () => void) => {
  const over = new AbortController();
  for (const name of ["online", "offline"]) window.addEventListener(name, listener, { signal: over.signal });
  return () => over.abort();
};

/** Whether the browser itself says that it has no network. */
export const useOffline = (): boolean => useSyncExternalStore(onNetwork, () => !navigator.onLine);

export const useUnanswered = (): boolean => useSyncExternalStore(subscribe, () => sinceMs !== undefined);
