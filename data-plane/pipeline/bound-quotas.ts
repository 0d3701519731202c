/** Which quotas a call falls under. They are the same from call to call of a key on a route until a quota changes. */
import type { ApiKey } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { type CompiledQuota, quotaScope } from "../snapshot/compiled-quota.ts";
import type { CompiledRoute } from "../snapshot/compiled-route.ts";
import type { RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import type { Caller } from "./authenticate.ts";

export interface BoundQuota {
  readonly quota: CompiledQuota;
  /** "" for all of the scope, an end user's hash for a quota of each. */
  readonly subject: string;
}

export interface BoundQuotas {
  readonly bound: readonly BoundQuota[];
  /** Asked for when a backend is tried. */
  readonly onBackends: readonly BoundQuota[];
  /** What a hold on them needs to know of the call. */
  readonly needs: QuotaNeeds;
}

export interface QuotaNeeds {
  /** How many tokens it will use: nobody asks; roughly, where no more than a warning hangs on it; counted. */
  readonly tokens: "none" | "guessed" | "counted";
  readonly cost: boolean;
  /** Whether a hold must grow with an answer that runs on. */
  readonly growth: boolean;
}

interface Known extends BoundQuotas {
  readonly index: object;
  /** Of each end user: bound with the user's hash. */
  readonly ofEndUsers: readonly CompiledQuota[];
}

const knownBy = new WeakMap<CompiledRoute, WeakMap<ApiKey, Known>>();

export function quotasOf(snapshot: RuntimeSnapshot, caller: Caller, route: CompiledRoute, endUserHash: string): BoundQuotas {
  let byKey = knownBy.get(route);
  if (byKey === undefined) {
    byKey = new WeakMap();
    knownBy.set(route, byKey);
  }
  let known = byKey.get(caller.apiKey);
  if (known?.index !== snapshot.quotaIndex) {
    known = look(snapshot, caller, route);
    byKey.set(caller.apiKey, known);
  }
  if (endUserHash === "" || known.ofEndUsers.length === 0) return known;
  const ofUser = known.ofEndUsers.map((quota): BoundQuota => ({ quota, subject: endUserHash }));
  const bound = [...known.bound, ...ofUser.filter(({ quota }) => !quota.onBackends)];
  const onBackends = [...known.onBackends, ...ofUser.filter(({ quota }) => quota.onBackends)];
  return { bound, onBackends, needs: needsOf([...bound, ...onBackends]) };
}

function needsOf(quotas: readonly BoundQuota[]): QuotaNeeds {
  const measured = quotas.filter(({ quota: { resource } }) => resource !== "requests" && resource !== "concurrent_calls");
  const isHard = ({ quota }: BoundQuota) => quota.enforcement === "hard";
  return {
    tokens: measured.length === 0 ? "none" : measured.some(isHard) ? "counted" : "guessed",
    cost: measured.some(({ quota }) => quota.resource === "cost"),
    growth: measured.some((one) => isHard(one) && one.quota.resource !== "input_tokens"),
  };
}

function look(snapshot: RuntimeSnapshot, caller: Caller, route: CompiledRoute): Known {
  const scopes = [
    quotaScope.organisation,
    quotaScope.project(caller.projectId),
    quotaScope.apiKey(caller.apiKey.id),
    quotaScope.route(route.id),
    quotaScope.endUser,
  ];
  const holds = (quota: CompiledQuota) =>
    (quota.projectId ?? caller.projectId) === caller.projectId &&
    (quota.apiKeyId ?? caller.apiKey.id) === caller.apiKey.id &&
    (quota.routeId ?? route.id) === route.id;
  const all = scopes.flatMap((scope) => snapshot.quotas(caller.organisationId, scope)).filter(holds);
  const backends = snapshot.quotas(caller.organisationId, quotaScope.backends).filter(holds);
  const whole = (quotas: readonly CompiledQuota[]) =>
    quotas.filter(({ eachEndUser }) => !eachEndUser).map((quota): BoundQuota => ({ quota, subject: "" }));
  const [bound, onBackends] = [whole(all), whole(backends)];
  return {
    index: snapshot.quotaIndex,
    bound,
    onBackends,
    needs: needsOf([...bound, ...onBackends]),
    ofEndUsers: [...all, ...backends].filter(({ eachEndUser }) => eachEndUser),
  };
}
