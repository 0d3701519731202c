/**
 * Which backends a call tries, in order: tier by tier, within a tier by weighted draw without putting back. Pure: the random
 * number is an argument. Lazy, because the first draw is nearly always the only one.
 */
import type { CompiledBackend, CompiledTier } from "../snapshot/compiled-route.ts";

/** @param random gives numbers in [0, 1). */
export function* backendsInOrder(tiers: readonly CompiledTier[], random: () => number): Generator<CompiledBackend, void> {
  for (const tier of tiers) {
    const draw = random() * tier.weightSum;
    const first = tier.targets.find(({ weightUpTo }) => draw < weightUpTo);
    if (first === undefined) continue;
    yield first.backend;
    const left = tier.targets.filter((target) => target !== first && target.weight > 0);
    while (left.length > 0) {
      let rest = random() * left.reduce((sum, { weight }) => sum + weight, 0);
      const at = Math.max(
        0,
        left.findIndex(({ weight }) => {
          rest -= weight;
          return rest < 0;
        }),
      );
      for (const { backend } of left.splice(at, 1)) yield backend;
    }
  }
}
