/** Alerts where one is: said once as they are raised, and marked at their page until somebody has looked there. */
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useLive } from "../graphql/live.ts";
import { nameOfType, tellingOf } from "../pages/alerts/words.ts";
import { say } from "../ui/toasts.tsx";

const seenKey = "penstock-alerts-seen";
/** A tab that was just opened hears of the last one too, which is no news. */
const newsMs = 30_000;

const listeners = new Set<() => void>();

function seenUntil(): string {
  try {
    return localStorage.getItem(seenKey) ?? "";
  } catch {
    return "";
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}

export function useAlertToasts(): void {
  const { alert } = useLive();
  const told = useRef<string>(undefined);
  useEffect(() => {
    if (alert === undefined || alert.id === told.current) return;
    told.current = alert.id;
    if (Date.now() - Date.parse(alert.at) < newsMs)
      say(`Alert: ${nameOfType(alert.type)}`, tellingOf(alert.type, alert.data).text, "warning");
  }, [alert]);
}

/** For the page that shows them. */
export function useAlertsSeen(): void {
  const { alert } = useLive();
  useEffect(() => {
    try {
      localStorage.setItem(seenKey, alert?.at ?? seenUntil());
    } catch {
      // Without a store the mark stays until the tab is closed.
    }
    for (const listener of listeners) listener();
  }, [alert]);
}

export function AlertMark() {
  const { alert } = useLive();
  const seen = useSyncExternalStore(subscribe, seenUntil);
  return alert !== undefined && alert.at > seen ? <span className="badge warn">new</span> : null;
}
