/**
 * How an answer came in: its pieces by slots of time, mostly one piece for a token, with the longest gap marked. The same stands in
 * words above it and as a table below. Drawn by hand, because it is a row of bars.
 */
import { count, counted, duration } from "../../format/numbers.ts";
import { SameAsTable } from "../../ui/same-as-table.tsx";
import type { Call } from "./call-detail.tsx";

type Pace = NonNullable<NonNullable<Call["timeline"]>["pace"]>;

export function TokenTimeline({ call }: { readonly call: Call }) {
  const pace = call.timeline?.pace ?? null;
  if (pace !== null) return <Timeline pace={pace} streamed={call.streamed} />;
  const tokens = Number(call.outputTokens ?? 0);
  if (call.timeToFirstTokenMs === null || tokens < 2 || call.durationMs <= call.timeToFirstTokenMs || call.timeline !== null) return null;
  const streamingMs = call.durationMs - call.timeToFirstTokenMs;
  return (
    <p className="quiet">
      First content after {duration(call.timeToFirstTokenMs)}, then {count(tokens)} tokens in {duration(streamingMs)}: one each{" "}
      {duration(streamingMs / (tokens - 1))} on average
      {call.streamed ? "" : " (the backend's pace: this caller got them in one piece)"}. Single gaps were not recorded then.
    </p>
  );
}

const width = 600;
const height = 64;

function Timeline({ pace, streamed }: { readonly pace: Pace; readonly streamed: boolean }) {
  const { firstMs, lastMs, slotMs, pieces, longestGapMs, longestGapFromMs } = pace;
  const all = pieces.reduce((sum, each) => sum + each, 0);
  const most = Math.max(...pieces, 1);
  const slot = width / pieces.length;
  const x = (ms: number) => Math.min(width, ((ms - firstMs) / (slotMs * pieces.length)) * width);
  const summary = `${counted(all, "piece")} in ${duration(lastMs - firstMs)}, at most ${count(most)} in ${duration(slotMs)}. The longest gap was ${duration(longestGapMs)}, ${duration(longestGapFromMs - firstMs)} after the first.`;
  return (
    <figure className="stack tight">
      <h3>How the answer came in</h3>
      <p className="quiet">
        {summary}
        {streamed ? "" : " That is the backend's pace: this caller got them at once."}
      </p>
      <svg className="pace" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={summary}>
        <title>{summary}</title>
        <rect
          className="gap"
          x={x(longestGapFromMs)}
          y={0}
          width={Math.max(1, x(longestGapFromMs + longestGapMs) - x(longestGapFromMs))}
          height={height}
        />
        {pieces.map(
          (each, index) =>
            each > 0 && (
              <rect
                key={index}
                x={index * slot}
                width={Math.max(1, slot - 1)}
                y={height - Math.max(2, (each / most) * height)}
                height={Math.max(2, (each / most) * height)}
              />
            ),
        )}
      </svg>
      <div className="row apart quiet" aria-hidden>
        <span>{duration(firstMs)}</span>
        <span className="row">
          <i className="dot gap" /> the longest gap
        </span>
        <span>{duration(lastMs)}</span>
      </div>
      <SameAsTable
        label={summary}
        columns={["From", "Pieces"]}
        rows={() => pieces.map((each, index) => [duration(firstMs + index * slotMs), count(each)])}
      />
    </figure>
  );
}
