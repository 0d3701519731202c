/** Numbers that look drawn and are always the same for the same name: what the demo is made of. Pure. */
import { createHash } from "node:crypto";

/** Sixteen draws of one name, taken one after the other. */
export interface Draws {
  /** [0, 1). */
  next(): number;
  /** Around 1, by how much it varies: log-normal, its median is 1. */
  spread(sigma: number): number;
}

export function drawsOf(name: string): Draws {
  const digest = createHash("sha512").update(name).digest();
  let at = 0;
  const next = (): number => {
    const value = digest.readUInt32BE((at % 16) * 4) / 2 ** 32;
    at++;
    return value;
  };
  return {
    next,
    // Box and Muller's way from two even draws to a normal one.
    spread: (sigma) => Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
  };
}

/** A UUID v7 of this instant, whose random part is the name's. */
export function idOf(name: string, atMs: number): string {
  const noise = createHash("sha256").update(name).digest("hex");
  const time = atMs.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${noise.slice(0, 3)}-8${noise.slice(3, 6)}-${noise.slice(6, 18)}`;
}
