/**
 * The configuration that replayed calls are served from: one route and what it refers to, as the candidate wants it, signed for
 * replaying and nothing else. A node compiles it beside its own and leaves its own as it is, so a revision of any age can be tried on
 * every node, and what differs between two answers is what differs between two configurations.
 *
 * Some of it is today's whatever the revision: limits, because what is spent is spent today; prices, because the ledger is to say what
 * it cost; providers with their addresses and secrets, because a secret opens only where it was sealed for and an address has to be
 * allowed now. There is no experiment in it but where one of its variants is asked for, and then the call is marked as forced.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Backend,
  type PromptBinding,
  type Resource,
  ResourceSchema,
  type Route,
  SignedSnapshotSchema,
  SnapshotSchema,
  type Tier,
  TierSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import { ValidationError } from "../control-error.ts";
import { resourceKinds } from "../database/config-kinds.ts";
import { ConfigResource } from "../database/entities/config-resource.ts";
import { PromptVersion } from "../database/entities/prompt-version.ts";
import type { EntityManager } from "../database/orm.ts";
import type { Services } from "../services.ts";
import { compileResource } from "../snapshot/compile.ts";
import type { Candidate } from "./candidate.ts";
import { type ConfigurationAt, configurationAt, configurationNow, type ResourceOf } from "./configuration-at.ts";

export interface ReplayedRoute {
  /** The call's own: its id in the ledger, else the name that its body asked for. */
  readonly id: string;
  readonly name: string;
}

export interface ReplayConfiguration {
  /** Base64 of a SignedSnapshot. */
  readonly snapshot: string;
  /** What the call asks for in it. */
  readonly model: string;
}

type Value = NonNullable<Resource["resource"]["value"]>;

/** @throws ValidationError, NotFoundError naming what the candidate asks for and is not there. */
export async function replayConfiguration(
  services: Pick<Services, "signer" | "propagation">,
  em: EntityManager,
  organisationId: string,
  candidate: Candidate,
  asked: ReplayedRoute,
  promptNamed: { readonly name: string; readonly version: number | undefined } | undefined,
): Promise<ReplayConfiguration> {
  const now = configurationNow(em);
  const then = candidate.revision === undefined ? now : await configurationAt(em, BigInt(candidate.revision));
  const parts = new Parts(em, now, then);
  const route = await routeOf(then, candidate, asked);
  const experiment = candidate.variant === undefined ? undefined : await experimentOf(em, then, route.id, candidate.variant);
  if (candidate.backendId !== undefined) {
    route.tiers = [create(TierSchema, { targets: [{ backendId: candidate.backendId, weight: 1 }] })];
    route.economy = undefined;
  }
  route.contentCapture = undefined;
  for (const tiers of [route.tiers, ...(experiment?.variants ?? []).map((variant) => variant.tiers)]) await parts.addTiers(tiers);
  for (const binding of [route.prompt, ...(experiment?.variants ?? []).map((variant) => variant.prompt)]) await parts.addBinding(binding);
  if (promptNamed !== undefined) await parts.addPromptNamed(promptNamed.name, promptNamed.version);
  if (candidate.prompt !== undefined) await parts.addPrompt(candidate.prompt.id, candidate.prompt.version);
  await parts.addOrganisation(organisationId);
  parts.add({ case: "route", value: route });
  if (experiment !== undefined) parts.add({ case: "experiment", value: experiment });
  const current = services.propagation.current();
  const payload = toBinary(
    SnapshotSchema,
    create(SnapshotSchema, {
      revision: { epoch: current?.epoch ?? "", number: then.number ?? current?.number ?? 0n },
      createdAtMs: BigInt(Date.now()),
      resources: parts.resources(),
    }),
  );
  const { signer } = services;
  const signed = create(SignedSnapshotSchema, { payload, signature: signer.sign("replay", payload), keyId: signer.keyId });
  return {
    snapshot: Buffer.from(toBinary(SignedSnapshotSchema, signed)).toString("base64"),
    model: experiment === undefined ? route.name : `${route.name}@${candidate.variant}`,
  };
}

async function routeOf(then: ConfigurationAt, { route: wanted, revision }: Candidate, asked: ReplayedRoute): Promise<Route> {
  const ids = wanted === undefined && asked.id !== "" ? [asked.id] : await then.idsNamed("route", wanted ?? asked.name);
  for (const id of ids) {
    const found = ofKind("route", await then.get("route", id));
    if (found !== undefined && (wanted === undefined ? asked.id !== "" || found.name === asked.name : found.name === wanted)) return found;
  }
  const when = revision === undefined ? "" : ` at revision ${revision}`;
  throw new ValidationError([{ path: "candidate.route", message: `there is no route "${wanted ?? asked.name}"${when}` }]);
}

