/** Where a call's time went, drawn: see lanes.ts. */
import { duration } from "../../format/numbers.ts";
import type { Call } from "./call-detail.tsx";
import { lanesOf, type SpanKind } from "./lanes.ts";
import { TokenTimeline } from "./token-timeline.tsx";

const legend: readonly (readonly [SpanKind, string])[] = [
  ["own", "the gateway"],
  ["place", "for a place"],
  ["connect", "to connect"],
  ["wait", "for the first content"],
  ["stream", "streaming"],
  ["bad", "failing"],
];

export function Waterfall({ call }: { readonly call: Call }) {
  const total = Math.max(call.durationMs, call.timeline?.stages.at(-1)?.untilMs ?? 0, 0.001);
  const at = (ms: number) => `${Math.min(100, (ms / total) * 100)}%`;
  const names = new Map(call.attempts.map(({ backendId, backendName }) => [backendId, backendName ?? backendId]));
  const lanes = lanesOf(call, (id) => names.get(id) ?? id);
  const seen = new Set(lanes.flatMap(({ spans }) => spans.filter(({ fromMs, untilMs }) => untilMs > fromMs).map(({ kind }) => kind)));
  return (
    <section className="stack tight">
      <h3>Where the time went</h3>
      <ul className="row" aria-hidden>
        {legend
          .filter(([kind]) => seen.has(kind))
          .map(([kind, name]) => (
            <li key={kind} className="row quiet">
              <i className={`dot ${kind}`} /> {name}
            </li>
          ))}
      </ul>
      <ol className="waterfall">
        {lanes.map((lane, index) => (
          <li key={`${index} ${lane.name}`}>
            <span style={{ overflowWrap: "anywhere" }}>{lane.name}</span>
            <span className="lane" aria-hidden>
              {lane.spans.map(
                ({ fromMs, untilMs, kind }) =>
                  untilMs > fromMs && <i key={kind} className={kind} style={{ left: at(fromMs), width: at(untilMs - fromMs) }} />,
              )}
            </span>
            <span className="end">{duration(lane.tookMs)}</span>
            {lane.note !== undefined && lane.note !== "" && (
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
