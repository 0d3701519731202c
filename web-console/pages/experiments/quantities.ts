/** Figures of metrics as people read them, each in its unit. */
import { count, duration, money, percent } from "../../format/numbers.ts";

/** A figure of a metric, in its unit. */
export function figureOf(unit: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  switch (unit) {
    case "share":
      return percent(value);
    case "ms":
      return duration(value);
    case "nanodollars":
      return money(BigInt(Math.round(value)));
    case "tokens":
      return count(Math.round(value));
    default:
      return value.toPrecision(3);
  }
}

/** A difference, with its sign: shares in percentage points. */
export function differenceOf(unit: string, value: number | null): string {
  if (value === null) return "∞";
  const sign = value > 0 ? "+" : value < 0 ? "−" : "";
  return sign + (unit === "share" ? `${(Math.abs(value) * 100).toFixed(2)} pp` : figureOf(unit, Math.abs(value)));
}

/** How long a hold is: "30 min". */
export const spanOf = (seconds: number): string => duration(seconds * 1000);
