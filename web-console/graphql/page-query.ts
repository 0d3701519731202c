/**
 * The one query behind a page. It keeps what it last had while something newer is on its way or the control plane is gone,
 * asks again by itself when it is back, and again when the configuration has changed. The shell shows it to whoever asks
 * for the GraphQL behind the page.
 */
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { type AnyVariables, stringifyDocument, type TypedDocumentNode, useQuery } from "urql";
import { type Failure, failureOf } from "./client.ts";
import { useLive } from "./live.ts";
import { isUsable } from "./usable.ts";

export interface PageQuery<Data> {
  /** Undefined: nothing has come yet. */
  readonly data: Data | undefined;
  readonly failure: Failure | undefined;
  /** What is shown came beside the failure: only a part is missing. */
  readonly partial: boolean;
  readonly fetching: boolean;
  /** When what is shown came from the control plane. */
  readonly at: number;
  again(): void;
}

interface PageQueryOptions {
  /** Ask again after each change of the configuration: for pages of configuration. */
  readonly follow?: boolean;
  readonly pause?: boolean;
  /** False: another query is the page's. */
  readonly behind?: boolean;
  /** What is shown stays until the answer to other variables has come: for a search that is being typed. */
  readonly hold?: boolean;
}

const retryMsMin = 1_000;
const retryMsMax = 8_000;

export function usePageQuery<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  { follow = true, pause = false, behind: shows = true, hold = false }: PageQueryOptions = {},
): PageQuery<Data> {
  const [{ data, error, fetching, stale }, execute] = useQuery<Data, Variables>({ query, variables, pause } as Parameters<
    typeof useQuery<Data, Variables>
  >[0]);
  const key = JSON.stringify(variables);
  const last = useRef<{ key: string; data: Data; at: number } | undefined>(undefined);
  if (
    data !== undefined &&
    data !== null &&
    (error === undefined || isUsable(error)) &&
    (last.current?.data !== data || last.current.key !== key)
  )
    last.current = { key, data, at: Date.now() };
  const kept = hold || last.current?.key === key ? last.current : undefined;
  const failure = error === undefined ? undefined : failureOf(error);

  const again = useRef(() => {});
  again.current = () => execute({ requestPolicy: "network-only" });

  useEffect(
    () => (shows && !pause ? showBehind({ query: stringifyDocument(query), variables: JSON.parse(key) }) : undefined),
    [query, key, shows, pause],
  );

  const partial = error !== undefined && data != null && kept?.data === data;

  const [retryMs, setRetryMs] = useState(retryMsMin);
  const offline = failure?.offline === true;
  useEffect(() => {
    if (!offline) return setRetryMs(retryMsMin);
    if (fetching) return;
    const timer = setTimeout(
      () => {
        setRetryMs((before) => Math.min(before * 2, retryMsMax));
        again.current();
      },
      retryMs * (0.75 + Math.random() / 2),
    );
    const now = () => again.current();
    window.addEventListener("online", now);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("online", now);
    };
  }, [offline, fetching, retryMs]);

  const { revision } = useLive();
  const seen = useRef(revision);
  useEffect(() => {
    const before = seen.current;
    seen.current = revision;
    if (follow && before !== undefined && revision !== undefined && revision !== before) again.current();
  }, [revision, follow]);

  return { data: kept?.data ?? undefined, failure, partial, fetching: fetching || stale, at: kept?.at ?? 0, again: () => again.current() };
}

export interface Behind {
  readonly query: string;
  readonly variables: unknown;
}

let behind: Behind | undefined;
const listeners = new Set<() => void>();

function showBehind(next: Behind): () => void {
  behind = next;
  for (const listener of listeners) listener();
  return () => {
    if (behind === next) behind = undefined;
  };
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useBehind = (): Behind | undefined => useSyncExternalStore(subscribe, () => behind);
