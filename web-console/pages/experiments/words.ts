/** Experiments in words. */
import type { Tone } from "../../ui/marks.tsx";

export const lower = (word: string): string => word.toLowerCase().replaceAll("_", " ");

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

/** Why the newest look's numbers cannot be believed; undefined: they can, or there are none. */
export const doubtOf = (verdict: { readonly recommendation: string; readonly text: string } | undefined): string | undefined =>
  verdict?.recommendation === "LOOK_INTO_IT" ? verdict.text : undefined;
