/**
 * Where an effect lies: the interval that holds at every look, the estimate in it, no effect as a line, and the margin that a
 * guardrail allows. Drawn by hand because it is four marks on one line; the same stands in words beside it.
 */
interface IntervalPlotProps {
  readonly label: string;
  readonly effect: number;
  /** Null: without bound. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** All plots of a metric share it: the farthest that any of them reaches. */
  readonly reach: number;
  readonly tone: "good" | "bad" | "neutral";
  /** Where harm begins. */
  readonly margin?: number | undefined;
}

const width = 200;
const height = 24;
const middle = height / 2;

export function IntervalPlot({ label, effect, lower, upper, reach, tone, margin }: IntervalPlotProps) {
  const x = (value: number) => width / 2 + (Math.max(-1, Math.min(1, value / (reach || 1))) * (width - 12)) / 2;
  const from = x(lower ?? -reach);
  const to = x(upper ?? reach);
  return (
    <svg className={`interval ${tone}`} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <title>{label}</title>
      <line className="zero" x1={width / 2} x2={width / 2} y1={2} y2={height - 2} />
      {margin !== undefined && margin !== 0 && <line className="margin" x1={x(margin)} x2={x(margin)} y1={2} y2={height - 2} />}
      <line className="span" x1={from} x2={to} y1={middle} y2={middle} />
      {lower !== null && <line className="end" x1={from} x2={from} y1={middle - 5} y2={middle + 5} />}
      {upper !== null && <line className="end" x1={to} x2={to} y1={middle - 5} y2={middle + 5} />}
      <circle cx={x(effect)} cy={middle} r={4} />
    </svg>
  );
}
