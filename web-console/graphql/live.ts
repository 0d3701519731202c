/**
 * The one live subscription of a browser: what each node serves, with it the newest revision, alerts, and, while some tab looks at
 * them, the calls that run and end. The tab that holds the lock has the connection and tells the others; where it is closed, another takes over. Where browsers know no locks
 * (plain HTTP away from loopback) each tab has its own. It comes back by itself, later each time, and not all at once.
 */
import { createClient } from "graphql-sse";
import { useEffect, useSyncExternalStore } from "react";
import { stringifyDocument } from "urql";
import { fetchSignedIn } from "../session/session.ts";
import { graphqlHeaders } from "./client.ts";
import { graphql, type ResultOf } from "./documents.ts";
import { endedBySilence } from "./silence.ts";
import { endedCallFragment, noTraffic, runningCallFragment, type Traffic, type TrafficNews, withNews } from "./traffic.ts";
import { heard } from "./unanswered.ts";

const document = graphql(
  `
    subscription Live($traffic: Boolean!) {
      news(traffic: $traffic) {
        nodes {
          id
          name
          state
          appliedNumber
          appliedAt
          revisionsBehind
          refusedNumber
          refusedReason
          callsInFlight
          eventLoopDelayMs
          reportedAt
          backendsPassedOver
        }
        alert {
          id
          at
          type
          data
        }
        running {
          ...RunningCall
        }
        ended {
          calls {
            ...EndedCall
          }
          skipped
        }
      }
    }
  `,
  [runningCallFragment, endedCallFragment],
);

type News = ResultOf<typeof document>["news"];
export type LiveNode = NonNullable<News["nodes"]>[number];
export type LiveAlert = NonNullable<News["alert"]>;

export interface Live {
  readonly state: "connecting" | "live" | "reconnecting";
  readonly nodes: readonly LiveNode[];
  /** The newest that any node serves or is known to lack. Undefined: nothing was heard yet. */
  readonly revision: bigint | undefined;
  /** The last that was heard. */
  readonly alert: LiveAlert | undefined;
}

let live: Live = { state: "connecting", nodes: [], revision: undefined, alert: undefined };
const listeners = new Set<() => void>();
const channel = new BroadcastChannel("penstock-live");

const waitMsMax = 15_000;

function set(next: Live): void {
  if (next.state === "live" && next.nodes !== live.nodes) heard("news");
  live = next;
  for (const listener of listeners) listener();
}

export const useLive = (): Live =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => live,
  );

let traffic = noTraffic;
const trafficListeners = new Set<() => void>();

/** The calls that run and end, from when the first tab looks at them. */
export function useTraffic(): Traffic {
  useEffect(() => {
    wantTraffic();
    const again = setInterval(wantTraffic, trafficMs / 3);
    return () => clearInterval(again);
  }, []);
  return useSyncExternalStore(
    (listener) => {
      trafficListeners.add(listener);
      return () => trafficListeners.delete(listener);
    },
    () => traffic,
  );
}

/** A tab that wants them says so again and again: one that was closed says nothing. */
const trafficMs = 15_000;
let trafficUntilMs = 0;
let subscribeAgain = () => {};

function wantTraffic(): void {
  const wantedAlready = Date.now() < trafficUntilMs;
  trafficUntilMs = Date.now() + trafficMs;
  if (!leads) channel.postMessage("traffic, please");
  else if (!wantedAlready) subscribeAgain();
}

function takeTraffic(news: TrafficNews): void {
  traffic = withNews(traffic, news);
  for (const listener of trafficListeners) listener();
}

/** For as long as somebody is signed in, and their session has not ended. @returns ends it. */
export function followLive(): () => void {
  const ended = new AbortController();
  channel.onmessage = ({ data }) => {
    if (data === "who is live?") announce();
    else if (data === "traffic, please") {
      if (leads) wantTraffic();
    } else if ("running" in data) takeTraffic(data);
    else if (!leads) set(withBigints(data));
  };
  channel.postMessage("who is live?");
  if (navigator.locks === undefined) connect(ended.signal);
  else
    navigator.locks
      .request(
        "penstock-live",
        { signal: ended.signal },
        () =>
          new Promise<void>((resolve) => {
            ended.signal.addEventListener("abort", () => resolve());
            connect(ended.signal);
          }),
      )
      .catch(() => undefined);
  return () => {
    ended.abort();
    leads = false;
    set({ ...live, state: "connecting" });
  };
}

let leads = false;

function connect(signal: AbortSignal): void {
  leads = true;
  const client = createClient({
    url: "/graphql",
    credentials: "same-origin",
    headers: graphqlHeaders,
    fetchFn: async (input: RequestInfo, init?: RequestInit) => endedBySilence(await fetchSignedIn(input, init)),
    retryAttempts: Number.POSITIVE_INFINITY,
    retry: async (retries) => {
      share({ ...live, state: "reconnecting" });
      await new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** retries, waitMsMax) * (0.5 + Math.random() / 2)));
    },
  });
  const open = () => {
    if (signal.aborted) return;
    const withTraffic = Date.now() < trafficUntilMs;
    let replaced = false;
    const dispose = client.subscribe<ResultOf<typeof document>>(
      { query: stringifyDocument(document), variables: { traffic: withTraffic } },
      {
        next: ({ data }) => {
          if (data && (data.news.running || data.news.ended)) shareTraffic(data.news);
          if (data?.news.nodes) share({ ...live, state: "live", nodes: data.news.nodes, revision: newest(data.news.nodes) });
          if (data?.news.alert) share({ ...live, alert: data.news.alert });
          if (withTraffic && Date.now() > trafficUntilMs) subscribeAgain();
        },
        // It ended without an error, as when the server shuts down in good order, or refused: try again, slowly.
        complete: () => replaced || later(open, signal),
        error: () => replaced || later(open, signal),
      },
    );
    subscribeAgain = () => {
      replaced = true;
      dispose();
      open();
    };
    signal.addEventListener("abort", dispose, { once: true });
  };
  // What was open before the network went may be dead, and nothing tells.
  window.addEventListener(
    "online",
    () => {
      share({ ...live, state: "reconnecting" });
      // What went without an answer before says nothing of now.
      heard("answer");
      subscribeAgain();
    },
    { signal },
  );
  open();
}

function later(open: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  share({ ...live, state: "reconnecting" });
  setTimeout(open, 1_000 + Math.random() * 1_000);
}

function shareTraffic({ running, ended }: TrafficNews): void {
  takeTraffic({ running, ended });
  channel.postMessage({ running, ended });
}

function share(next: Live): void {
  set(next);
  announce();
}

const announce = (): void => {
  if (leads) channel.postMessage({ ...live, revision: live.revision?.toString() });
};

const withBigints = (data: Omit<Live, "revision"> & { revision: string | undefined }): Live => ({
  ...data,
  revision: data.revision === undefined ? undefined : BigInt(data.revision),
});

function newest(nodes: readonly LiveNode[]): bigint | undefined {
  let most: bigint | undefined;
  for (const { appliedNumber, revisionsBehind } of nodes) {
    if (appliedNumber === null || revisionsBehind === null) continue;
    const number = BigInt(appliedNumber) + BigInt(revisionsBehind);
    if (most === undefined || number > most) most = number;
  }
  return most;
}
