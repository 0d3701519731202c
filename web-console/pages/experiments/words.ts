/** Experiments in words. */
import { count, duration, money, percent } from "../../format/numbers.ts";
import type { Tone } from "../../ui/marks.tsx";

export const lower = (word: string): string => word.toLowerCase().replaceAll("_", " ");

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

export const statusTones: Readonly<Record<string, Tone>> = { RUNNING: "good", DRAFT: "info", STOPPED: "neutral" };

export const recommendations: Readonly<Record<string, { readonly name: string; readonly tone: Tone }>> = {
  SHIP: { name: "ship it", tone: "good" },
  ROLL_BACK: { name: "roll back", tone: "bad" },
  LOOK_INTO_IT: { name: "look into it", tone: "warn" },
  KEEP_RUNNING: { name: "keep it running", tone: "info" },
};

export const outcomes: Readonly<Record<string, { readonly name: string; readonly tone: Tone }>> = {
  SHIPPED: { name: "shipped", tone: "good" },
  ROLLED_BACK: { name: "rolled back", tone: "bad" },
  STOPPED: { name: "stopped", tone: "neutral" },
};

/** How long a hold is: "30 min". */
export const spanOf = (seconds: number): string => duration(seconds * 1000);
