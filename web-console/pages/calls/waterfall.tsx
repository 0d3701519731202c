/**
 * Where a call's time went: the gateway's own stages, then each attempt where it ran, waiting and streaming told apart. What was not
 * recorded is not drawn: gaps between tokens are an average, and older calls do not say when an attempt began.
 */
import { count, duration } from "../../format/numbers.ts";
import type { Call } from "./call-detail.tsx";

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly kind: "wait" | "stream" | "bad";
}

interface Lane {
  readonly name: string;
  readonly spans: readonly Span[];
  readonly tookMs: number;
  readonly note?: string;
}

export function Waterfall({ call, backendName }: { readonly call: Call; readonly backendName: (id: string) => string }) {
  const total = Math.max(call.durationMs, 0.001);
  const at = (ms: number) => `${Math.min(100, (ms / total) * 100)}%`;
  return (
    <section className="stack tight">
      <h3>Where the time went</h3>
      <ol className="waterfall">
        {lanesOf(call, backendName).map((lane, index) => (
          <li key={`${index} ${lane.name}`}>
            <span style={{ overflowWrap: "anywhere" }}>{lane.name}</span>
            <span className="lane" aria-hidden>
              {lane.spans.map(({ fromMs, untilMs, kind }) => (
                <i key={fromMs} className={kind === "stream" ? "" : kind} style={{ left: at(fromMs), width: at(untilMs - fromMs) }} />
              ))}
            </span>
            <span className="end">{duration(lane.tookMs)}</span>
            {lane.note !== undefined && (
              <span className="quiet" style={{ gridColumn: "1 / -1" }}>
                {lane.note}
              </span>
            )}
          </li>
        ))}
        <li>
          <strong>All of it</strong>
          <span />
          <strong className="end">{duration(call.durationMs)}</strong>
        </li>
      </ol>
      <TokenTimeline call={call} />
    </section>
  );
}

function lanesOf(call: Call, backendName: (id: string) => string): Lane[] {
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
    lanes.push(attemptLane(call, attempt, `${index + 1}. ${backendName(attempt.backendId)}`, fromMs, untilMs));
    endedMs = untilMs;
  }
  if (call.durationMs - endedMs >= 1) lanes.push(ownLane(call.attempts.length === 0, endedMs, call.durationMs));
  return lanes;
}

const ownLane = (first: boolean, fromMs: number, untilMs: number): Lane => ({
  name: first ? "Gateway" : "Between",
  spans: [{ fromMs, untilMs, kind: "wait" }],
  tookMs: untilMs - fromMs,
  ...(first ? { note: "Key, route, experiment, prompt, guards, limits, cache; reading the request" } : {}),
});

function attemptLane(call: Call, attempt: Call["attempts"][number], name: string, fromMs: number, untilMs: number): Lane {
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

function TokenTimeline({ call }: { readonly call: Call }) {
  const tokens = Number(call.outputTokens ?? 0);
  if (call.timeToFirstTokenMs === null || tokens < 2 || call.durationMs <= call.timeToFirstTokenMs) return null;
  const streamingMs = call.durationMs - call.timeToFirstTokenMs;
  return (
    <p className="quiet">
      First content after {duration(call.timeToFirstTokenMs)}, then {count(tokens)} tokens in {duration(streamingMs)}: one each{" "}
      {duration(streamingMs / (tokens - 1))} on average
      {call.streamed ? "" : " (the backend's pace: this caller got them in one piece)"}. Single gaps are not recorded.
    </p>
  );
}
