/**
 * Where a call's time went, from what its node wrote: the gateway's own stages, how far each attempt came, and how the answer came
 * in. All times are milliseconds from the call's coming in; null is "it did not come to that". Pure.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type AttemptTimes, CallTimelineSchema, type CallTimeline as Written } from "#proto/penstock/usage/v1/usage_event_pb.ts";

export const stageNames = ["read", "decide", "guard_in", "quota", "cache", "rest"] as const;
export type StageName = (typeof stageNames)[number];

export interface Stage {
  readonly name: StageName;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface AttemptProgress {
  readonly startedMs: number;
  readonly placedMs: number | null;
  readonly sentMs: number | null;
  readonly contentMs: number | null;
  readonly endedMs: number | null;
}

export interface Pace {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly slotMs: number;
  readonly pieces: readonly number[];
  readonly longestGapMs: number;
  readonly longestGapFromMs: number;
}

export interface CallTimeline {
  readonly stages: readonly Stage[];
  readonly attempts: readonly AttemptProgress[];
  /** Null: the answer came in one piece, or none came. */
  readonly pace: Pace | null;
}

/** Undefined: nothing was timed, or what stands there is no timeline. */
export function callTimeline(bytes: Uint8Array | null): CallTimeline | undefined {
  if (bytes === null) return undefined;
  try {
    return timelineOf(fromBinary(CallTimelineSchema, bytes));
  } catch {
    return undefined;
  }
}

function timelineOf(written: Written): CallTimeline {
  const attempts = written.attempts.map(progressOf);
  const stages: Stage[] = [];
  let fromUs = 0;
  const stage = (name: StageName, untilUs: number) => {
    if (untilUs <= fromUs) return;
    stages.push({ name, fromMs: fromUs / 1000, untilMs: untilUs / 1000 });
    fromUs = untilUs;
  };
  stage("read", written.readUs);
  stage("decide", written.decidedUs);
  stage("guard_in", written.guardedUs);
  stage("quota", written.reservedUs);
  stage("cache", written.lookedUpUs);
  const last = written.attempts.at(-1)?.endedUs ?? 0;
  // What came after the last border: the end of the answer, or the stage that refused the call.
  fromUs = Math.max(fromUs, last);
  stage("rest", written.endedUs);
  return { stages, attempts, pace: paceOf(written) };
}

const reached = (us: number): number | null => (us === 0 ? null : us / 1000);

const progressOf = (times: AttemptTimes): AttemptProgress => ({
  startedMs: times.startedUs / 1000,
  placedMs: reached(times.placedUs),
  sentMs: reached(times.sentUs),
  contentMs: reached(times.contentUs),
  endedMs: reached(times.endedUs),
});

function paceOf({ pace, attempts, lookedUpUs }: Written): Pace | null {
  if (pace === undefined) return null;
  const firstUs = attempts.at(-1)?.contentUs ?? lookedUpUs;
  return {
    firstMs: firstUs / 1000,
    lastMs: (firstUs + pace.lastUs) / 1000,
    slotMs: pace.slotUs / 1000,
    pieces: pace.pieces,
    longestGapMs: pace.longestGapUs / 1000,
    longestGapFromMs: (firstUs + pace.longestGapAfterUs) / 1000,
  };
}
