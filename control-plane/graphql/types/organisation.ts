/** The tenant. Only a token of the installation makes one or lists them; imported for its side effects by schema.ts. */
import { v7 } from "uuid";
import { Organisation as OrganisationEntity } from "../../database/entities/organisation.ts";
import { changeConfiguration } from "../../operations/change-configuration.ts";
import { builder } from "../builder.ts";
import { answerWithPropagation, checkWait, configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, configFields, connectionOf, mutate, pageById } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { createErrors, updateErrors } from "../errors.ts";

export const Organisation = builder.objectRef<OrganisationEntity>("Organisation").implement({
  description: "The tenant: everything else belongs to one.",
  fields: (t) => ({ ...configFields(t), key: t.exposeString("key"), name: t.exposeString("name") }),
});

builder.queryField("organisation", (t) =>
  t.field({
    type: Organisation,
    nullable: true,
    description: "The organisation that you act in.",
    authScopes: { viewer: true },
    resolve: async (_root, _args, context) => (await context.loaders.organisation.load(principalOf(context).organisationId)) ?? null,
  }),
);

const OrganisationConnection = connectionOf(Organisation);
builder.queryField("organisations", (t) =>
  t.connection(
    {
      type: Organisation,
      description: "All of the installation; for an installation token.",
      authScopes: { installation: true },
      args: { includeArchived: t.arg.boolean() },
      resolve: (_root, args, context) =>
        pageById<OrganisationEntity>(args, "asc", (where, options) =>
          context.services.database.system((em) =>
            em.find(OrganisationEntity, { ...where, ...(args.includeArchived ? {} : { archivedAt: null }) }, options),
          ),
        ),
    },
    OrganisationConnection,
  ),
);

const CreateOrganisationInput = builder.inputType("CreateOrganisationInput", {
  fields: (t) => ({ key: t.string({ required: true }), name: t.string({ required: true }) }),
});
const CreateOrganisationPayload = configPayload("CreateOrganisationPayload", "organisation", Organisation);
builder.mutationField("createOrganisation", (t) =>
  t.field({
    type: CreateOrganisationPayload,
    description: "Act in it afterwards with the header x-penstock-organisation.",
    authScopes: { installation: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateOrganisationInput, required: true }) },
    resolve: async (_root, { input, ...wait }, context) => {
      checkWait(wait);
      const id = v7();
      const changed = await changeConfiguration(
        context.services,
        { actor: principalOf(context).actor, organisationId: id },
        { action: "organisation.create", summary: `organisation ${input.key} made` },
        async (change) => change.create("organisation", { id, key: input.key, name: input.name }),
      );
      return answerWithPropagation(context, wait, changed);
    },
  }),
);

const UpdateOrganisationInput = builder.inputType("UpdateOrganisationInput", {
  fields: (t) => ({ expectedRevision: t.int({ required: true }), key: t.string(), name: t.string() }),
});
const UpdateOrganisationPayload = configPayload("UpdateOrganisationPayload", "organisation", Organisation);
builder.mutationField("updateOrganisation", (t) =>
  t.field({
    type: UpdateOrganisationPayload,
    description: "The organisation that you act in.",
    authScopes: { admin: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateOrganisationInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "organisation.update", summary: "organisation changed" }, async (change) => {
        const row = await change.edit("organisation", change.organisationId, { expectedRevision: input.expectedRevision });
        row.key = input.key ?? row.key;
        row.name = input.name ?? row.name;
        change.describe(`organisation ${row.key} changed`);
        return row;
      }),
  }),
);

addArchive("organisation", "organisation", Organisation);
