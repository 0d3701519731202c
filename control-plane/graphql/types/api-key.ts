/** API keys: made, rotated, revoked. The key itself is shown once, by the mutation that made it. Imported for its side effects by schema.ts. */
import { raw } from "@mikro-orm/core";
import type { ApiMethod } from "#agreements/api-methods.ts";
import { ValidationError } from "../../control-error.ts";
import type { ApiKey as ApiKeyRow } from "../../database/entities/api-key.ts";
import { makeApiKey } from "../../operations/make-api-key.ts";
import { lastUses, unusedSince } from "../../usage/last-uses.ts";
import { builder } from "../builder.ts";
import { ConfigChange, type ConfigPayload, configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, inOrganisation, mutate } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { byInstant, byNameOf, byText } from "../list-order.ts";
import { Project } from "./project.ts";

const overlapSecondsMax = 30 * 86_400;

const ApiMethodType = builder.enumType("ApiMethod", {
  values: {
    CHAT: { value: "chat", description: "Every way to ask for an answer: chat, responses, completions, messages, gRPC." },
    EMBEDDINGS: { value: "embeddings" },
    AUDIO: { value: "audio" },
    IMAGES: { value: "images" },
    RERANK: { value: "rerank" },
    FILES: { value: "files", description: "Files, batches and fine-tuning jobs." },
  } satisfies Record<Uppercase<ApiMethod>, { value: ApiMethod; description?: string }>,
});

export const ApiKey = builder.objectRef<ApiKeyRow>("ApiKey").implement({
  description: "A caller's credential on the data plane.",
  fields: (t) => ({
    ...configFields(t),
    name: t.exposeString("name"),
    environment: t.exposeString("environment"),
    publicId: t.exposeString("publicId", { description: "The part of the key that is no secret." }),
    lastFour: t.exposeString("lastFour"),
    expiresAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.expiresAt ?? null }),
    revokedAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.revokedAt ?? null }),
    allowedRoutes: t.exposeStringList("allowedRoutes", { description: "Empty: all routes of the organisation." }),
    owner: t.exposeString("owner", { description: "Who answers for it: a person, a team, an address. Empty: nobody said." }),
    allowedMethods: t.field({ type: [ApiMethodType], description: "Empty: all.", resolve: (row) => [...row.allowedMethods] }),
    allowedNetworks: t.exposeStringList("allowedNetworks", {
      description: "Addresses and CIDR ranges that it may be used from. Empty: all.",
    }),
    lastUsedAt: t.loadable({
      type: "DateTime",
      nullable: true,
      description:
        "The minute in which it was last used; the hour where minutes are no longer kept. Null: never, as far back as sums are kept.",
      resolve: (row) => row.id,
      load: async (ids: string[], context) => {
        const used = await inOrganisation(context, (em) => lastUses(em, principalOf(context).organisationId, ids));
        return ids.map((id) => used.get(id) ?? null);
      },
    }),
    mayForceVariants: t.exposeBoolean("mayForceVariants", {
      description: 'It may ask for one variant of an experiment as `model: "<route>@<variant>"`. Such calls count in no result.',
    }),
    rotatedFromId: t.id({ nullable: true, resolve: (row) => row.rotatedFromId ?? null }),
    project: t.field({
      type: Project,
      nullable: true,
      resolve: async (row, _args, context) => (await context.loaders.project.load(row.projectId)) ?? null,
    }),
  }),
});

const ApiKeyFilter = builder.inputType("ApiKeyFilter", {
  description: "All that are given must hold.",
  fields: (t) => ({
    inForce: t.boolean({ description: "Whether it opens something now: false is expired or revoked." }),
    unusedSince: t.field({ type: "DateTime", description: "Made before, and not used since, as far as sums tell." }),
  }),
});

function filtered({ inForce, unusedSince: since }: typeof ApiKeyFilter.$inferInput): object {
  const now = new Date();
  const wanted: object[] = [];
  if (inForce === true) wanted.push({ revokedAt: null, $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] });
  if (inForce === false) wanted.push({ $or: [{ revokedAt: { $ne: null } }, { expiresAt: { $lte: now } }] });
  if (since != null)
    wanted.push({ createdAt: { $lt: since }, [raw((row) => unusedSince(`${row}.organisation_id`, `${row}.id`), [since])]: [] });
  return { $and: wanted };
}

addQueries(
  "api_key",
  {
    one: "apiKey",
    many: "apiKeys",
    filter: { type: ApiKeyFilter, where: filtered },
    orders: {
      name: byText("name"),
      project: byNameOf("project", "name", "project_id"),
      owner: byText("owner"),
      expires_at: byInstant("expires_at"),
    },
  },
  ApiKey,
);

interface NewApiKey {
  readonly row: ApiKeyRow;
  readonly credential: string;
}

const newKeyPayload = (name: string) =>
  builder.objectRef<ConfigPayload<NewApiKey>>(name).implement({
    interfaces: [ConfigChange],
    fields: (t) => ({
      apiKey: t.field({ type: ApiKey, resolve: (payload) => payload.value.row }),
      credential: t.string({ description: "The key. It is shown here and never again.", resolve: (payload) => payload.value.credential }),
    }),
  });

