/** A provider. Its credential goes in and never comes out. Imported for its side effects by schema.ts. */
import { v7 } from "uuid";
import { type Provider as ProviderRow, providerKinds, servedProviderKinds } from "../../database/entities/provider.ts";
import { placeOf, sealCredential } from "../../operations/provider-place.ts";
import { builder } from "../builder.ts";
import { configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, enumOf, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";

export const ProviderKind = enumOf("ProviderKind", providerKinds);

export const Provider = builder.objectRef<ProviderRow>("Provider").implement({
  description: "An account or server that serves models.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key"),
    kind: t.field({ type: ProviderKind, resolve: (row) => row.kind }),
    baseUrl: t.exposeString("baseUrl"),
    hasCredential: t.boolean({ description: "The credential itself is never shown.", resolve: (row) => row.sealedCredential !== "" }),
    privateAddressAllowed: t.exposeBoolean("privateAddressAllowed", {
      description: "It stands at a private address that the operator's PENSTOCK_PRIVATE_ADDRESSES names.",
    }),
  }),
});
addQueries("provider", { one: "provider", many: "providers" }, Provider);

const kindDescription = `What nodes can call now: ${servedProviderKinds.join(", ")}. Others are refused.`;
const CreateProviderInput = builder.inputType("CreateProviderInput", {
  fields: (t) => ({
    key: t.string({ required: true }),
    kind: t.field({ type: ProviderKind, required: true, description: kindDescription }),
    baseUrl: t.string({ required: true, description: "With its path prefix: https://api.openai.com/v1" }),
    credential: t.string({ description: "Sealed at once; nobody can read it again." }),
  }),
});
const CreateProviderPayload = configPayload("CreateProviderPayload", "provider", Provider);
builder.mutationField("createProvider", (t) =>
  t.field({
    type: CreateProviderPayload,
    authScopes: { admin: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateProviderInput, required: true }) },
    resolve: async (_root, { input, ...wait }, context) => {
      // Names are looked up before the transaction: no lock is held while a name server thinks.
      const place = await placeOf(context.services.settings, input.baseUrl);
      return mutate(context, wait, { action: "provider.create", summary: `provider ${input.key} made` }, async (change) => {
        const id = v7();
        const sealedCredential = sealCredential(
          context.services.settings,
          { organisationId: change.organisationId, id, ...place },
          input.credential,
        );
        return change.create("provider", { id, key: input.key, kind: input.kind, ...place, sealedCredential });
      });
    },
  }),
);

const UpdateProviderInput = builder.inputType("UpdateProviderInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    key: t.string(),
    kind: t.field({ type: ProviderKind, description: kindDescription }),
    baseUrl: t.string({ description: "Another one needs the credential again, because it goes to whoever stands there." }),
    credential: t.string({ description: "Empty: take the credential away." }),
  }),
});
const UpdateProviderPayload = configPayload("UpdateProviderPayload", "provider", Provider);
builder.mutationField("updateProvider", (t) =>
  t.field({
    type: UpdateProviderPayload,
    authScopes: { admin: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateProviderInput, required: true }) },
    resolve: async (_root, { input, ...wait }, context) => {
      const place = input.baseUrl == null ? undefined : await placeOf(context.services.settings, input.baseUrl);
      return mutate(context, wait, { action: "provider.update", summary: "provider changed" }, async (change) => {
        const row = await change.edit("provider", input.id, { expectedRevision: input.expectedRevision });
        row.key = input.key ?? row.key;
        row.kind = input.kind ?? row.kind;
        row.sealedCredential = sealCredential(
          context.services.settings,
          { organisationId: change.organisationId, id: row.id, baseUrl: place?.baseUrl ?? row.baseUrl },
          input.credential,
          row,
        );
        if (place !== undefined) Object.assign(row, place);
        change.describe(`provider ${row.key} changed`);
        return row;
      });
    },
  }),
);

addArchive("provider", "provider", Provider);
