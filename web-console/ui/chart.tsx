/** A chart over time: drawn on a canvas, with the same numbers as a table for those who cannot see it. */
import { lazy, Suspense } from "react";
import { isPart } from "./chart-steps.ts";
import { SameAsTable } from "./same-as-table.tsx";

export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

export interface Mark {
  /** Seconds since the epoch. */
  readonly time: number;
  readonly label: string;
  /** What it was, as a class of the line. */
  readonly kind?: string;
  /** Where it leads. */
  readonly to?: string;
}

export interface ChartProps {
  /** What it shows, in a sentence. */
  readonly label: string;
  /** Seconds since the epoch, growing. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly bars?: boolean;
  /** Seconds since the epoch: from when on it was asked for. The step that this falls in is known only in part. */
  readonly from?: number;
  /** No step is known only in part: each value stands for itself, as the worst of a step does. */
  readonly whole?: boolean;
  /** Upright lines, where something was changed. */
  readonly marks?: readonly Mark[];
}

const Canvas = lazy(async () => ({ default: (await import("./chart-canvas.tsx")).ChartCanvas }));

export function Chart(props: ChartProps) {
  const { label, times, series, format } = props;
  return (
    <figure className="chart stack tight" aria-label={label}>
      {series.length > 1 && (
        <ul className="row" aria-hidden>
          {series.map(({ name }, index) => (
            <li key={name} className="row quiet">
              <i className="dot" style={{ background: `var(--series-${(index % 4) + 1})` }} /> {name}
            </li>
          ))}
        </ul>
      )}
      <Suspense fallback={<div className="skeleton" style={{ height: 220 }} />}>
        <Canvas {...props} />
      </Suspense>
      <SameAsTable
        label={label}
        columns={["Time (UTC)", ...series.map(({ name }) => name)]}
        rows={() =>
          times.map((time, index) => [
            `${new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ")}${isPart(props, index) ? ", in part" : ""}`,
            ...series.map(({ values }) => (values[index] == null ? "–" : format(values[index]))),
          ])
        }
      />
    </figure>
  );
}
