/** The tenant. Only a token of the installation makes one or lists them; imported for its side effects by schema.ts. */
import { v7 } from "uuid";
import { type Discount as DiscountValue, Organisation as OrganisationEntity } from "../../database/entities/organisation.ts";
import { changeConfiguration } from "../../operations/change-configuration.ts";
import { builder } from "../builder.ts";
import { answerWithPropagation, checkWait, configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, configFields, mutate } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { connectionOf, pageInOrder } from "../keyset-page.ts";
import { byText, byTime, orderOf } from "../list-order.ts";
import { ContentCapture, ContentCaptureInput, captureOf } from "./content-capture.ts";

const Discount = builder.objectRef<DiscountValue>("Discount").implement({
  description: "A share off what calls cost. A provider's own holds before the one for all.",
  fields: (t) => ({
    providerId: t.id({ nullable: true, description: "Null: all providers.", resolve: ({ providerId }) => providerId }),
    basisPoints: t.exposeInt("basisPoints", { description: "Ten-thousandths of the price that are not charged: 1000 is 10 %." }),
    from: t.field({ type: "DateTime", nullable: true, description: "Null: always was.", resolve: ({ from }) => instant(from) }),
    until: t.field({
      type: "DateTime",
      nullable: true,
      description: "Not included. Null: for ever.",
      resolve: ({ until }) => instant(until),
    }),
  }),
});
const instant = (text: string | null): Date | null => (text === null ? null : new Date(text));

export const Organisation = builder.objectRef<OrganisationEntity>("Organisation").implement({
  description: "The tenant: everything else belongs to one.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key"),
    name: t.exposeString("name"),
    discounts: t.field({ type: [Discount], resolve: (row) => [...(row.discounts ?? [])] }),
    contentCapture: t.field({
      type: ContentCapture,
      nullable: true,
      description: "Null: off, where neither project nor route says otherwise.",
      resolve: (row) => row.contentCapture ?? null,
    }),
  }),
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

const orders = { name: byText("name"), key: byText("key"), ...byTime };
const OrganisationOrder = orderOf("Organisation", orders);
const OrganisationConnection = connectionOf(Organisation);
builder.queryField("organisations", (t) =>
  t.connection(
    {
      type: Organisation,
      description: "All of the installation; for an installation token.",
      authScopes: { installation: true },
      args: { includeArchived: t.arg.boolean(), orderBy: t.arg({ type: OrganisationOrder, description: "Left out: as they were made." }) },
      resolve: (_root, args, context) =>
        pageInOrder<OrganisationEntity, keyof typeof orders>(args, {
          table: "organisation",
          orders,
          otherwise: "asc",
          within: context.services.database.system,
          find: (em, where, options) =>
            em.find(OrganisationEntity, { ...where, ...(args.includeArchived ? {} : { archivedAt: null }) }, options),
        }),
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
  fields: (t) => ({
    expectedRevision: t.int({ required: true }),
    key: t.string(),
    name: t.string(),
    contentCapture: t.field({ type: ContentCaptureInput, description: "Null: off." }),
  }),
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
        if (input.contentCapture !== undefined) row.contentCapture = input.contentCapture === null ? null : captureOf(input.contentCapture);
        change.describe(`organisation ${row.key} changed`);
        return row;
      }),
  }),
);

const DiscountInput = builder.inputType("DiscountInput", {
  fields: (t) => ({
    providerId: t.id({ description: "Left out: all providers." }),
    basisPoints: t.int({ required: true, description: "1000 is 10 %." }),
    from: t.field({ type: "DateTime", description: "Left out: now." }),
    until: t.field({ type: "DateTime", description: "Not included. Left out: for ever." }),
  }),
});
const SetDiscountsInput = builder.inputType("SetDiscountsInput", {
  fields: (t) => ({ expectedRevision: t.int({ required: true }), discounts: t.field({ type: [DiscountInput], required: true }) }),
});
const SetDiscountsPayload = configPayload("SetDiscountsPayload", "organisation", Organisation);
builder.mutationField("setDiscounts", (t) =>
  t.field({
    type: SetDiscountsPayload,
    description: "All discounts of the organisation that you act in. Not for its own administrators: who is let off does not say how much.",
    authScopes: { installation: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: SetDiscountsInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "organisation.set_discounts", summary: "discounts changed" }, async (change) => {
        const row = await change.edit("organisation", change.organisationId, { expectedRevision: input.expectedRevision });
        row.discounts = input.discounts.map(({ providerId, basisPoints, from, until }) => ({
          providerId: providerId ?? null,
          basisPoints,
          from: (from ?? change.at).toISOString(),
          until: until?.toISOString() ?? null,
        }));
        return row;
      }),
  }),
);

addArchive("organisation", "organisation", Organisation);