const CreateApiKeyInput = builder.inputType("CreateApiKeyInput", {
  fields: (t) => ({
    projectId: t.id({ required: true }),
    name: t.string({ required: true }),
    environment: t.string({ description: 'For the eyes of people, a part of the key: 2 to 12 letters, default "live".' }),
    expiresAt: t.field({ type: "DateTime" }),
    allowedRoutes: t.stringList({ description: "Names of routes. Empty: all of the organisation." }),
    owner: t.string({ description: "Who answers for it. Default: nobody said." }),
    allowedMethods: t.field({ type: [ApiMethodType], description: "Default: all." }),
    allowedNetworks: t.stringList({ description: "Addresses and CIDR ranges that it may be used from. Default: all." }),
    mayForceVariants: t.boolean({ description: "Default false." }),
  }),
});
const CreateApiKeyPayload = newKeyPayload("CreateApiKeyPayload");
builder.mutationField("createApiKey", (t) =>
  t.field({
    type: CreateApiKeyPayload,
    authScopes: { operator: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateApiKeyInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "api_key.create", summary: `API key ${input.name} made` }, (change) =>
        makeApiKey(change, context.services.settings.pepper, {
          projectId: input.projectId,
          name: input.name,
          environment: input.environment ?? "live",
          expiresAt: input.expiresAt ?? null,
          allowedRoutes: input.allowedRoutes ?? [],
          owner: input.owner ?? "",
          allowedMethods: input.allowedMethods ?? [],
          allowedNetworks: input.allowedNetworks ?? [],
          mayForceVariants: input.mayForceVariants ?? false,
          rotatedFromId: null,
        }),
      ),
  }),
);

const UpdateApiKeyInput = builder.inputType("UpdateApiKeyInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    name: t.string(),
    expiresAt: t.field({ type: "DateTime", description: "Null: never." }),
    allowedRoutes: t.stringList(),
    owner: t.string(),
    allowedMethods: t.field({ type: [ApiMethodType] }),
    allowedNetworks: t.stringList(),
    mayForceVariants: t.boolean(),
  }),
});
const UpdateApiKeyPayload = configPayload("UpdateApiKeyPayload", "apiKey", ApiKey);
builder.mutationField("updateApiKey", (t) =>
  t.field({
    type: UpdateApiKeyPayload,
    authScopes: { operator: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateApiKeyInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "api_key.update", summary: "API key changed" }, async (change) => {
        const row = await change.edit("api_key", input.id, { expectedRevision: input.expectedRevision });
        row.name = input.name ?? row.name;
        row.allowedRoutes = input.allowedRoutes ?? row.allowedRoutes;
        row.owner = input.owner ?? row.owner;
        row.allowedMethods = input.allowedMethods ?? row.allowedMethods;
        row.allowedNetworks = input.allowedNetworks ?? row.allowedNetworks;
        row.mayForceVariants = input.mayForceVariants ?? row.mayForceVariants;
        if (input.expiresAt !== undefined) row.expiresAt = input.expiresAt;
        change.describe(`API key ${row.name} changed`);
        return row;
      }),
  }),
);

const RevokeApiKeyInput = builder.inputType("RevokeApiKeyInput", { fields: (t) => ({ id: t.id({ required: true }) }) });
const RevokeApiKeyPayload = configPayload("RevokeApiKeyPayload", "apiKey", ApiKey);
builder.mutationField("revokeApiKey", (t) =>
  t.field({
    type: RevokeApiKeyPayload,
    description: "Refused from now on, by its true name. Takes no expectedRevision: who revokes a key must not lose a race.",
    authScopes: { operator: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: RevokeApiKeyInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "api_key.revoke", summary: "API key revoked" }, async (change) => {
        const row = await change.edit("api_key", input.id);
        row.revokedAt ??= change.at;
        change.describe(`API key ${row.name} revoked`);
        return row;
      }),
  }),
);

const RotateApiKeyInput = builder.inputType("RotateApiKeyInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    overlapSeconds: t.int({ required: true, description: `How long the old key still works: 0 to ${overlapSecondsMax}.` }),
  }),
});
const RotateApiKeyPayload = newKeyPayload("RotateApiKeyPayload");
builder.mutationField("rotateApiKey", (t) =>
  t.field({
    type: RotateApiKeyPayload,
    description: "A new key that may do what the old one may; the old one expires after the overlap.",
    authScopes: { operator: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: RotateApiKeyInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "api_key.rotate", summary: "API key rotated" }, async (change) => {
        if (input.overlapSeconds < 0 || input.overlapSeconds > overlapSecondsMax)
          throw new ValidationError([{ path: "overlapSeconds", message: `must be from 0 to ${overlapSecondsMax}` }]);
        const old = await change.edit("api_key", input.id);
        if (old.revokedAt != null) throw new ValidationError([{ path: "id", message: "the key is revoked; make a new one" }]);
        const until = new Date(change.at.getTime() + input.overlapSeconds * 1000);
        const { projectId, name, owner, environment, allowedRoutes, allowedMethods, allowedNetworks, mayForceVariants } = old;
        const made = await makeApiKey(change, context.services.settings.pepper, {
          projectId,
          name,
          environment,
          owner,
          allowedRoutes: [...allowedRoutes],
          allowedMethods: [...allowedMethods],
          allowedNetworks: [...allowedNetworks],
          mayForceVariants,
          expiresAt: old.expiresAt ?? null,
          rotatedFromId: old.id,
        });
        if (old.expiresAt == null || old.expiresAt > until) old.expiresAt = until;
        change.describe(`API key ${name} rotated`);
        return made;
      }),
  }),
);

addArchive("api_key", "apiKey", ApiKey);
