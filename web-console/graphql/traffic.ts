/** The calls that run and that have ended, put together from what the live subscription tells. Pure. */
import { graphql, type ResultOf } from "./documents.ts";

export const endedCallFragment = graphql(`
  fragment EndedCall on UsageEvent {
    callId
    startedAt
    outcome
    errorReason
    routeName
    modelAsked
    backendId
    backendName
    durationMs
    timeToFirstTokenMs
    outputTokens
    costNanodollars
    attempts {
      result
    }
  }
`);
export type EndedCall = ResultOf<typeof endedCallFragment>;

export const runningCallFragment = graphql(`
  fragment RunningCall on RunningCall {
    callId
    nodeId
    routeName
    backendId
    backendName
    attempts
    progress
    outputTokens
    since
  }
`);
export type RunningCall = ResultOf<typeof runningCallFragment>;

export interface TrafficNews {
  /** All that run. Null: it says nothing of them. */
  readonly running: readonly RunningCall[] | null;
  readonly ended: { readonly calls: readonly EndedCall[]; readonly skipped: number } | null;
}

export interface Traffic {
  readonly running: readonly RunningCall[];
  /** Newest first, at most 200. */
  readonly ended: readonly EndedCall[];
  /** That ended and are not shown, because they were too many. */
  readonly skipped: number;
}

export const noTraffic: Traffic = { running: [], ended: [], skipped: 0 };
export const endedMax = 200;

/** A call that has ended does not run, whatever a report says that was on its way. */
export function withNews(before: Traffic, { running, ended }: TrafficNews): Traffic {
  const all = ended === null ? before.ended : together(ended.calls, before.ended);
  const over = new Set(all.map(({ callId }) => callId));
  return {
    running: (running ?? before.running).filter(({ callId }) => !over.has(callId)),
    ended: all,
    skipped: before.skipped + (ended?.skipped ?? 0),
  };
}

/** Each once, newest first. */
export function together(some: readonly EndedCall[], others: readonly EndedCall[]): readonly EndedCall[] {
  const byId = new Map([...others, ...some].map((call) => [call.callId, call]));
  return [...byId.values()].sort((one, other) => Date.parse(other.startedAt) - Date.parse(one.startedAt)).slice(0, endedMax);
}
