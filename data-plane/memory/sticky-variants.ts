/** What units were given, for one process without Redis. Bounded: the unit that was kept first goes first. */
import type { StickyVariants } from "../pipeline/sticky-variant.ts";

const unitsMax = 100_000;

export function memoryStickyVariants(): StickyVariants {
  const kept = new Map<string, string>();
  return {
    find: async (experimentId, keys) => keys.map((key) => kept.get(`${experimentId} ${key}`)),
    keep: (experimentId, key, value) => {
      if (kept.size >= unitsMax) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
      kept.set(`${experimentId} ${key}`, value);
    },
  };
}
