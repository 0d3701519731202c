/** Random configurations and histories of changes, and all that can be asked of a snapshot of them: for model-based tests. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  DeltaSchema,
  type ResourceKey,
  type ResourceKeySchema,
  ResourceKind,
  ResourceSchema,
  RevisionSchema,
  SnapshotSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import { quotaScope } from "../../data-plane/snapshot/compiled-quota.ts";
import type { BoundPrompt, CompiledRoute, CompiledTier } from "../../data-plane/snapshot/compiled-route.ts";
import { buildRuntimeSnapshot, type RuntimeSnapshot } from "../../data-plane/snapshot/runtime-snapshot.ts";
import type { ResourceInit } from "../pipeline/sample-call.ts";

const kinds = {
  organisation: ResourceKind.ORGANISATION,
  project: ResourceKind.PROJECT,
  apiKey: ResourceKind.API_KEY,
  provider: ResourceKind.PROVIDER,
  backend: ResourceKind.BACKEND,
  route: ResourceKind.ROUTE,
  prompt: ResourceKind.PROMPT,
  promptVersion: ResourceKind.PROMPT_VERSION,
  experiment: ResourceKind.EXPERIMENT,
  quota: ResourceKind.QUOTA,
  catalogueModel: ResourceKind.CATALOGUE_MODEL,
  budget: ResourceKind.BUDGET,
} as const;
type Case = keyof typeof kinds;
type Init<C extends Case> = Extract<ResourceInit, { case: C }>["value"];

const organisations = ["o0", "o1"] as const;
export const names = ["n0", "n1", "n2", "n3", "n4"] as const;
const scopes = [quotaScope.organisation, quotaScope.endUser, quotaScope.project("j0"), quotaScope.apiKey("k0"), quotaScope.route("r0")];
const publicIds = ["public0", "public1", "public2", "public3", "public4"] as const;

/** All that can be asked of a snapshot, as plain data that can be compared. */
export function answersOf(snapshot: RuntimeSnapshot) {
  return {
    keepsContent: snapshot.keepsContent,
    keys: publicIds.map((id) => snapshot.apiKey(id)),
    projects: pool("j", 2).map((id) => snapshot.project(id)),
    organisations: organisations.map((id) => snapshot.organisation(id)),
    routes: organisations.flatMap((o) => names.map((name) => plainRoute(snapshot.route(o, name)))),
    lists: organisations.map((o) => snapshot.routesOf(o).map(({ id, name }) => [id, name])),
    prompts: organisations.flatMap((o) => names.map((name) => snapshot.prompt(o, name))),
    versions: pool("q", 3).flatMap((id) =>
      [1, 2, 3].map((version) => plainPrompt({ name: "", version: snapshot.promptVersion(id, version) })),
    ),
    quotas: organisations.flatMap((o) => scopes.map((scope) => snapshot.quotas(o, scope))),
    budgets: organisations.flatMap((organisationId) =>
      [0, 1].map((atMs) => snapshot.budgetPercent({ organisationId, projectId: "j0", apiKey: { id: "k0" } }, atMs)),
    ),
  };
}

/** Templates and inputs are functions: what they render and refuse stands for them. */
const plainPrompt = (bound: { readonly name: string; readonly version: BoundPrompt["version"] | undefined } | undefined) =>
  bound?.version === undefined
    ? undefined
    : {
        ...bound,
        version: {
          ...bound.version,
          inputs: bound.version.inputs.faultIn({ a: 1, b: 2 }),
          messages: bound.version.messages.map(({ role, template }) => [role, template.variables, template.render({ a: 1, b: 2 })]),
        },
      };
const plainTiers = (tiers: readonly CompiledTier[] | undefined) =>
  tiers?.map((tier) => ({ ...tier, targets: tier.targets.map((target) => ({ ...target, backend: { ...target.backend } })) }));
export const plainRoute = (route: CompiledRoute | undefined) =>
  route === undefined
    ? undefined
    : {
        ...route,
        references: [...route.references].sort(),
        tiers: plainTiers(route.tiers),
        prompt: plainPrompt(route.prompt),
        experiment: route.experiment && {
          ...route.experiment,
          variants: route.experiment.variants.map((variant) => ({
            ...variant,
            prompt: plainPrompt(variant.prompt),
            tiers: plainTiers(variant.tiers),
          })),
        },
      };

