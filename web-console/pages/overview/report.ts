/** What pages take from a usage report. */
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

/** "+12% on the time before". Undefined: there was nothing before. */
export function changeOn(now: number | null | undefined, before: number | null | undefined): string | undefined {
  if (now == null || before == null || before === 0) return undefined;
  const share = (now - before) / before;
  return `${share >= 0 ? "+" : "−"}${Math.abs(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)}% on the time before`;
}
