/** What pages take from a usage report. */
import { shortCount } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const figuresFragment = graphql(`
  fragment Figures on UsageFigures {
    calls
    failedCalls
    unpricedCalls
    totalTokens
    costNanodollars
    duration {
      p50Ms
      p95Ms
    }
    timeToFirstToken {
      p50Ms
      p95Ms
    }
  }
`);

export type Figures = ResultOf<typeof figuresFragment>;

export const failedShare = ({ calls, failedCalls }: Pick<Figures, "calls" | "failedCalls">): number | undefined =>
  calls === "0" ? undefined : Number(failedCalls) / Number(calls);

/** "+12% on a week before". Undefined: there was nothing then. */
export function changeOn(now: number | null | undefined, then: number | null | undefined, against = "the time before"): string | undefined {
  if (now == null || then == null || then === 0) return undefined;
  const share = (now - then) / then;
  if (Math.abs(share) < 0.0005) return `the same as ${against}`;
  if (share < -0.995 && now > 0) return `less than 1% of ${against}`;
  if (share >= 10) return `more than ten times ${against}`;
  return `${share >= 0 ? "+" : "−"}${Math.abs(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)}% on ${against}`;
}

/** Of a sum over a time: 12.3, 0.04. */
export function perSecond(sum: string, lengthMs: number): string {
  const rate = Number(sum) / (lengthMs / 1000);
  if (rate === 0) return "0";
  return rate >= 10 ? shortCount(Math.round(rate)) : rate < 0.01 ? "<0.01" : String(Number(rate.toPrecision(2)));
}
