/**
 * What a call's waterfall shows: a lane for each stage of the gateway's own, and one for each attempt, with waiting for a place,
 * connecting, waiting for the first content and streaming told apart. What was not recorded is not drawn: calls from before times
 * were kept know how long their attempts took, and the oldest not even when those began. Pure.
 */
import { duration } from "../../format/numbers.ts";

export type SpanKind = "own" | "place" | "connect" | "wait" | "stream" | "bad";

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly kind: SpanKind;
}

export interface Lane {
  readonly name: string;
  readonly spans: readonly Span[];
  readonly tookMs: number;
  readonly note?: string;
}

export interface TimedCall {
  readonly durationMs: number;
  readonly timeToFirstTokenMs: number | null;
  readonly attempts: readonly {
    readonly backendId: string;
    readonly result: string;
    readonly durationMs: number;
    readonly httpStatus: number | null;
    readonly startedAfterMs: number | null;
  }[];
  readonly timeline: {
    readonly stages: readonly { readonly name: string; readonly fromMs: number; readonly untilMs: number }[];
    readonly attempts: readonly Progress[];
  } | null;
}

export interface Progress {
  readonly startedMs: number;
  readonly placedMs: number | null;
  readonly sentMs: number | null;
  readonly contentMs: number | null;
  readonly endedMs: number | null;
}

type BackendName = (id: string) => string;
type Attempt = TimedCall["attempts"][number];

export const lanesOf = (call: TimedCall, backendName: BackendName): readonly Lane[] =>
  call.timeline === null ? untimedLanes(call, backendName) : timedLanes(call, call.timeline, backendName);

const stageNames: Readonly<Record<string, string>> = {
  READ: "Reading the request",
  DECIDE: "Key, route, prompt",
  GUARD_IN: "Guard of the input",
  QUOTA: "Quotas",
  CACHE: "Looking in the cache",
};

function timedLanes(call: TimedCall, { stages, attempts }: NonNullable<TimedCall["timeline"]>, backendName: BackendName): readonly Lane[] {
  const lanes: Lane[] = [];
  const own = ({ name, fromMs, untilMs }: (typeof stages)[number], title: string) =>
    lanes.push({ name: title, spans: [{ fromMs, untilMs, kind: "own" }], tookMs: untilMs - fromMs, ...noteOfRest(name, call) });
  for (const stage of stages) if (stage.name !== "REST") own(stage, stageNames[stage.name] ?? stage.name);
  for (const [index, attempt] of call.attempts.entries()) {
    const progress = attempts[index];
    const name = `${index + 1}. ${backendName(attempt.backendId)}`;
    if (progress !== undefined) lanes.push(timedAttempt(attempt, progress, name, call.durationMs));
  }
  for (const stage of stages) if (stage.name === "REST") own(stage, call.attempts.length === 0 ? "The rest" : "Ending the answer");
  return lanes;
}

const noteOfRest = (name: string, { attempts }: TimedCall) =>
  name === "REST" && attempts.length === 0 ? { note: "No backend was asked" } : {};

function timedAttempt(attempt: Attempt, progress: Progress, name: string, callMs: number): Lane {
  const endedMs = progress.endedMs ?? callMs;
  const steps = [
    ["place", progress.placedMs, "for a place"],
    ["connect", progress.sentMs, "to connect"],
    ["wait", progress.contentMs, "until the first content"],
    ["stream", endedMs, "from there to the end"],
  ] as const;
  const spans: Span[] = [];
  const words: string[] = [];
  let fromMs = progress.startedMs;
  for (const [kind, reachedMs, word] of steps) {
    // Where it did not come to that, it ended on the way there.
    const untilMs = reachedMs ?? endedMs;
    spans.push({ fromMs, untilMs, kind: reachedMs === null ? "bad" : kind });
    if (untilMs - fromMs >= 0.05) words.push(`${duration(untilMs - fromMs)} ${reachedMs === null ? unreached[kind] : word}`);
    fromMs = untilMs;
    if (reachedMs === null) break;
  }
  const how = attempt.result === "ok" ? [] : [`${attempt.result}${attempt.httpStatus === null ? "" : `, HTTP ${attempt.httpStatus}`}`];
  return { name, spans, tookMs: endedMs - progress.startedMs, note: [...how, ...words].join("; ") };
}

const unreached = {
  place: "without getting a place",
  connect: "without a connection",
  wait: "without content",
  stream: "",
} as const;

function untimedLanes(call: TimedCall, backendName: BackendName): readonly Lane[] {
  const known = call.attempts.every(({ startedAfterMs }) => startedAfterMs !== null);
  // Of an older call all that is known is that they followed each other, and that the rest was before them.
  let next = Math.max(0, call.durationMs - call.attempts.reduce((sum, attempt) => sum + attempt.durationMs, 0));
  const lanes: Lane[] = [];
  let endedMs = 0;
  for (const [index, attempt] of call.attempts.entries()) {
    const fromMs = known ? (attempt.startedAfterMs ?? 0) : next;
    const untilMs = Math.min(call.durationMs, fromMs + attempt.durationMs);
    next = untilMs;
    if (fromMs - endedMs >= 1) lanes.push(ownLane(index === 0, endedMs, fromMs));
    lanes.push(untimedAttempt(call, attempt, `${index + 1}. ${backendName(attempt.backendId)}`, fromMs, untilMs));
    endedMs = untilMs;
  }
  if (call.durationMs - endedMs >= 1) lanes.push(ownLane(call.attempts.length === 0, endedMs, call.durationMs));
  return lanes;
}

const ownLane = (first: boolean, fromMs: number, untilMs: number): Lane => ({
  name: first ? "Gateway" : "Between",
  spans: [{ fromMs, untilMs, kind: "own" }],
  tookMs: untilMs - fromMs,
  ...(first ? { note: "Key, route, experiment, prompt, guards, limits, cache; reading the request" } : {}),
});

function untimedAttempt(call: TimedCall, attempt: Attempt, name: string, fromMs: number, untilMs: number): Lane {
  const tookMs = attempt.durationMs;
  if (attempt.result !== "ok" && (attempt.httpStatus !== 200 || call.timeToFirstTokenMs === null))
    return {
      name,
      tookMs,
      spans: [{ fromMs, untilMs, kind: "bad" }],
      note: `${attempt.result}${attempt.httpStatus === null ? "" : `, HTTP ${attempt.httpStatus}`}`,
    };
  const firstMs = Math.min(untilMs, Math.max(fromMs, call.timeToFirstTokenMs ?? untilMs));
  return {
    name,
    tookMs,
    spans: [
      { fromMs, untilMs: firstMs, kind: "wait" },
      { fromMs: firstMs, untilMs, kind: "stream" },
    ],
    note: `${duration(firstMs - fromMs)} until the first content, ${duration(untilMs - firstMs)} from there to the end${attempt.result === "ok" ? "" : `; ended with ${attempt.result}`}`,
  };
}
