/** Views of the console's pages that people keep. Imported for its side effects by schema.ts. */
import { ForbiddenError, NotFoundError, ValidationError } from "../../control-error.ts";
import type { SavedView as SavedViewRow } from "../../database/entities/saved-view.ts";
import { deleteView, saveView, viewsFor } from "../../operations/saved-views.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";

const SavedView = builder.objectRef<SavedViewRow>("SavedView").implement({
  description: "A page as somebody has set it, under a name.",
  fields: (t) => ({
    id: t.exposeID("id"),
    page: t.exposeString("page"),
    name: t.exposeString("name"),
    search: t.field({ type: "JSON", description: 'What follows "?" in its address, by name.', resolve: ({ search }) => search }),
    owner: t.exposeString("owner", { description: "As an audit entry's actor." }),
    mine: t.boolean({ resolve: ({ owner }, _args, context) => owner === principalOf(context).actor }),
    shared: t.exposeBoolean("shared", { description: "Everybody in the organisation sees it." }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
  }),
});

builder.queryField("savedViews", (t) =>
  t.field({
    type: [SavedView],
    description: "Your own and those that are shared, by name.",
    authScopes: { viewer: true },
    args: { page: t.arg.string({ required: true, description: 'The first part of its address: "calls".' }) },
    resolve: (_root, { page }, context) => inOrganisation(context, (em) => viewsFor(em, principalOf(context), page)),
  }),
);

const SaveInput = builder.inputType("SaveViewInput", {
  fields: (t) => ({
    page: t.string({ required: true }),
    name: t.string({ required: true, description: "1 to 80 characters. Your own of that name is replaced." }),
    search: t.field({ type: "JSON", required: true, description: "An object of texts." }),
    shared: t.boolean({ required: true, description: "True needs the role developer." }),
  }),
});
const SavePayload = builder.objectRef<SavedViewRow>("SaveViewPayload").implement({
  fields: (t) => ({ view: t.field({ type: SavedView, resolve: (row) => row }) }),
});
builder.mutationField("saveView", (t) =>
  t.field({
    type: SavePayload,
    authScopes: { viewer: true },
    errors: { types: [ValidationError, ForbiddenError] },
    args: { input: t.arg({ type: SaveInput, required: true }) },
    resolve: (_root, { input }, context) => inOrganisation(context, (em) => saveView(em, principalOf(context), input)),
  }),
);

const DeletePayload = builder.objectRef<{ readonly id: string }>("DeleteViewPayload").implement({
  fields: (t) => ({ id: t.exposeID("id") }),
});
const DeleteInput = builder.inputType("DeleteViewInput", { fields: (t) => ({ id: t.id({ required: true }) }) });
builder.mutationField("deleteView", (t) =>
  t.field({
    type: DeletePayload,
    authScopes: { viewer: true },
    errors: { types: [NotFoundError, ForbiddenError] },
    args: { input: t.arg({ type: DeleteInput, required: true }) },
    resolve: async (_root, { input: { id } }, context) => {
      await inOrganisation(context, (em) => deleteView(em, principalOf(context), id));
      return { id };
    },
  }),
);
