/** The distributions that the statistics need, from jStat. The one file that knows the library, which brings no types. */
import { createRequire } from "node:module";

interface JStat {
  readonly normal: { pdf(x: number, mean: number, sd: number): number; cdf(x: number, mean: number, sd: number): number };
  readonly studentt: { cdf(x: number, degrees: number): number; inv(p: number, degrees: number): number };
  readonly chisquare: { cdf(x: number, degrees: number): number };
  readonly beta: { pdf(x: number, alpha: number, beta: number): number; cdf(x: number, alpha: number, beta: number): number };
  erfcinv(p: number): number;
  betaln(alpha: number, beta: number): number;
  gammaln(x: number): number;
}
const { jStat } = createRequire(import.meta.url)("jstat") as { readonly jStat: JStat };

export const normalPdf = (z: number): number => jStat.normal.pdf(z, 0, 1);
export const normalCdf = (z: number): number => jStat.normal.cdf(z, 0, 1);
export const normalQuantile = (p: number): number => -Math.SQRT2 * jStat.erfcinv(2 * p);
export const studentCdf = (t: number, degrees: number): number => jStat.studentt.cdf(t, degrees);
export const studentQuantile = (p: number, degrees: number): number => jStat.studentt.inv(p, degrees);
export const chiSquareUpperTail = (x: number, degrees: number): number => 1 - jStat.chisquare.cdf(x, degrees);
export const betaPdf = (x: number, alpha: number, beta: number): number => jStat.beta.pdf(x, alpha, beta);
export const betaCdf = (x: number, alpha: number, beta: number): number => jStat.beta.cdf(x, alpha, beta);
export const lnBeta = (alpha: number, beta: number): number => jStat.betaln(alpha, beta);
export const lnGamma = (x: number): number => jStat.gammaln(x);