/** Ids: a letter for the kind, and a digit. */
const pool = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i}`);
const idOf = (letter: string, count: number) => fc.constantFrom(...pool(letter, count));
const organisation = fc.constantFrom(...organisations);
export const name = fc.constantFrom(...names);

const binding = fc.record({
  promptId: idOf("q", 3),
  selector: fc.oneof(
    { weight: 4, arbitrary: fc.constant({ case: undefined }) },
    { weight: 2, arbitrary: fc.constant({ case: "label", value: "production" } as const) },
    fc.constantFrom(
      { case: "label", value: "beta" } as const,
      { case: "version", value: 1 } as const,
      { case: "version", value: 2 } as const,
    ),
  ),
});
export const tiers = fc.array(
  fc.record({ targets: fc.array(fc.record({ backendId: idOf("b", 4), weight: fc.nat(5) }), { minLength: 1, maxLength: 3 }) }),
  { minLength: 1, maxLength: 2 },
);
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 2 });

/** Without the members that are undefined: a message has none of those. */
const said = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;

const price = fc.record({ version: fc.bigInt(1n, 3n), effectiveFromMs: fc.bigInt(0n, 2n), inputNanodollarsPerMillion: fc.bigInt(0n, 9n) });

const capture = fc.record({ on: fc.boolean(), share: fc.constant(1), retentionDays: fc.constant(1) });

const resources: { readonly [C in Case]: fc.Arbitrary<Init<C>> } = {
  organisation: fc
    .record({
      id: fc.constantFrom(...organisations),
      key: name,
      contentCapture: optional(capture),
      discounts: fc.array(fc.record({ providerId: fc.constantFrom("", "p0"), basisPoints: fc.constantFrom(100, 200) }), { maxLength: 1 }),
    })
    .map(said),
  project: fc.record({ id: idOf("j", 2), organisationId: organisation, key: name, contentCapture: optional(capture) }).map(said),
  apiKey: fc.record({
    id: idOf("k", 4),
    organisationId: organisation,
    projectId: idOf("j", 2),
    publicId: fc.constantFrom(...publicIds),
    revokedAtMs: fc.bigInt(0n, 2n),
  }),
  provider: fc.record({ id: idOf("p", 3), organisationId: organisation, key: name, baseUrl: name }),
  backend: fc
    .record({
      id: idOf("b", 4),
      organisationId: organisation,
      key: name,
      providerId: idOf("p", 3),
      model: name,
      prices: fc.array(price, { maxLength: 2 }),
      catalogueModelId: optional(idOf("m", 2)),
    })
    .map(said),
  route: fc
    .record({
      id: idOf("r", 4),
      organisationId: organisation,
      name,
      tiers,
      prompt: optional(binding),
      contentCapture: optional(capture),
      economy: optional(fc.record({ budgetPercent: fc.constant(50), firstTier: fc.nat(2) })),
    })
    .map(said),
  catalogueModel: fc.record({ id: idOf("m", 2), organisationId: organisation, key: name, prices: fc.array(price, { maxLength: 2 }) }),
  budget: fc.record({
    id: idOf("g", 3),
    organisationId: organisation,
    key: name,
    scope: fc.constantFrom(
      { case: "organisation", value: true } as const,
      { case: "projectId", value: "j0" } as const,
      { case: "apiKeyId", value: "k0" } as const,
    ),
    reachedPercent: fc.constantFrom(0, 50, 80),
    reachedUntilMs: fc.constantFrom(0n, 1n, 2n),
  }),
  prompt: fc.record({
    id: idOf("q", 3),
    organisationId: organisation,
    name,
    labels: fc.constantFrom(
      [{ name: "latest", version: 1 }],
      [
        { name: "latest", version: 2 },
        { name: "production", version: 1 },
      ],
      [
        { name: "beta", version: 3 },
        { name: "latest", version: 2 },
        { name: "production", version: 2 },
      ],
    ),
  }),
  promptVersion: fc.record({
    id: idOf("v", 6),
    promptId: idOf("q", 3),
    version: fc.integer({ min: 1, max: 3 }),
    messages: fc.array(
      fc.record({
        role: fc.constant("system"),
        template: fc.oneof({ weight: 30, arbitrary: fc.constantFrom("plain", "{{ a }}", "{{ b }} {{ a }}") }, fc.constant("{{ broken")),
      }),
      { maxLength: 2 },
    ),
  }),
  experiment: fc.record({
    id: idOf("e", 3),
    organisationId: organisation,
    key: name,
    routeId: idOf("r", 4),
    seed: name,
    hashVersion: fc.constantFrom(2, 3),
    unit: fc.constant("end_user"),
    coverage: fc.constantFrom(0, 0.5, 1),
    variants: fc.array(
      fc.record({ key: name, weight: fc.integer({ min: 1, max: 3 }), prompt: optional(binding), tiers: optional(tiers) }).map(said),
      { minLength: 2, maxLength: 3 },
    ),
  }),
  quota: fc.record({
    id: idOf("u", 5),
    organisationId: organisation,
    key: name,
    scope: fc.constantFrom(
      { case: "organisation", value: true } as const,
      { case: "endUser", value: true } as const,
      { case: "projectId", value: "j0" } as const,
      { case: "apiKeyId", value: "k0" } as const,
      { case: "routeId", value: "r0" } as const,
    ),
    resource: fc.constantFrom("requests", "tokens"),
    window: fc.oneof({ weight: 30, arbitrary: fc.constantFrom("minute", "day") }, fc.constant("fortnight")),
    limit: fc.bigInt(0n, 9n),
    enforcement: fc.constantFrom("hard", "soft", "shadow"),
  }),
};

const someResource: fc.Arbitrary<ResourceInit> = fc
  .constantFrom(...(Object.keys(kinds) as Case[]))
  .chain((kind) => resources[kind].map((value) => ({ case: kind, value }) as ResourceInit));
const someKey: fc.Arbitrary<MessageInitShape<typeof ResourceKeySchema>> = someResource.map((resource) => ({
  kind: kinds[resource.case as Case],
  id: resource.value?.id ?? "",
}));

type State = ReadonlyMap<string, ResourceInit>;

export interface Change {
  readonly upserted: readonly ResourceInit[];
  readonly removed: readonly MessageInitShape<typeof ResourceKeySchema>[];
}

const keyOf = (kind: ResourceKind, id: string) => `${kind} ${id}`;

export function changed(state: State, { upserted, removed }: Change): State {
  const next = new Map(state);
  for (const resource of upserted) next.set(keyOf(kinds[resource.case as Case], resource.value?.id ?? ""), resource);
  for (const { kind, id } of removed) next.delete(keyOf(kind ?? 0, id ?? ""));
  return next;
}

/** What the database's own constraints keep out, and a snapshot may rely on: one resource to a name, one experiment to a route. */
export function isPossible(state: State): boolean {
  const taken = [...state.values()].flatMap(({ case: kind, value }) => {
    switch (kind) {
      case "apiKey":
        return [`key ${value.publicId}`];
      case "route":
      case "prompt":
        return [`${kind} ${value.organisationId} ${value.name}`];
      case "promptVersion":
        return [`version ${value.promptId} ${value.version}`];
      case "experiment":
        return [`experiment ${value.routeId}`];
      default:
        return [];
    }
  });
  return new Set(taken).size === taken.length;
}

export const revision = (number: number) => create(RevisionSchema, { epoch: "epoch", number: BigInt(number) });
const wrapped = (list: Iterable<ResourceInit>) => Array.from(list, (resource) => create(ResourceSchema, { resource }));
/** Sorted by kind and id, as the control plane writes it. */
export const built = (state: State, number: number) =>
  buildRuntimeSnapshot(
    create(SnapshotSchema, {
      revision: revision(number),
      resources: wrapped([...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, resource]) => resource)),
    }),
  );
export const deltaOf = ({ upserted, removed }: Change) =>
  create(DeltaSchema, {
    epoch: "epoch",
    upserted: wrapped(upserted),
    removed: removed.map(({ kind, id }) => ({ kind: kind ?? 0, id: id ?? "" })) as ResourceKey[],
  });

/** Everything there and holding together, so that a history begins with much to change. */
export const beginning: State = changed(new Map(), {
  removed: [],
  upserted: [
    ...organisations.map((id): ResourceInit => ({ case: "organisation", value: { id, key: id } })),
    ...pool("j", 2).map((id): ResourceInit => ({ case: "project", value: { id, organisationId: "o0", key: id } })),
    ...pool("k", 3).map(
      (id, i): ResourceInit => ({ case: "apiKey", value: { id, organisationId: "o0", projectId: "j0", publicId: `public${i}` } }),
    ),
    ...pool("p", 3).map((id): ResourceInit => ({ case: "provider", value: { id, organisationId: "o0", key: id } })),
    ...pool("b", 4).map(
      (id, i): ResourceInit => ({ case: "backend", value: { id, organisationId: "o0", key: id, providerId: `p${i % 3}`, model: "m" } }),
    ),
    ...pool("m", 2).map((id): ResourceInit => ({ case: "catalogueModel", value: { id, organisationId: "o0", key: id } })),
    ...pool("q", 3).map(
      (id, i): ResourceInit => ({
        case: "prompt",
        value: {
          id,
          organisationId: "o0",
          name: `n${i}`,
          labels: [
            { name: "latest", version: 2 },
            { name: "production", version: 1 },
          ],
        },
      }),
    ),
    ...pool("v", 6).map(
      (id, i): ResourceInit => ({
        case: "promptVersion",
        value: { id, promptId: `q${i % 3}`, version: i < 3 ? 1 : 2, messages: [{ role: "system", template: `${id} {{ a }}` }] },
      }),
    ),
    ...pool("r", 3).map(
      (id, i): ResourceInit => ({
        case: "route",
        value: {
          id,
          organisationId: "o0",
          name: `n${i}`,
          tiers: [{ targets: [{ backendId: `b${i}`, weight: 1 }] }],
          ...(i === 0 ? { prompt: { promptId: "q0" } } : {}),
        },
      }),
    ),
    {
      case: "experiment",
      value: {
        id: "e0",
        organisationId: "o0",
        key: "e",
        routeId: "r1",
        seed: "s",
        hashVersion: 3,
        unit: "end_user",
        coverage: 1,
        variants: [
          { key: "x", weight: 1, prompt: { promptId: "q1" } },
          { key: "y", weight: 1 },
        ],
      },
    },
    ...pool("u", 3).map(
      (id): ResourceInit => ({
        case: "quota",
        value: {
          id,
          organisationId: "o0",
          key: id,
          scope: { case: "organisation", value: true },
          resource: "requests",
          window: "day",
          limit: 1n,
          enforcement: "hard",
        },
      }),
    ),
  ],
});

export const change: fc.Arbitrary<Change> = fc.record({
  upserted: fc.array(someResource, { maxLength: 3 }),
  removed: fc.array(someKey, { maxLength: 1 }),
});
