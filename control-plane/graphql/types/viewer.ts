/** Who is asking. Imported for its side effects by schema.ts. */
import { builder } from "../builder.ts";
import { type Principal, principalOf } from "../context.ts";
import { AdminRole } from "./admin-token.ts";
import { Organisation } from "./organisation.ts";

const Viewer = builder.objectRef<Principal>("Viewer").implement({
  description: "The holder of the token that you gave.",
  fields: (t) => ({
    actor: t.exposeString("actor"),
    role: t.field({ type: AdminRole, resolve: (principal) => principal.role }),
    installation: t.exposeBoolean("installation", { description: "May make organisations and act in each of them." }),
    organisation: t.field({
      type: Organisation,
      nullable: true,
      description: "Where you act.",
      resolve: async (principal, _args, context) => (await context.loaders.organisation.load(principal.organisationId)) ?? null,
    }),
  }),
});

builder.queryField("viewer", (t) =>
  t.field({ type: Viewer, authScopes: { viewer: true }, resolve: (_root, _args, context) => principalOf(context) }),
);
