/** A quota in the words of the ledger that counts it, with what it is laid on. Pure. */
import { quotaWindows } from "#agreements/quota-window.ts";
import type { Quota, QuotaNarrowing } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { MeteredQuota } from "../pipeline/quota-ledger.ts";

export interface CompiledQuota extends MeteredQuota {
  readonly key: string;
  /** Where it is found: see quotaScope. That of a backend, if one is among what it is laid on. */
  readonly scope: string;
  /** As people read it: "api_key:… on route:…". */
  readonly scopeText: string;
  /** undefined: any. All that are given must hold. */
  readonly projectId: string | undefined;
  readonly apiKeyId: string | undefined;
  readonly routeId: string | undefined;
  readonly backendId: string | undefined;
  readonly onBackends: boolean;
  readonly eachEndUser: boolean;
}

/** Names what a quota is laid on: the key of the snapshot's `quotas`. */
export const quotaScope = {
  organisation: "organisation",
  endUser: "end_user",
  project: (id: string) => `project:${id}`,
  apiKey: (id: string) => `api_key:${id}`,
  route: (id: string) => `route:${id}`,
  backend: (id: string) => `backend:${id}`,
  /** All that are laid on some backend. */
  backends: "backends",
};

const resources = ["requests", "tokens", "input_tokens", "output_tokens", "cost", "concurrent_calls"] as const;

/** @throws Error naming a word that this node does not know. */
export function compileQuota(quota: Quota): CompiledQuota {
  if (quota.scope.case === undefined) throw new Error(`quota ${quota.key} has no scope`);
  const parts = [quota.scope, ...quota.within.map(({ to }) => to)];
  const idOf = (name: "projectId" | "apiKeyId" | "routeId" | "backendId"): string | undefined => {
    const part = parts.find((one) => one.case === name);
    return typeof part?.value === "string" ? part.value : undefined;
  };
  const backendId = idOf("backendId");
  return {
    id: quota.id,
    organisationId: quota.organisationId,
    key: quota.key,
    resource: oneOf(resources, quota.resource, quota.key),
    window: oneOf(quotaWindows, quota.window, quota.key),
    timeZone: quota.timeZone === "" ? "UTC" : quota.timeZone,
    limit: Number(quota.limit),
    burst: Number(quota.burst),
    enforcement: oneOf(["hard", "soft", "shadow"] as const, quota.enforcement, quota.key),
    scope: backendId === undefined ? scopeOf(quota.scope) : quotaScope.backend(backendId),
    scopeText: parts.map(scopeOf).join(" on "),
    projectId: idOf("projectId"),
    apiKeyId: idOf("apiKeyId"),
    routeId: idOf("routeId"),
    backendId,
    onBackends: backendId !== undefined,
    eachEndUser: parts.some((part) => part.case === "endUser"),
  };
}

function scopeOf(part: Quota["scope"] | QuotaNarrowing["to"]): string {
  switch (part.case) {
    case "organisation":
      return quotaScope.organisation;
    case "endUser":
      return quotaScope.endUser;
    case "projectId":
      return quotaScope.project(part.value);
    case "apiKeyId":
      return quotaScope.apiKey(part.value);
    case "routeId":
      return quotaScope.route(part.value);
    case "backendId":
      return quotaScope.backend(part.value);
    case undefined:
      throw new Error("a quota is narrowed to something that this node does not know; update the node");
    default:
      return part satisfies never;
  }
}

function oneOf<Word extends string>(words: readonly Word[], word: string, quotaKey: string): Word {
  const known = words.find((candidate) => candidate === word);
  if (known === undefined) throw new Error(`quota "${quotaKey}" says "${word}", this node knows ${words.join(", ")}`);
  return known;
}
