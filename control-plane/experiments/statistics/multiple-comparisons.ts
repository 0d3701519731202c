/** Corrections for many questions asked of one experiment: goals times variants. Guardrails are not corrected, on purpose. */

export type Correction = "holm" | "benjamini-hochberg" | "none";

/** Adjusted p-values in the order given. Holm bounds the chance of any false finding, Benjamini-Hochberg the share of false ones. */
export function adjustedPValues(pValues: readonly number[], correction: Correction): number[] {
  switch (correction) {
    case "none":
      return [...pValues];
    case "holm":
      return inOrder(pValues, "ascending", (p, rank, count) => p * (count - rank), Math.max);
    case "benjamini-hochberg":
      return inOrder(pValues, "descending", (p, rank, count) => (p * count) / (count - rank), Math.min);
    default:
      return correction satisfies never;
  }
}

/** Walks from one end, so that an adjusted value is never out of the order of the raw ones. */
function inOrder(
  pValues: readonly number[],
  direction: "ascending" | "descending",
  adjust: (p: number, rank: number, count: number) => number,
  keep: (one: number, other: number) => number,
): number[] {
  const order = pValues.map((p, index) => ({ p, index })).sort((a, b) => (direction === "ascending" ? a.p - b.p : b.p - a.p));
  const adjusted = new Array<number>(pValues.length).fill(1);
  let running = direction === "ascending" ? 0 : 1;
  order.forEach(({ p, index }, rank) => {
    running = keep(running, Math.min(1, adjust(p, rank, pValues.length)));
    adjusted[index] = running;
  });
  return adjusted;
}
