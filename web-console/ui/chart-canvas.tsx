/** The canvas of a chart: uPlot, in the colours of the theme, as wide as its place. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useDark } from "../shell/theme.ts";
import type { ChartProps, Mark } from "./chart.tsx";

const height = 220;
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

export function ChartCanvas({ times, series, format, bars = false, marks = none }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useDark();
  const go = useRef(useNavigate());
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const style = getComputedStyle(document.documentElement);
    const lines = marks.map((mark) => ({ mark, line: lineOf(mark, (to) => void go.current({ to } as never)) }));
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--quiet"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui",
    };
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { show: true, live: true },
        hooks: { draw: [(plot: uPlot) => placeMarks(plot, lines)] },
        cursor: { drag: { x: false, y: false } },
        scales: {
          // A step lasts until the next one would begin: what was changed in the last one is seen.
          x: { range: (_plot, min, max) => [min, max + ((times[1] ?? 0) - (times[0] ?? 0))] },
          y: { range: (_plot, _min, max) => [0, max === 0 || max === null ? 1 : max * 1.1] },
        },
        axes: [axis, { ...axis, size: 64, values: (_plot, values) => values.map((value) => format(value)) }],
        series: [
          {},
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
      // A bar of nothing would be drawn as a dash.
      [[...times], ...series.map(({ values }) => values.map((value) => (bars && value === 0 ? null : value)))],
      element,
    );
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [times, series, format, bars, marks, dark]);
  return <div ref={place} aria-hidden style={{ minHeight: height }} />;
}
