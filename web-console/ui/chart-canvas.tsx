/** The canvas of a chart: uPlot, in the colours of the theme, as wide as its place. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useDark } from "../shell/theme.ts";
import type { ChartProps } from "./chart.tsx";

const height = 220;
const none: NonNullable<ChartProps["marks"]> = [];

export function ChartCanvas({ times, series, format, bars = false, marks = none }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useDark();
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const style = getComputedStyle(document.documentElement);
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
        hooks: {
          draw: [
            (plot: uPlot) => {
              const { ctx, bbox } = plot;
              ctx.save();
              ctx.strokeStyle = colour("--line-strong");
              ctx.setLineDash([3, 4]);
              for (const { time } of marks) {
                const x = plot.valToPos(time, "x", true);
                if (x < bbox.left || x > bbox.left + bbox.width) continue;
                ctx.beginPath();
                ctx.moveTo(x, bbox.top);
                ctx.lineTo(x, bbox.top + bbox.height);
                ctx.stroke();
              }
              ctx.restore();
            },
          ],
        },
        cursor: { drag: { x: false, y: false } },
        scales: { y: { range: (_plot, _min, max) => [0, max === 0 || max === null ? 1 : max * 1.1] } },
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
