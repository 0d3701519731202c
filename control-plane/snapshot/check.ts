/**
 * Checks the candidate snapshot inside the transaction that makes it, so that a configuration that does not hold together
 * cannot be committed. Only what the change touches is looked at, and what points at it: cost follows the change.
 *
 * It reads resources as nodes will get them, through ConfigResource, which already holds the change. Row-level security
 * makes another organisation's id look like no id at all.
 */
import { fromBinary } from "@bufbuild/protobuf";
import {
  type PromptBinding,
  type Experiment as ProtoExperiment,
  type Resource,
  ResourceKind,
  ResourceSchema,
  type Route,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import { ValidationError, type ValidationIssue } from "../control-error.ts";
import { type ConfigKind, type ConfigRow, isUuid, nameOfKind, resourceKinds } from "../database/config-kinds.ts";
import { ApiKey } from "../database/entities/api-key.ts";
import { ConfigResource } from "../database/entities/config-resource.ts";
import type { Experiment } from "../database/entities/experiment.ts";
import type { EntityManager } from "../database/orm.ts";
import { checkRow } from "./check-row.ts";
import { type CompiledResource, type Reference, referencesOfExperiment } from "./compile.ts";

/** How many of those who use a thing are named. */
const usersNamed = 10;
/** Users looked through at a time, where some of them do not count. */
const usersBatch = 500;

export interface TouchedRow {
  readonly kind: ConfigKind;
  readonly row: ConfigRow;
  readonly operation: "create" | "update" | "archive";
  /** Undefined: it is in no snapshot now. */
  readonly compiled: CompiledResource | undefined;
}

/** @throws ValidationError. Before the rows are compiled: a negative limit has no bytes. */
export function checkRows(touched: readonly Pick<TouchedRow, "kind" | "row">[]): void {
  const issues = touched.flatMap(({ kind, row }) => (row.archivedAt == null ? checkRow(kind, row as never) : []));
  if (issues.length > 0) throw new ValidationError(issues);
}

/** @throws ValidationError naming each thing that is wrong. ConfigResource must hold the change already. */
export async function checkCandidate(em: EntityManager, touched: readonly TouchedRow[], at: Date): Promise<void> {
  const issues: ValidationIssue[] = [];
  const resources = resourceReader(em);
  for (const one of touched) {
    issues.push(...(await checkReferences(resources, one, at)));
    issues.push(...(await checkUsers(resources, one, at)));
    issues.push(...(await checkPromptUse(resources, one)));
    issues.push(...(await checkRunning(resources, one)));
  }
  if (issues.length > 0) throw new ValidationError(issues);
}

interface ResourceReader {
  get(kind: ConfigKind, id: string): Promise<Resource | undefined>;
  /** Those that point at it. */
  usersOf(id: string, page?: { readonly limit: number; readonly offset: number }): Promise<readonly Resource[]>;
  /** All of the kind in the caller's organisation. */
  ofKind(kind: ConfigKind): Promise<readonly Resource[]>;
  /** Any of the caller's organisation but the organisation itself. */
  anyButOrganisation(limit: number): Promise<readonly Resource[]>;
  /** What people call a key, which nodes are not told. */
  nameOfKey(id: string): Promise<string | undefined>;
}

function resourceReader(em: EntityManager): ResourceReader {
  const decode = ({ payload }: ConfigResource) => fromBinary(ResourceSchema, payload);
  const seen = new Map<string, Promise<Resource | undefined>>();
  return {
    get: (kind, id) => {
      const key = `${kind} ${id}`;
      let resource = seen.get(key);
      if (resource === undefined) {
        resource = em
          .findOne(ConfigResource, { kind: resourceKinds[kind], id }, { disableIdentityMap: true })
          .then((row) => (row === null ? undefined : decode(row)));
        seen.set(key, resource);
      }
      return resource;
    },
    usersOf: async (id, page) =>
      (
        await em.find(
          ConfigResource,
          { referenceIds: { $contains: [id] } },
          { orderBy: { kind: "asc", id: "asc" }, disableIdentityMap: true, ...page },
        )
      ).map(decode),
    ofKind: async (kind) =>
      (await em.find(ConfigResource, { kind: resourceKinds[kind] }, { orderBy: { id: "asc" }, disableIdentityMap: true })).map(decode),
    anyButOrganisation: async (limit) =>
      (
        await em.find(
          ConfigResource,
          { kind: { $ne: ResourceKind.ORGANISATION } },
          { orderBy: { kind: "asc", id: "asc" }, disableIdentityMap: true, limit },
        )
      ).map(decode),
    nameOfKey: async (id) => (await em.findOne(ApiKey, { id }, { disableIdentityMap: true }))?.name,
  };
}

/** What a row points at is there. Experiments that do not run yet are in no snapshot and must hold together all the same. */
async function checkReferences(
  resources: ResourceReader,
  { kind, row, compiled }: TouchedRow,
  at: Date,
): Promise<readonly ValidationIssue[]> {
  // Its project may be gone, and whoever revokes a key that has expired must be able to.
  if (compiled !== undefined && isDeadKey(compiled.resource, at)) return [];
  const references: readonly Reference[] =
    compiled?.references ?? (kind === "experiment" && row.archivedAt == null ? referencesOfExperiment(row as Experiment) : []);
  const issues: ValidationIssue[] = [];
  for (const reference of references) {
    if (!isUuid(reference.id) || (await resources.get(reference.kind, reference.id)) === undefined)
      issues.push({ path: reference.path, message: `there is no ${nameOfKind(reference.kind)} with the id ${reference.id}` });
  }
  return issues;
}

/** What is archived is used by nothing. */
async function checkUsers(resources: ResourceReader, { kind, row, operation }: TouchedRow, at: Date): Promise<readonly ValidationIssue[]> {
  if (operation !== "archive") return [];
  const users = kind === "organisation" ? await resources.anyButOrganisation(usersNamed + 1) : await livingUsersOf(resources, row.id, at);
  if (users.length === 0) return [];
  const names: string[] = [];
  for (const user of users.slice(0, usersNamed)) names.push(await describeToPeople(resources, user));
  const more = users.length > usersNamed ? " and others" : "";
  return [{ path: "id", message: `the ${nameOfKind(kind)} is still used by ${names.join(", ")}${more}; change or archive these first` }];
}

/** The first of them, at least one more than are named where there are so many. A key that opens nothing any more needs nothing. */
async function livingUsersOf(resources: ResourceReader, id: string, at: Date): Promise<readonly Resource[]> {
  const users: Resource[] = [];
  for (let offset = 0; ; offset += usersBatch) {
    const page = await resources.usersOf(id, { limit: usersBatch, offset });
    users.push(...page.filter((user) => !isDeadKey(user, at)));
    if (page.length < usersBatch || users.length > usersNamed) return users;
  }
}

/** Revoked or expired. */
function isDeadKey({ resource }: Resource, at: Date): boolean {
  if (resource.case !== "apiKey") return false;
  const { revokedAtMs, expiresAtMs } = resource.value;
  return revokedAtMs !== 0n || (expiresAtMs !== 0n && expiresAtMs <= BigInt(at.getTime()));
}

/** Labels and versions that routes and experiments ask of a prompt are there, seen from both ends. */
async function checkPromptUse(resources: ResourceReader, { kind, row, compiled }: TouchedRow): Promise<readonly ValidationIssue[]> {
  if (compiled === undefined) return [];
  const { resource } = compiled.resource;
  if (resource.case !== "prompt") {
    const issues: ValidationIssue[] = [];
    for (const { path, binding } of bindingsOf(compiled.resource)) {
      const message = await wrongWith(resources, binding);
      if (message !== undefined) issues.push({ path, message });
    }
    return issues;
  }
  const users = await resources.usersOf(row.id);
  const versions = versionsAmong(users);
  const issues: ValidationIssue[] = [];
  for (const label of resource.value.labels) {
    if (!versions.has(label.version))
      issues.push({ path: "version", message: `the prompt has no version ${label.version} for the label ${label.name}` });
  }
  const labels = new Set(resource.value.labels.map((label) => label.name));
  for (const user of users) {
    for (const { binding } of bindingsOf(user)) {
      if (binding.promptId === row.id && binding.selector.case === "label" && !labels.has(binding.selector.value))
        issues.push({
          path: "label",
          message: `the ${nameOfKind(kind)}'s label ${binding.selector.value} is still used by ${describe(user)}`,
        });
    }
  }
  return issues;
}

async function wrongWith(resources: ResourceReader, binding: PromptBinding): Promise<string | undefined> {
  const prompt = await resources.get("prompt", binding.promptId);
  // Said already, by checkReferences.
  if (prompt?.resource.case !== "prompt") return undefined;
  const { selector } = binding;
  if (selector.case === "label")
    return prompt.resource.value.labels.some((label) => label.name === selector.value)
      ? undefined
      : `the prompt ${prompt.resource.value.name} has no label ${selector.value}`;
  const versions = versionsAmong(await resources.usersOf(binding.promptId));
  return selector.value !== undefined && versions.has(selector.value)
    ? undefined
    : `the prompt ${prompt.resource.value.name} has no version ${selector.value}`;
}

function versionsAmong(users: readonly Resource[]): ReadonlySet<number> {
  return new Set(users.flatMap(({ resource }) => (resource.case === "promptVersion" ? [resource.value.version] : [])));
}

/** One running experiment a route: two would each believe that it alone decides. */
async function checkRunning(resources: ResourceReader, { compiled }: TouchedRow): Promise<readonly ValidationIssue[]> {
  if (compiled?.resource.resource.case !== "experiment") return [];
  const experiment = compiled.resource.resource.value;
  const others = (await resources.usersOf(experiment.routeId)).filter(
    ({ resource }) =>
      resource.case === "experiment" && resource.value.id !== experiment.id && resource.value.routeId === experiment.routeId,
  );
  return [
    ...others.map((other) => ({ path: "routeId", message: `${describe(other)} runs on the same route; stop it first` })),
    ...(await checkNamespace(resources, experiment)),
  ];
}

/** Ranges of one namespace do not overlap, or its experiments would not exclude each other. */
async function checkNamespace(resources: ResourceReader, { id, namespace }: ProtoExperiment): Promise<readonly ValidationIssue[]> {
  if (namespace === undefined) return [];
  return (await resources.ofKind("experiment")).flatMap(({ resource }) => {
    if (resource.case !== "experiment" || resource.value.id === id || resource.value.namespace?.name !== namespace.name) return [];
    const other = resource.value.namespace;
    if (namespace.start >= other.end || other.start >= namespace.end) return [];
    return [
      {
        path: "namespace",
        message: `overlaps with experiment ${resource.value.key}, which owns ${other.start} to ${other.end} of ${namespace.name}`,
      },
    ];
  });
}

function bindingsOf({ resource }: Resource): readonly { readonly path: string; readonly binding: PromptBinding }[] {
  const ofRoute = ({ prompt }: Pick<Route, "prompt">, path: string) => (prompt === undefined ? [] : [{ path, binding: prompt }]);
  if (resource.case === "route") return ofRoute(resource.value, "prompt");
  if (resource.case !== "experiment") return [];
  return resource.value.variants.flatMap(({ prompt }, index) =>
    prompt === undefined ? [] : [{ path: `variants[${index}].prompt`, binding: prompt }],
  );
}

/** For people: "route demo-chat". */
async function describeToPeople(resources: ResourceReader, user: Resource): Promise<string> {
  const { resource } = user;
  if (resource.case !== "apiKey") return describe(user);
  const name = await resources.nameOfKey(resource.value.id);
  return name === undefined ? describe(user) : `API key ${name} (${resource.value.publicId})`;
}

function describe({ resource }: Resource): string {
  switch (resource.case) {
    case "organisation":
    case "project":
    case "provider":
    case "backend":
    case "experiment":
    case "quota":
    case "budget":
      return `${resource.case} ${resource.value.key}`;
    case "catalogueModel":
      return `catalogue model ${resource.value.key}`;
    case "route":
    case "prompt":
      return `${resource.case} ${resource.value.name}`;
    case "apiKey":
      return `API key ${resource.value.publicId}`;
    case "promptVersion":
      return `prompt version ${resource.value.version}`;
    case undefined:
      return "a resource of an unknown kind";
    default:
      return resource satisfies never;
  }
}
