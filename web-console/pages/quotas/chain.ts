/** Limits in relation to each other: which of them binds, and which stand on the same bar. */
import type { QuotaNow } from "./changes.ts";

/** There is no one count, then, that could be told: each end user has their own. */
export const countsEach = ({ scopeKind, within }: Pick<QuotaNow, "scopeKind" | "within">): boolean =>
  scopeKind === "END_USER" || within.some(({ kind }) => kind === "END_USER");

export const usedShare = (quota: QuotaNow): number => (countsEach(quota) ? 0 : Number(quota.level.used) / (Number(quota.limit) || 1));

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

/** The routes and backends that it is of alone. Undefined: every call meets it. */
function partOf({ scopeKind, scopeId, within }: QuotaNow, routeId: string | undefined): string | undefined {
  const parts = [{ kind: scopeKind, id: scopeId }, ...within].filter(
    ({ kind, id }) => kind === "BACKEND" || (kind === "ROUTE" && id !== routeId),
  );
  return parts.length === 0 ? undefined : JSON.stringify(parts);
}

/**
 * By their ids, the limits that bind first: one for all calls, and for each route or backend that has a fuller one of its own that
 * one, "there". Who never calls there never meets it.
 *
 * @param routeId the calls are of this route alone.
 */
export function bindingsOf(quotas: readonly QuotaNow[], routeId?: string): ReadonlyMap<string, "everywhere" | "there"> {
  const everywhere = quotas.filter((quota) => partOf(quota, routeId) === undefined);
  const bindings = new Map<string, "everywhere" | "there">();
  for (const part of new Set(quotas.map((quota) => partOf(quota, routeId)))) {
    const binding = bindingOf(quotas.filter((quota) => everywhere.includes(quota) || partOf(quota, routeId) === part));
    if (binding !== undefined) bindings.set(binding.id, everywhere.includes(binding) ? "everywhere" : "there");
  }
  return bindings;
}

const what = ({ scopeKind, scopeId, within, resource, window, timeZone }: QuotaNow): string =>
  JSON.stringify([scopeKind, scopeId, within, resource, window, timeZone]);

/** The limits that count the same calls by the same clock and are reached before this one, the lowest first. */
export const marksOn = (quota: QuotaNow, among: readonly QuotaNow[]): readonly QuotaNow[] =>
  among
    .filter((one) => one.id !== quota.id && Number(one.limit) < Number(quota.limit) && what(one) === what(quota))
    .sort((one, other) => Number(one.limit) - Number(other.limit));
