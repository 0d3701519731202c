/** What a rule would have told, in a sentence. Pure. */
import { counted } from "../../../format/numbers.ts";
import { windowWords } from "./metrics.ts";

/** Of its firings, the last. */
export const firingsShown = 4;

interface Told {
  readonly points: readonly { readonly value: number | null }[];
  readonly firings: readonly unknown[];
}

interface Asked {
  readonly windowMinutes: number;
  readonly callsMin: number;
}

/** @param threshold null: none was typed, and the time gives none. */
export function toldWords({ points, firings }: Told, { windowMinutes, callsMin }: Asked, threshold: number | null): string {
  if (points.every(({ value }) => value === null))
    return `No ${windowMinutes === 60 ? "hour" : windowWords(windowMinutes)} had the ${counted(callsMin, "call")} that it wants: a longer time, or fewer calls, would say something.`;
  if (threshold === null) return "Type a threshold to see what it would have told.";
  if (firings.length === 0) return "It would have told nobody anything.";
  const times = `It would have told ${counted(firings.length, "time")}`;
  return firings.length > firingsShown ? `${times}; the last ${firingsShown}:` : `${times}.`;
}
