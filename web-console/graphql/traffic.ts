/** The calls that run and that have ended, put together from what the live subscription tells. Pure. */
export interface RunningCall {
  readonly callId: string;
  readonly nodeId: string;
  readonly routeName: string;
  readonly backendId: string;
  readonly backendName: string | null;
  readonly attempts: number;
  readonly progress: string;
  readonly outputTokens: string;
  readonly since: string;
}

export interface EndedCall {
  readonly callId: string;
  readonly startedAt: string;
  readonly outcome: string;
  readonly errorReason: string;
  readonly routeName: string;
  readonly modelAsked: string;
  readonly backendId: string;
  readonly backendName: string | null;
  readonly durationMs: number;
  readonly timeToFirstTokenMs: number | null;
  readonly outputTokens: string | null;
  readonly costNanodollars: string | null;
  readonly attempts: readonly { readonly result: string }[];
}

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
