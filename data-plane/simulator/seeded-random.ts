/**
 * Randomness that is none: the same parts give the same numbers on every machine. SHA-256 of the parts seeds sfc32, a small
 * generator of good quality. Not for secrets.
 */
import { hash } from "node:crypto";

/** The next number in [0, 1). */
export type Random = () => number;

/** 64 hex digits. Parts are separated, so ("a", "bc") and ("ab", "c") differ. */
export const digestOf = (...parts: readonly string[]): string => hash("sha256", parts.join("\0"), "hex");

export const seededRandom = (...parts: readonly string[]): Random => randomFromDigest(digestOf(...parts));

function randomFromDigest(digest: string): Random {
  const word = (index: number) => Number.parseInt(digest.slice(index * 8, index * 8 + 8), 16) | 0;
  let a = word(0);
  let b = word(1);
  let c = word(2);
  let counter = word(3);
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to `below` - 1. */
export const pickIndex = (random: Random, below: number): number => Math.floor(random() * below);

/** One of the items. @throws RangeError where there is none. */
export function pickFrom<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[pickIndex(random, items.length)];
  if (item === undefined) throw new RangeError("there is nothing to pick from");
  return item;
}
