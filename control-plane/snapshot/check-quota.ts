/** What can be said of a quota by itself. Paths are in the words of the mutations' inputs. */
import { slidingMs } from "#agreements/quota-window.ts";
import type { ValidationIssue } from "../control-error.ts";
import {
  type Quota,
  type QuotaScopeKind,
  quotaEnforcements,
  quotaResources,
  quotaScopeKinds,
  quotaWindows,
} from "../database/entities/quota.ts";
import { isTimeZone } from "../time-zone.ts";

/** Counters are exact up to here. */
const limitMax = BigInt(Number.MAX_SAFE_INTEGER);

const hasNoId = (kind: QuotaScopeKind): boolean => kind === "organisation" || kind === "end_user";

export function checkQuota(row: Quota, issues: ValidationIssue[]): void {
  const word = (path: string, value: string, words: readonly string[]) => {
    if (!words.includes(value)) issues.push({ path, message: `must be one of ${words.join(", ")}` });
  };
  word("scopeKind", row.scopeKind, quotaScopeKinds);
  word("resource", row.resource, quotaResources);
  word("window", row.window, quotaWindows);
  word("enforcement", row.enforcement, quotaEnforcements);
  if (row.limit < 0n || row.limit > limitMax) issues.push({ path: "limit", message: `must be from 0 to ${limitMax}` });
  if (hasNoId(row.scopeKind) && row.scopeId != null)
    issues.push({ path: "scopeId", message: `a quota for ${row.scopeKind} has no scopeId` });
  if (!hasNoId(row.scopeKind) && row.scopeId == null)
    issues.push({ path: "scopeId", message: `a quota for a ${row.scopeKind} needs its scopeId` });
  checkNarrowing(row, issues);
  if ((row.resource === "concurrent_calls") !== (row.window === "none"))
    issues.push({ path: "window", message: "must be none for concurrent_calls, which are counted at a moment, and for nothing else" });
  if (!isTimeZone(row.timeZone)) issues.push({ path: "timeZone", message: "must be an IANA time zone such as Europe/Berlin" });
  const isSliding = slidingMs[row.window] !== undefined;
  if (row.burst !== 0n && !isSliding) issues.push({ path: "burst", message: "is for windows of a second, minute or hour" });
  else if (row.burst < 0n || row.burst > row.limit)
    issues.push({ path: "burst", message: "must be from 0 (as much as the limit) to the limit" });
}

function checkNarrowing({ scopeKind, within }: Quota, issues: ValidationIssue[]): void {
  const kinds = new Set<QuotaScopeKind>([scopeKind]);
  within.forEach(({ kind, id }, index) => {
    const path = `within[${index}]`;
    if (kind === "organisation") issues.push({ path: `${path}.kind`, message: "every quota is within its organisation" });
    if (kinds.has(kind)) issues.push({ path: `${path}.kind`, message: `${kind} is said already` });
    kinds.add(kind);
    if (kind === "end_user" && id !== null) issues.push({ path: `${path}.id`, message: "each end user is counted; there is no id" });
    if (!hasNoId(kind) && id === null) issues.push({ path: `${path}.id`, message: `must name the ${kind}` });
  });
}
