/** Whether what is said in calls is kept, as forms hold it. */
import { graphql, type ResultOf } from "../graphql/documents.ts";

export const captureFragment = graphql(`
  fragment Capture on ContentCapture {
    on
    share
    retentionDays
    redact
  }
`);

type Capture = ResultOf<typeof captureFragment>;

export interface CaptureValues {
  /** as-above: the next larger scope says it. */
  readonly keep: "as-above" | "yes" | "no";
  /** Of calls, 1 to 100. */
  readonly percent: string;
  /** 1 to 365. */
  readonly days: string;
  readonly redact: Capture["redact"];
}

export const captureValues = (capture: Capture | null | undefined): CaptureValues =>
  capture == null
    ? { keep: "as-above", percent: "100", days: "30", redact: ["KEYS", "MEDIA"] }
    : {
        keep: capture.on ? "yes" : "no",
        percent: String(Math.round(capture.share * 10_000) / 100),
        days: String(capture.retentionDays),
        redact: [...capture.redact].sort(),
      };

export const captureInput = ({ keep, percent, days, redact }: CaptureValues) =>
  keep === "as-above" ? null : { on: keep === "yes", share: Number(percent) / 100, retentionDays: Number(days), redact: [...redact] };

/** Why it cannot be sent; undefined: it can. */
export function captureRefusal({ keep, percent, days }: CaptureValues): string | undefined {
  if (keep !== "yes") return undefined;
  if (!(Number(percent) > 0 && Number(percent) <= 100)) return "Of calls that are kept, say a share above 0 and up to 100 percent";
  if (!(Number.isInteger(Number(days)) && Number(days) >= 1 && Number(days) <= 365)) return "What is said is kept for 1 to 365 days";
  return undefined;
}

/** In a few words: "kept for 30 days, 10% of calls". */
export const captureWords = (capture: Capture | null, above: string): string =>
  capture === null
    ? above
    : !capture.on
      ? "not kept"
      : `kept for ${capture.retentionDays} days${capture.share === 1 ? "" : `, ${Math.round(capture.share * 10_000) / 100}% of calls`}`;
