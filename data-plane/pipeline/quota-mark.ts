/** What a quota did to a call, as its usage event says it: see penstock.usage.v1.QuotaMark. Pure. */
import type { CompiledQuota } from "../snapshot/compiled-quota.ts";
import type { BoundQuota } from "./bound-quotas.ts";
import type { QuotaLevel } from "./quota-ledger.ts";

export interface QuotaMark {
  readonly quota: CompiledQuota;
  /** passed_over: the backend that it is laid on was not asked, another was. passed: soft and shadow quotas let that happen. */
  readonly effect: "passed_over" | "passed";
}

export const noMarks: readonly QuotaMark[] = [];

/** Of the soft and shadow quotas that are passed. */
export function passedMarks(bound: readonly BoundQuota[], levels: readonly QuotaLevel[]): readonly QuotaMark[] {
  for (let index = 0; index < levels.length; index++) if (levels[index]?.exceeded === true) return marksOf(bound, levels);
  return noMarks;
}

const marksOf = (bound: readonly BoundQuota[], levels: readonly QuotaLevel[]): readonly QuotaMark[] =>
  bound.flatMap(({ quota }, index) =>
    levels[index]?.exceeded === true && quota.enforcement !== "hard" ? [{ quota, effect: "passed" as const }] : [],
  );
