/** Asking a page's query again and again, while somebody sees it: for what moves without a change of the configuration. */
import { useEffect, useRef } from "react";

/** @param everyMs undefined: it does not move any more. */
export function useLookAgain(everyMs: number | undefined, again: () => void): void {
  const latest = useRef(again);
  latest.current = again;
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") latest.current();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
