/** A provider. Its secrets go in and never come out. Imported for its side effects by schema.ts. */
import { v7 } from "uuid";
import { ValidationError } from "../../control-error.ts";
import { type Provider as ProviderRow, plainProvider, providerFlavours, providerKinds } from "../../database/entities/provider.ts";
import { placeOf } from "../../operations/provider-place.ts";
import { sealCredential, sealHeaders } from "../../operations/seal-provider-secrets.ts";
import { builder } from "../builder.ts";
import { configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, enumOf, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { byText } from "../list-order.ts";
import { authenticationOf, ProviderAuthentication, ProviderAuthenticationInput } from "./provider-authentication.ts";

const flavourDescription = "Whose server it is, where servers that speak the OpenAI chat API differ.";
export const ProviderKind = enumOf("ProviderKind", providerKinds);
const ProviderFlavour = enumOf("ProviderFlavour", providerFlavours);

export const Provider = builder.objectRef<ProviderRow>("Provider").implement({
  description: "An account or server that serves models.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key"),
    kind: t.field({ type: ProviderKind, resolve: (row) => row.kind }),
    flavour: t.field({ type: ProviderFlavour, description: flavourDescription, resolve: (row) => row.flavour }),
    baseUrl: t.exposeString("baseUrl"),
    apiVersion: t.exposeString("apiVersion", { description: "Azure's. Empty: the node's default." }),
    authentication: t.field({ type: ProviderAuthentication, resolve: (row) => row.authentication }),
    hasCredential: t.boolean({ description: "The credential itself is never shown.", resolve: (row) => row.sealedCredential !== "" }),
    headerNames: t.stringList({
      description: "Headers that go with each call. Their values are never shown.",
      resolve: (row) => row.sealedHeaders.map(({ name }) => name),
    }),
    privateAddressAllowed: t.exposeBoolean("privateAddressAllowed", {
      description: "It stands at a private address that the operator's PENSTOCK_PRIVATE_ADDRESSES names.",
    }),
  }),
});
addQueries("provider", { one: "provider", many: "providers", orders: { key: byText("key"), base_url: byText("base_url") } }, Provider);

const apiVersionDescription = "AZURE: what deployments are asked for as api-version.";
const ProviderHeaderInput = builder.inputType("ProviderHeaderInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    value: t.string({ required: true, description: "Sealed at once; nobody can read it again." }),
  }),
});

const CreateProviderInput = builder.inputType("CreateProviderInput", {
  fields: (t) => ({
    key: t.string({ required: true }),
    kind: t.field({ type: ProviderKind, required: true }),
    flavour: t.field({ type: ProviderFlavour, description: `${flavourDescription} GENERIC unless said.` }),
    baseUrl: t.string({ required: true, description: "With its path prefix: https://api.openai.com/v1" }),
    apiVersion: t.string({ description: apiVersionDescription }),
    authentication: t.field({ type: ProviderAuthenticationInput, description: "API_KEY unless said." }),
    credential: t.string({ description: "Sealed at once; nobody can read it again." }),
    headers: t.field({ type: [ProviderHeaderInput], description: "Sent with each call." }),
  }),
});
const CreateProviderPayload = configPayload("CreateProviderPayload", "provider", Provider);
builder.mutationField("createProvider", (t) =>
  t.field({
    type: CreateProviderPayload,
    authScopes: { operator: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateProviderInput, required: true }) },
    resolve: async (_root, { input, ...wait }, context) => {
      const { settings } = context.services;
      // Names are looked up before the transaction: no lock is held while a name server thinks.
      const place = await placeOf(settings, input.baseUrl);
      const authentication =
        input.authentication == null
          ? plainProvider.authentication
          : await authenticationOf(settings, input.authentication, input.credential);
      return mutate(context, wait, { action: "provider.create", summary: `provider ${input.key} made` }, async (change) => {
        const owner = { organisationId: change.organisationId, id: v7(), baseUrl: place.baseUrl, authentication };
        return change.create("provider", {
          id: owner.id,
          key: input.key,
          kind: input.kind,
          ...place,
          flavour: input.flavour ?? plainProvider.flavour,
          apiVersion: input.apiVersion ?? plainProvider.apiVersion,
          authentication,
          sealedCredential: sealCredential(settings, owner, input.credential),
          sealedHeaders: sealHeaders(settings, owner, input.headers),
        });
      });
    },
  }),
);

const UpdateProviderInput = builder.inputType("UpdateProviderInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    key: t.string(),
    kind: t.field({ type: ProviderKind }),
    flavour: t.field({ type: ProviderFlavour, description: flavourDescription }),
    baseUrl: t.string({
      description: "Another one needs the credential and the headers again, because they go to whoever stands there.",
    }),
    apiVersion: t.string({ description: apiVersionDescription }),
    authentication: t.field({ type: ProviderAuthenticationInput, description: "Another method needs the credential again." }),
    credential: t.string({ description: "Empty: take the credential away." }),
    headers: t.field({ type: [ProviderHeaderInput], description: "All of them; an empty list takes them away." }),
  }),
});
const UpdateProviderPayload = configPayload("UpdateProviderPayload", "provider", Provider);
builder.mutationField("updateProvider", (t) =>
  t.field({
    type: UpdateProviderPayload,
    authScopes: { operator: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateProviderInput, required: true }) },
    resolve: async (_root, { input, ...wait }, context) => {
      const { settings } = context.services;
      const place = input.baseUrl == null ? undefined : await placeOf(settings, input.baseUrl);
      const given = input.authentication == null ? undefined : await authenticationOf(settings, input.authentication, input.credential);
      return mutate(context, wait, { action: "provider.update", summary: "provider changed" }, async (change) => {
        const row = await change.edit("provider", input.id, { expectedRevision: input.expectedRevision });
        if (given === undefined && row.authentication.method === "google-service-account" && input.credential != null)
          throw new ValidationError([
            { path: "authentication", message: "must be given with another key file, which may be another account's" },
          ]);
        const authentication = given ?? row.authentication;
        const owner = { organisationId: change.organisationId, id: row.id, baseUrl: place?.baseUrl ?? row.baseUrl, authentication };
        const sealedCredential = sealCredential(settings, owner, input.credential, row);
        const sealedHeaders = sealHeaders(settings, owner, input.headers, row);
        row.key = input.key ?? row.key;
        row.kind = input.kind ?? row.kind;
        row.flavour = input.flavour ?? row.flavour;
        row.apiVersion = input.apiVersion ?? row.apiVersion;
        Object.assign(row, { ...place, authentication, sealedCredential, sealedHeaders });
        change.describe(`provider ${row.key} changed`);
        return row;
      });
    },
  }),
);

addArchive("provider", "provider", Provider);
