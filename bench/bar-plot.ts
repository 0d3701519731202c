/** Draws bars as an SVG that is readable on light and on dark ground. Pure. */
import type { Plot } from "./scenario.ts";

const width = 640;
const labelWidth = 130;
const barHeight = 22;
const gap = 10;
const top = 36;

export function barPlot({ title, unit, bars }: Plot): string {
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const height = top + bars.length * (barHeight + gap);
  const lines = bars.flatMap(({ label, value }, index) => {
    const y = top + index * (barHeight + gap);
    const length = ((width - labelWidth - 110) * value) / most;
    const fill = label.startsWith("Penstock") ? "#2f7ed8" : "#8a97a6";
    return [
      `<text x="${labelWidth - 8}" y="${y + 16}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="3" fill="${fill}"/>`,
      `<text x="${(labelWidth + length + 8).toFixed(1)}" y="${y + 16}">${value.toPrecision(3)} ${escaped(unit)}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#7a8794">`,
    `<title>${escaped(title)}</title>`,
    `<text x="0" y="18" font-size="15">${escaped(title)}</text>`,
    ...lines,
    "</svg>",
    "",
  ].join("\n");
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
