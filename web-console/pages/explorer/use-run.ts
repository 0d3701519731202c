/** One run at a time: it ends with its answer, by Stop, or when the page is left. */
import { useEffect, useRef, useState } from "react";
import { type Answer, ask, follow, type Sent } from "./run.ts";

export interface Run {
  readonly busy: boolean;
  readonly answer: Answer | undefined;
  /** Why there is no answer, or no more of it. */
  readonly failure: string | undefined;
  start(sent: Sent, kind: "query" | "mutation" | "subscription"): void;
  stop(): void;
}

export function useRun(): Run {
  const running = useRef<AbortController>(undefined);
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => () => running.current?.abort(), []);

  const start = async (sent: Sent, kind: "query" | "mutation" | "subscription") => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    const { signal } = mine;
    setBusy(true);
    setAnswer(undefined);
    setFailure(undefined);
    const heard = (next: Answer) => signal.aborted || setAnswer(next);
    try {
      if (kind === "subscription") await follow(sent, signal, heard);
      else heard(await ask(sent, signal));
    } catch (error) {
      if (!signal.aborted) setFailure(reasonOf(error));
    } finally {
      if (running.current === mine) setBusy(false);
    }
  };

  return {
    busy,
    answer,
    failure,
    start: (sent, kind) => void start(sent, kind),
    stop: () => {
      running.current?.abort();
      running.current = undefined;
      setBusy(false);
    },
  };
}

/** A refused subscription says why as a list of GraphQL errors; fetch throws a TypeError where nobody answers. */
function reasonOf(error: unknown): string {
  if (error instanceof TypeError) return "The control plane does not answer. Run it again in a moment.";
  if (Array.isArray(error)) return error.map((one: { readonly message?: unknown }) => String(one.message)).join(" ");
  return error instanceof Error ? error.message : String(error);
}
