/** Draws bars and lines as SVGs that are readable on light and on dark ground. Pure. */
import type { BarPlot, LinePlot, Plot } from "./scenario.ts";

const width = 640;
const top = 36;
const ours = "#2f7ed8";
const others = "#8a97a6";

export const plotText = (plot: Plot): string => (plot.kind === "bars" ? barPlot(plot) : linePlot(plot));

function barPlot({ title, unit, bars }: BarPlot): string {
  const labelWidth = 130;
  const barHeight = 22;
  const gap = 10;
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const lines = bars.flatMap(({ label, value }, index) => {
    const y = top + index * (barHeight + gap);
    const length = ((width - labelWidth - 110) * value) / most;
    const fill = label.startsWith("Penstock") ? ours : others;
    return [
      `<text x="${labelWidth - 8}" y="${y + 16}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="3" fill="${fill}"/>`,
      `<text x="${(labelWidth + length + 8).toFixed(1)}" y="${y + 16}">${value.toPrecision(3)} ${escaped(unit)}</text>`,
    ];
  });
  return svg(title, top + bars.length * (barHeight + gap), lines);
}

/** From zero up, so that a rise looks as large as it is. */
function linePlot({ title, unit, along, points }: LinePlot): string {
  const height = 240;
  const left = 60;
  const bottom = height - 30;
  const most = Math.max(...points.map(({ value }) => value), Number.MIN_VALUE);
  const first = points[0]?.at ?? 0;
  const last = points.at(-1)?.at ?? 1;
  const x = (at: number) => left + ((width - left - 10) * (at - first)) / (last - first || 1);
  const y = (value: number) => bottom - ((bottom - top) * value) / most;
  const grid = [0, 0.5, 1].flatMap((share) => [
    `<line x1="${left}" x2="${width - 10}" y1="${y(most * share)}" y2="${y(most * share)}" stroke="${others}" stroke-opacity="0.4"/>`,
    `<text x="${left - 8}" y="${y(most * share) + 4}" text-anchor="end">${(most * share).toPrecision(3)}</text>`,
  ]);
  return svg(`${title}, ${unit}`, height, [
    ...grid,
    `<polyline fill="none" stroke="${ours}" stroke-width="2" points="${points.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}"/>`,
    `<text x="${left}" y="${height - 8}">${first.toPrecision(3)}</text>`,
    `<text x="${width - 10}" y="${height - 8}" text-anchor="end">${last.toPrecision(3)} ${escaped(along)}</text>`,
  ]);
}

const svg = (title: string, height: number, lines: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#7a8794">`,
    `<title>${escaped(title)}</title>`,
    `<text x="0" y="18" font-size="15">${escaped(title)}</text>`,
    ...lines,
    "</svg>",
    "",
  ].join("\n");

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
