/** Limits in relation to each other: which of them binds, and which stand on the same bar. */
import type { QuotaNow } from "./changes.ts";

const usedShare = ({ level, limit }: QuotaNow): number => Number(level.used) / (Number(limit) || 1);

/**
 * Of the limits that a call meets the one that it will meet first: the fullest that refuses, else the fullest. Among equals the
 * narrower, which comes later in the list. Undefined: nothing of any is used.
 */
export function bindingOf<Quota extends QuotaNow>(given: readonly Quota[]): Quota | undefined {
  const quotas = given.filter((quota) => usedShare(quota) > 0);
  const hard = quotas.filter(({ enforcement }) => enforcement === "HARD");
  const candidates = hard.length > 0 ? hard : quotas;
  return candidates.reduce<Quota | undefined>(
    (fullest, one) => (fullest === undefined || usedShare(one) >= usedShare(fullest) ? one : fullest),
    undefined,
  );
}

const what = ({ scopeKind, scopeId, within, resource, window, timeZone }: QuotaNow): string =>
  JSON.stringify([scopeKind, scopeId, within, resource, window, timeZone]);

/** The limits that count the same calls by the same clock and are reached before this one, the lowest first. */
export const marksOn = (quota: QuotaNow, among: readonly QuotaNow[]): readonly QuotaNow[] =>
  among
    .filter((one) => one.id !== quota.id && Number(one.limit) < Number(quota.limit) && what(one) === what(quota))
    .sort((one, other) => Number(one.limit) - Number(other.limit));
