/** The numerical methods that the statistics need: a root, a least point, an integral. Pure. */

/** Where `f`, whose signs differ at the two ends, is 0; within 1e-12 of the first interval's length. */
export function bisect(f: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  const lowIsPositive = f(low) > 0;
  for (let step = 0; step < 60 && high - low > 1e-12 * (to - from); step++) {
    const middle = (low + high) / 2;
    if (f(middle) > 0 === lowIsPositive) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Where a function that falls and then rises is least. */
export function minimum(f: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  for (let step = 0; step < 100; step++) {
    const third = (high - low) / 3;
    if (f(low + third) < f(high - third)) high -= third;
    else low += third;
  }
  return (low + high) / 2;
}

/** Simpson's rule; `pieces` is even. */
export function integral(f: (x: number) => number, from: number, to: number, pieces = 4000): number {
  const width = (to - from) / pieces;
  let sum = f(from) + f(to);
  for (let i = 1; i < pieces; i++) sum += f(from + i * width) * (i % 2 === 1 ? 4 : 2);
  return (sum * width) / 3;
}
