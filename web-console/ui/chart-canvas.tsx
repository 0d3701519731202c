/** The canvas of a chart: uPlot, in the colours of the theme, as wide as its place. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useUtc } from "../format/time.ts";
import { useDark } from "../shell/theme.ts";
import type { ChartProps, Mark } from "./chart.tsx";
import { isPart, type Steps } from "./chart-steps.ts";

const height = 220;
const day = 86_400;
/** As everywhere in the console: 24 hours, the month by its name. Each row: from which step on, what is written, and where the day changes. */
const timeWords = [
  [365 * day, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * day, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [day, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", null, null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, "\n{D} {MMM}", null, null, null, 1],
];
const timeNow = "{D} {MMM} {HH}:{mm}";
const none: NonNullable<ChartProps["marks"]> = [];

interface Line {
  readonly mark: Mark;
  readonly line: HTMLElement;
}

/** For the pointer alone: whoever cannot see the chart finds the same in the page's list of changes. */
function lineOf({ label, kind = "", to }: Mark, go: (to: string) => void): HTMLElement {
  const line = document.createElement("a");
  line.className = `chart-mark ${kind}`;
  line.title = label;
  line.tabIndex = -1;
  if (to !== undefined) {
    line.href = to;
    line.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      go(to);
    });
  }
  return line;
}

function placeMarks(plot: uPlot, lines: readonly Line[]): void {
  const width = plot.over.clientWidth;
  for (const { mark, line } of lines) {
    const x = plot.valToPos(mark.time, "x");
    if (x < 0 || x > width) line.remove();
    else {
      line.style.left = `${x}px`;
      if (line.parentElement !== plot.over) plot.over.append(line);
    }
  }
}

/**
 * A bar of nothing would be drawn as a dash. Steps that are known only in part are in the table, and say so; where nothing was in the
 * others, as in an installation's first hour, they are all there is to see.
 */
function drawn(values: readonly (number | null)[], of: Steps & Pick<ChartProps, "bars">): (number | null)[] {
  if (of.bars) return values.map((value) => (value === 0 ? null : value));
  const whole = values.map((value, index) => (isPart(of, index) ? null : value));
  return whole.some((value) => value !== null && value !== 0) ? whole : [...values];
}

/** What would stand there twice, where steps are finer than words, stands once. */
const tickWords = (values: readonly number[], format: (value: number) => string): string[] =>
  values.map((value, index) => (index > 0 && format(value) === format(values[index - 1] ?? 0) ? "" : format(value)));

export function ChartCanvas({ times, series, format, bars = false, from, whole = false, marks = none }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useDark();
  const inUtc = useUtc();
  const go = useRef(useNavigate());
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const style = getComputedStyle(document.documentElement);
    const lines = marks.map((mark) => ({ mark, line: lineOf(mark, (to) => void go.current({ to })) }));
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--quiet"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui",
    };
    const step = (times[1] ?? 0) - (times[0] ?? 0);
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { show: true, live: true },
        hooks: { draw: [(plot: uPlot) => placeMarks(plot, lines)] },
        // Its own default is the browser's zone, whatever the person chose.
        ...(inUtc ? { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") } : {}),
        cursor: { drag: { x: false, y: false } },
        scales: {
          // A step lasts until the next one would begin: what was changed in the last one is seen. A bar stands around its time.
          x: { range: (_plot, min, max) => (bars ? [min - step / 2, max + step / 2] : [min, max + step]) },
          y: { range: (_plot, _min, max) => [0, max === 0 || max === null ? 1 : max * 1.1] },
        },
        axes: [
          { ...axis, values: timeWords },
          {
            ...axis,
            size: 64,
            values: (plot, values) =>
              plot.scales["y"]?.max === 1 ? values.map((value) => (value === 0 ? format(0) : "")) : tickWords(values, format),
          },
        ],
        series: [
          { value: timeNow },
          ...series.map(({ name }, index) => ({
            label: name,
            stroke: colour(`--series-${(index % 4) + 1}`),
            width: 2,
            points: { show: times.length < 32 },
            value: (_plot: uPlot, value: number | null) => (value === null ? "–" : format(value)),
            ...(bars
              ? {
                  fill: `${colour(`--series-${(index % 4) + 1}`)}66`,
                  paths: uPlot.paths.bars?.({ size: [0.6, 48] }) ?? null,
                  points: { show: false },
                }
              : {}),
          })),
        ],
      } as uPlot.Options,
      [[...times], ...series.map(({ values }) => drawn(values, { times, bars, whole, ...(from === undefined ? {} : { from }) }))],
      element,
    );
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [times, series, format, bars, from, whole, marks, dark, inUtc]);
  return <div ref={place} aria-hidden style={{ minHeight: height }} />;
}
