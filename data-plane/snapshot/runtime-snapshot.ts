/**
 * What a call reads: the configuration as indexes, compiled once when it arrives. Weight tables, templates, variant ranges and
 * timeouts are ready; a call looks things up and computes nothing that does not depend on the call.
 *
 * Immutable. A delta makes a new one that shares all it did not touch, so its cost follows the change. Building throws where
 * something does not hold together, and then nothing has changed: all or nothing.
 */
import type {
  ApiKey,
  Backend,
  Budget,
  CatalogueModel,
  Delta,
  Experiment,
  Organisation,
  Project,
  Prompt,
  PromptVersion,
  Provider,
  Quota,
  Resource,
  ResourceKey,
  Revision,
  Route,
  Snapshot,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import { ResourceKind } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { type BudgetedCaller, budgetPercent, type ReachedBudgets, reachedBudgets } from "./budgets.ts";
import { type CompiledPromptVersion, compilePromptVersion } from "./compiled-prompt.ts";
import { type CompiledQuota, compileQuota, quotaScope } from "./compiled-quota.ts";
import { type CompiledRoute, compileRoute, compileRouteTo, type RouteParts } from "./compiled-route.ts";
import { type PersistentMap, persistentMap } from "./persistent-map.ts";

export interface RuntimeSnapshot {
  readonly revision: Revision;
  /** "<epoch>-<number>", as answers carry it. */
  readonly revisionText: string;
  apiKey(publicId: string): ApiKey | undefined;
  organisation(id: string): Organisation | undefined;
  project(id: string): Project | undefined;
  route(organisationId: string, name: string): CompiledRoute | undefined;
  routesOf(organisationId: string): CompiledRoute[];
  /** A route of no name to one backend alone, for whoever tries it. Compiled when it is asked for. */
  routeToBackend(organisationId: string, backendId: string): CompiledRoute | undefined;
  /** undefined: there is none of that id. */
  routeName(id: string): string | undefined;
  prompt(organisationId: string, name: string): Prompt | undefined;
  promptVersion(promptId: string, version: number): CompiledPromptVersion | undefined;
  /** Whether anybody keeps what is said in calls: most nodes' calls need not ask further. */
  readonly keepsContent: boolean;
  /** Another object whenever any quota has changed: what was derived from quotas holds for as long as this is the same. */
  readonly quotaIndex: object;
  /** @param scope see quotaScope. */
  quotas(organisationId: string, scope: string): readonly CompiledQuota[];
  /** How far the furthest of the caller's budgets is spent, in percent, as far as routes ask for it. 0: not that far. */
  budgetPercent(caller: BudgetedCaller, atMs: number): number;
  /** @throws Error naming the resource, where the result would not hold together. The delta must lead on from this revision. */
  withDelta(delta: Delta, revision: Revision): RuntimeSnapshot;
}

/** @throws Error naming the resource that does not hold together. */
export function buildRuntimeSnapshot(snapshot: Snapshot): RuntimeSnapshot {
  if (snapshot.revision === undefined) throw new Error("the snapshot names no revision");
  const tables = emptyTables();
  for (const resource of snapshot.resources) addTo(tables, resource);
  const resources = mapTables(tables);
  const versions = persistentMap<CompiledPromptVersion>(
    [...resources.promptVersion.values()].map((version) => [promptVersionKey(version.promptId, version.version), compiled(version)]),
  );
  const experiments = runningByRoute(resources.experiment.values());
  const parts = partsOf(resources, versions);
  const routes: [string, CompiledRoute][] = [];
  for (const route of resources.route.values())
    routes.push([routeKey(route.organisationId, route.name), compileRoute(route, experiments.get(route.id), parts)]);
  return over({
    resources,
    versions,
    experiments,
    routes: persistentMap(routes),
    keys: persistentMap([...resources.apiKey.values()].map((key) => [key.publicId, key])),
    prompts: persistentMap([...resources.prompt.values()].map((prompt) => [routeKey(prompt.organisationId, prompt.name), prompt])),
    quotas: persistentMap(quotaLists(resources.quota.values())),
    budgets: reachedBudgets(resources.budget.values()),
    keepers: new Set(snapshot.resources.flatMap(({ resource }) => (isKeeper(resource) ? [resource.value.id] : []))),
    revision: snapshot.revision,
  });
}

interface Resources {
  organisation: PersistentMap<Organisation>;
  project: PersistentMap<Project>;
  apiKey: PersistentMap<ApiKey>;
  provider: PersistentMap<Provider>;
  backend: PersistentMap<Backend>;
  route: PersistentMap<Route>;
  prompt: PersistentMap<Prompt>;
  promptVersion: PersistentMap<PromptVersion>;
  experiment: PersistentMap<Experiment>;
  quota: PersistentMap<Quota>;
  catalogueModel: PersistentMap<CatalogueModel>;
  budget: PersistentMap<Budget>;
}
type Kind = keyof Resources;
type ResourceOf<K extends Kind> = Resources[K] extends PersistentMap<infer Value> ? Value : never;

const kindNames = {
  [ResourceKind.ORGANISATION]: "organisation",
  [ResourceKind.PROJECT]: "project",
  [ResourceKind.API_KEY]: "apiKey",
  [ResourceKind.PROVIDER]: "provider",
  [ResourceKind.BACKEND]: "backend",
  [ResourceKind.ROUTE]: "route",
  [ResourceKind.PROMPT]: "prompt",
  [ResourceKind.PROMPT_VERSION]: "promptVersion",
  [ResourceKind.EXPERIMENT]: "experiment",
  [ResourceKind.QUOTA]: "quota",
  [ResourceKind.CATALOGUE_MODEL]: "catalogueModel",
  [ResourceKind.BUDGET]: "budget",
} satisfies Record<Exclude<ResourceKind, 0>, Kind>;

interface Indexes {
  readonly resources: Resources;
  readonly versions: PersistentMap<CompiledPromptVersion>;
  /** Running experiments by route id. */
  readonly experiments: ReadonlyMap<string, Experiment>;
  readonly routes: PersistentMap<CompiledRoute>;
  readonly keys: PersistentMap<ApiKey>;
  readonly prompts: PersistentMap<Prompt>;
  readonly quotas: PersistentMap<readonly CompiledQuota[]>;
  readonly budgets: ReachedBudgets;
  /** Ids of organisations, projects and routes that keep what is said. */
  readonly keepers: ReadonlySet<string>;
  readonly revision: Revision;
}

function over(indexes: Indexes): RuntimeSnapshot {
  const { resources, routes, keys, prompts, versions, quotas, budgets, keepers, revision } = indexes;
  return {
    revision,
    revisionText: `${revision.epoch}-${revision.number}`,
    apiKey: (publicId) => keys.get(publicId),
    organisation: (id) => resources.organisation.get(id),
    project: (id) => resources.project.get(id),
    route: (organisationId, name) => routes.get(routeKey(organisationId, name)),
    routesOf: (organisationId) =>
      [...routes.values()].filter((route) => route.organisationId === organisationId).sort((a, b) => (a.name < b.name ? -1 : 1)),
    routeToBackend: (organisationId, backendId) => {
      const backend = resources.backend.get(backendId);
      if (backend?.organisationId !== organisationId) return undefined;
      return compileRouteTo(backend, partsOf(resources, versions));
    },
    routeName: (id) => resources.route.get(id)?.name,
    prompt: (organisationId, name) => prompts.get(routeKey(organisationId, name)),
    promptVersion: (promptId, version) => versions.get(promptVersionKey(promptId, version)),
    keepsContent: keepers.size > 0,
    quotaIndex: quotas,
    quotas: (organisationId, scope) => quotas.get(routeKey(organisationId, scope)) ?? noQuotas,
    budgetPercent: (caller, atMs) => budgetPercent(budgets, caller, atMs),
    withDelta: (delta, next) => over(applied(indexes, delta, next)),
  };
}

const noQuotas: readonly CompiledQuota[] = [];
const routeKey = (organisationId: string, name: string) => `${organisationId}/${name}`;
const promptVersionKey = (promptId: string, version: number) => `${promptId}@${version}`;

/** What a delta says of one resource in the end; undefined: it is removed. */
interface Change {
  readonly kind: Kind;
  readonly id: string;
  readonly next: Resource["resource"] | undefined;
}

function changesOf(delta: Delta): Change[] {
  const changes = new Map<string, Change>();
  for (const resource of delta.upserted) {
    const { kind, id } = identify(resource);
    changes.set(`${kind} ${id}`, { kind, id, next: resource.resource });
  }
  for (const key of delta.removed) {
    const kind = kindOf(key);
    changes.set(`${kind} ${key.id}`, { kind, id: key.id, next: undefined });
  }
  return [...changes.values()];
}

/** First all that goes, then all that comes: within one delta a name may pass from one resource to another, or two may swap. */
function applied(indexes: Indexes, delta: Delta, revision: Revision): Indexes {
  const resources: Resources = { ...indexes.resources };
  let { keys, prompts, versions, routes, quotas, budgets, keepers, experiments } = indexes;
  /** Ids of what changed and may be compiled into routes. */
  const changed = new Set<string>();
  const routesChanged = new Set<string>();
  let quotasChanged = false;
  let budgetsChanged = false;
  const changes = changesOf(delta);

  for (const { kind, id, next } of changes) {
    switch (kind) {
      case "apiKey": {
        const old = resources.apiKey.get(id);
        if (old !== undefined) keys = keys.with(old.publicId, undefined);
        break;
      }
      case "route": {
        const old = resources.route.get(id);
        if (old !== undefined) routes = routes.with(routeKey(old.organisationId, old.name), undefined);
        routesChanged.add(id);
        break;
      }
      case "prompt": {
        const old = resources.prompt.get(id);
        if (old !== undefined) prompts = prompts.with(routeKey(old.organisationId, old.name), undefined);
        changed.add(id);
        break;
      }
      case "promptVersion": {
        const old = resources.promptVersion.get(id);
        if (old !== undefined) {
          versions = versions.with(promptVersionKey(old.promptId, old.version), undefined);
          changed.add(old.promptId);
        }
        break;
      }
      case "experiment": {
        const old = resources.experiment.get(id);
        if (old !== undefined) routesChanged.add(old.routeId);
        break;
      }
      case "quota":
        quotasChanged = true;
        break;
      case "budget":
        budgetsChanged = true;
        break;
      case "organisation":
      case "catalogueModel":
      case "provider":
      case "backend":
        changed.add(id);
        break;
      case "project":
        break;
      default:
        kind satisfies never;
    }
    put(resources, kind, id, next);
    if (keepers.has(id) || isKeeper(next)) keepers = withKeeper(keepers, id, isKeeper(next));
  }

  for (const { next } of changes) {
    switch (next?.case) {
      case "apiKey":
        keys = keys.with(next.value.publicId, next.value);
        break;
      case "prompt":
        prompts = prompts.with(routeKey(next.value.organisationId, next.value.name), next.value);
        break;
      case "promptVersion":
        // No route can have been compiled from a version that was not there before.
        versions = versions.with(promptVersionKey(next.value.promptId, next.value.version), compiled(next.value));
        break;
      case "experiment":
        routesChanged.add(next.value.routeId);
        break;
      default:
        // Routes and quotas are compiled below, from all that changed; the others have no index of their own.
        break;
    }
  }

  if (routesChanged.size > 0) experiments = runningByRoute(resources.experiment.values());
  if (changed.size > 0)
    for (const route of routes.values()) if (route.references.some((id) => changed.has(id))) routesChanged.add(route.id);
  const parts = partsOf(resources, versions);
  for (const id of routesChanged) {
    const route = resources.route.get(id);
    if (route !== undefined)
      routes = routes.with(routeKey(route.organisationId, route.name), compileRoute(route, experiments.get(id), parts));
  }
  if (quotasChanged) quotas = persistentMap(quotaLists(resources.quota.values()));
  if (budgetsChanged) budgets = reachedBudgets(resources.budget.values());
  return { resources, keys, prompts, versions, routes, quotas, budgets, keepers, experiments, revision };
}

const partsOf = (resources: Resources, versions: PersistentMap<CompiledPromptVersion>): RouteParts => ({
  organisation: (id) => resources.organisation.get(id),
  catalogueModel: (id) => resources.catalogueModel.get(id),
  backend: (id) => resources.backend.get(id),
  provider: (id) => resources.provider.get(id),
  prompt: (id) => resources.prompt.get(id),
  promptVersion: (promptId, version) => versions.get(promptVersionKey(promptId, version)),
});

const compiled = (version: PromptVersion): CompiledPromptVersion => compilePromptVersion(version);

/** Whether it says that what is said in calls is kept. */
const isKeeper = (
  resource: Resource["resource"] | undefined,
): resource is Extract<Resource["resource"], { case: "organisation" | "project" | "route" }> =>
  (resource?.case === "organisation" || resource?.case === "project" || resource?.case === "route") &&
  resource.value.contentCapture?.on === true;

function withKeeper(keepers: ReadonlySet<string>, id: string, keeps: boolean): ReadonlySet<string> {
  const next = new Set(keepers);
  if (keeps) next.add(id);
  else next.delete(id);
  return next;
}

function runningByRoute(experiments: Iterable<Experiment>): Map<string, Experiment> {
  const byRoute = new Map<string, Experiment>();
  for (const experiment of experiments) byRoute.set(experiment.routeId, experiment);
  return byRoute;
}

function quotaLists(quotas: Iterable<Quota>): Map<string, readonly CompiledQuota[]> {
  const lists = new Map<string, CompiledQuota[]>();
  for (const quota of quotas) {
    const compiledQuota = compileQuota(quota);
    for (const scope of compiledQuota.onBackends ? [compiledQuota.scope, quotaScope.backends] : [compiledQuota.scope]) {
      const key = routeKey(quota.organisationId, scope);
      const list = lists.get(key);
      if (list === undefined) lists.set(key, [compiledQuota]);
      else list.push(compiledQuota);
    }
  }
  // The order of holds must not depend on the way that a node came to its revision.
  for (const list of lists.values()) list.sort((a, b) => (a.id < b.id ? -1 : 1));
  return lists;
}

type Tables = { [K in Kind]: [string, ResourceOf<K>][] };

const emptyTables = (): Tables => ({
  organisation: [],
  project: [],
  apiKey: [],
  provider: [],
  backend: [],
  route: [],
  prompt: [],
  promptVersion: [],
  experiment: [],
  quota: [],
  catalogueModel: [],
  budget: [],
});

function addTo(tables: Tables, resource: Resource): void {
  const { kind, id } = identify(resource);
  (tables[kind] as [string, unknown][]).push([id, resource.resource.value]);
}

const mapTables = (tables: Tables): Resources => ({
  organisation: persistentMap(tables.organisation),
  project: persistentMap(tables.project),
  apiKey: persistentMap(tables.apiKey),
  provider: persistentMap(tables.provider),
  backend: persistentMap(tables.backend),
  route: persistentMap(tables.route),
  prompt: persistentMap(tables.prompt),
  promptVersion: persistentMap(tables.promptVersion),
  experiment: persistentMap(tables.experiment),
  quota: persistentMap(tables.quota),
  catalogueModel: persistentMap(tables.catalogueModel),
  budget: persistentMap(tables.budget),
});

function put(resources: Resources, kind: Kind, id: string, next: Resource["resource"] | undefined): void {
  // The kind was read from the same resource, so table and value agree; the checker cannot follow that across the union.
  const table = resources[kind] as PersistentMap<unknown>;
  (resources as Record<Kind, PersistentMap<unknown>>)[kind] = table.with(id, next?.value);
}

function identify(resource: Resource): { kind: Kind; id: string } {
  if (resource.resource.case === undefined)
    throw new Error("the configuration holds a resource of a kind that this node does not know; update the node");
  return { kind: resource.resource.case, id: resource.resource.value.id };
}

function kindOf(key: ResourceKey): Kind {
  const kind = (kindNames as Partial<Record<number, Kind>>)[key.kind];
  if (kind === undefined) throw new Error(`resource ${key.id} is of a kind that this node does not know; update the node`);
  return kind;
}