async function experimentOf(em: EntityManager, then: ConfigurationAt, routeId: string, variant: string) {
  const rows = await em.execute<{ id: string }[]>("select id::text from experiment where route_id = ? order by id desc", [routeId]);
  for (const { id } of rows) {
    const found = ofKind("experiment", await then.get("experiment", id));
    if (found?.variants.some(({ key }) => key === variant) === true) return found;
  }
  throw new ValidationError([{ path: "candidate.variant", message: `no experiment runs on the route with a variant "${variant}"` }]);
}

/** Gathers what the route refers to, each thing once. */
class Parts {
  readonly #em: EntityManager;
  readonly #now: ConfigurationAt;
  readonly #then: ConfigurationAt;
  readonly #found = new Map<string, Resource["resource"]>();

  constructor(em: EntityManager, now: ConfigurationAt, then: ConfigurationAt) {
    this.#em = em;
    this.#now = now;
    this.#then = then;
  }

  add(resource: Resource["resource"] & { readonly value: Value }): void {
    this.#found.set(`${resource.case} ${resource.value.id}`, resource);
  }

  resources(): { resource: Resource["resource"] }[] {
    return [...this.#found.values()].map((resource) => ({ resource }));
  }

  async addTiers(tiers: readonly Tier[]): Promise<void> {
    for (const { targets } of tiers) for (const { backendId } of targets) await this.#addBackend(backendId);
  }

  async #addBackend(id: string): Promise<void> {
    if (this.#found.has(`backend ${id}`)) return;
    const today = ofKind("backend", await this.#now.get("backend", id));
    const backend = ofKind("backend", await this.#then.get("backend", id)) ?? today;
    if (backend === undefined) throw new ValidationError([{ path: "candidate", message: `there is no backend with the id ${id}` }]);
    if (today !== undefined) boundAs(backend, today);
    this.add({ case: "backend", value: backend });
    if (backend.catalogueModelId !== "")
      await this.#addToday("catalogue_model", backend.catalogueModelId, `model of backend "${backend.key}"`);
    await this.#addToday("provider", backend.providerId, `provider of backend "${backend.key}"`);
  }

  async #addToday(kind: "catalogue_model" | "provider", id: string, what: string): Promise<void> {
    const resource = await this.#now.get(kind, id);
    if (resource?.value === undefined)
      throw new ValidationError([{ path: "candidate", message: `the ${what} is gone; calls cannot be made to it any more` }]);
    this.add(resource);
  }

  async addBinding(binding: PromptBinding | undefined): Promise<void> {
    if (binding !== undefined)
      await this.addPrompt(binding.promptId, binding.selector.case === "version" ? binding.selector.value : undefined);
  }

  async addPromptNamed(name: string, version: number | undefined): Promise<void> {
    for (const id of await this.#then.idsNamed("prompt", name)) {
      const prompt = ofKind("prompt", await this.#then.get("prompt", id));
      if (prompt?.name === name) await this.addPrompt(id, version);
    }
  }

  /** With the versions that its labels point at, and one more where it is asked for: a version never changes. */
  async addPrompt(id: string, version: number | undefined): Promise<void> {
    const prompt = ofKind("prompt", (await this.#then.get("prompt", id)) ?? (await this.#now.get("prompt", id)));
    if (prompt === undefined) return;
    this.add({ case: "prompt", value: prompt });
    const numbers = [...prompt.labels.map((label) => label.version), ...(version === undefined ? [] : [version])];
    const rows = await this.#em.find(PromptVersion, { promptId: id, version: { $in: numbers } }, { disableIdentityMap: true });
    for (const row of rows) {
      const compiled = compileResource("prompt_version", Object.assign(row, { archivedAt: null }))?.resource.resource;
      if (compiled?.value !== undefined) this.add(compiled);
    }
  }

  /** Itself and its limits. */
  async addOrganisation(organisationId: string): Promise<void> {
    const organisation = ofKind("organisation", await this.#now.get("organisation", organisationId));
    if (organisation !== undefined) this.add({ case: "organisation", value: { ...organisation, contentCapture: undefined } });
    const limits = await this.#em.find(
      ConfigResource,
      { kind: { $in: [resourceKinds.quota, resourceKinds.budget] } },
      { disableIdentityMap: true },
    );
    for (const { payload } of limits) {
      const { resource } = fromBinary(ResourceSchema, payload);
      if (resource.value !== undefined) this.add(resource);
    }
  }
}

/** What it costs and how much it bears. */
function boundAs(backend: Backend, today: Backend): void {
  backend.concurrentCallsMax = today.concurrentCallsMax;
  backend.price = today.price;
  backend.prices = today.prices;
  backend.catalogueModelId = today.catalogueModelId;
}

const ofKind = <Case extends NonNullable<Resource["resource"]["case"]>>(
  kind: Case,
  resource: Resource["resource"] | undefined,
): ResourceOf<Case> | undefined => (resource?.case === kind ? (resource.value as never) : undefined);
