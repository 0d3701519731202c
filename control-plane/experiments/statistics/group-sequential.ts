/**
 * Bounds for a number of looks that was planned before: the error is spent look by look (Lan and DeMets 1983; the power family of
 * Kim and DeMets 1987), and each bound is what is left for its look, by numerical integration over the paths that crossed none
 * before (Armitage, McPherson, Rowe 1969). Sharper than a confidence sequence where the looks are kept to; nothing for a page that
 * is looked at whenever somebody likes.
 */
import { normalCdf, normalPdf, normalQuantile } from "./distributions.ts";
import { bisect } from "./numeric.ts";

export interface GroupSequentialSettings {
  /** 0 to 1. */
  readonly alpha: number;
  readonly sides: 1 | 2;
  /** Of the share of information: alpha × share^exponent is spent by then. 2 saves most for the end, 1 spends evenly. */
  readonly exponent: number;
}

export const groupSequentialDefault: GroupSequentialSettings = { alpha: 0.05, sides: 2, exponent: 2 };

/** Beyond this nothing is ever found. */
const zMax = 8;
/** Of the step's standard deviation: the grid of a path's place. */
const gridStep = 0.05;
const gridMax = 1000;

/** Where a path is that crossed nothing, as a density over evenly spaced places. */
interface Paths {
  readonly from: number;
  readonly width: number;
  readonly density: Float64Array;
}

/** @param shares of the information at each look, rising, above 0 and up to 1. @returns a bound on |z| (one-sided: on z) for each. */
export function groupSequentialBounds(shares: readonly number[], settings: GroupSequentialSettings = groupSequentialDefault): number[] {
  const spentBy = (share: number) => (settings.alpha / settings.sides) * share ** settings.exponent;
  const bounds: number[] = [];
  let paths: Paths | undefined;
  let before = 0;
  for (const share of shares) {
    const deviation = Math.sqrt(share - before);
    const toSpend = spentBy(share) - spentBy(before);
    const bound = Math.min(zMax, paths === undefined ? normalQuantile(1 - toSpend) : boundOf(paths, deviation, toSpend, Math.sqrt(share)));
    bounds.push(bound);
    paths = below(bound * Math.sqrt(share), share, deviation, paths);
    before = share;
  }
  return bounds;
}

/** The z at which as many paths cross as there is error to spend. */
function boundOf(paths: Paths, deviation: number, toSpend: number, scale: number): number {
  const excess = (z: number) => sumOver(paths, (place) => normalCdf((place - z * scale) / deviation)) - toSpend;
  return excess(zMax) >= 0 ? zMax : bisect(excess, -zMax, zMax);
}

function below(bound: number, share: number, deviation: number, before: Paths | undefined): Paths {
  const from = -zMax * Math.sqrt(share);
  const pieces = Math.min(gridMax, Math.ceil((bound - from) / (gridStep * deviation)));
  const width = (bound - from) / pieces;
  const density = Float64Array.from({ length: pieces + 1 }, (_, i) => {
    const place = from + i * width;
    return before === undefined
      ? normalPdf(place / deviation) / deviation
      : sumOver(before, (earlier) => normalPdf((place - earlier) / deviation), place, zMax * deviation) / deviation;
  });
  return { from, width, density };
}

/** By the trapezoidal rule. @param reach around the centre; beyond it the weight is nothing. */
function sumOver({ from, width, density }: Paths, weight: (place: number) => number, centre = 0, reach = Number.POSITIVE_INFINITY): number {
  const last = density.length - 1;
  const begin = Math.max(0, Math.ceil((centre - reach - from) / width));
  const end = Math.min(last, Math.floor((centre + reach - from) / width));
  let sum = 0;
  for (let i = begin; i <= end; i++) {
    const term = (density[i] ?? 0) * weight(from + i * width);
    sum += i === 0 || i === last ? term / 2 : term;
  }
  return sum * width;
}
