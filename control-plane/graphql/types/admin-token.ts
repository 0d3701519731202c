/** Credentials of the control plane. Imported for its side effects by schema.ts. */

import { NotFoundError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { type AdminRole as AdminRoleName, adminRoles } from "../../database/entities/admin-role.ts";
import { AdminToken as AdminTokenEntity } from "../../database/entities/admin-token.ts";
import { makeAdminToken, revokeAdminToken, rightsOf } from "../../operations/admin-tokens.ts";
import { addSession, invitationMs } from "../../operations/console-sessions.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { createErrors } from "../errors.ts";
import { connectionOf, pageInOrder } from "../keyset-page.ts";
import { byInstant, byRank, byText, orderOf } from "../list-order.ts";

export const AdminRole = builder.enumType("AdminRole", {
  description: "Each may what those before it may.",
  values: {
    VIEWER: { value: "viewer", description: "Sees all but what was said in calls." },
    DEVELOPER: { value: "developer", description: "Prompts, experiments, replays, the playground, and what was said in calls." },
    OPERATOR: { value: "operator", description: "Routes, backends, models, keys, quotas, budgets, webhooks, earlier revisions." },
    ADMIN: { value: "admin", description: "Members, projects, and what the organisation keeps." },
  } satisfies Record<string, { value: AdminRoleName; description: string }>,
});

const AdminToken = builder.objectRef<AdminTokenEntity>("AdminToken").implement({
  description: "A credential of the control plane, for one organisation or for the installation.",
  fields: (t) => ({
    id: t.exposeID("id"),
    name: t.exposeString("name"),
    publicId: t.exposeString("publicId"),
    role: t.field({ type: AdminRole, resolve: (row) => row.role }),
    installation: t.exposeBoolean("installation"),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    expiresAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.expiresAt ?? null }),
    invitedUntil: t.field({
      type: "DateTime",
      nullable: true,
      description: "Until then it waits for its holder to take it up. Null: it has one.",
      resolve: (row) => row.invitedUntil ?? null,
    }),
    revokedAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.revokedAt ?? null }),
  }),
});

const orders = {
  name: byText("name"),
  role: byRank("role", adminRoles),
  created_at: byInstant("created_at"),
  ends_at: byInstant("revoked_at", "invited_until", "expires_at"),
};
const AdminTokenOrder = orderOf("AdminToken", orders);
const AdminTokenConnection = connectionOf(AdminToken);
builder.queryField("adminTokens", (t) =>
  t.connection(
    {
      type: AdminToken,
      authScopes: { admin: true },
      args: { orderBy: t.arg({ type: AdminTokenOrder, description: "Left out: as they were made." }) },
      resolve: (_root, args, context) =>
        pageInOrder<AdminTokenEntity, keyof typeof orders>(args, {
          table: "admin_token",
          orders,
          otherwise: "asc",
          within: (work) => inOrganisation(context, work),
          find: (em, where, options) => em.find(AdminTokenEntity, where, options),
        }),
    },
    AdminTokenConnection,
  ),
);

const CreateAdminTokenInput = builder.inputType("CreateAdminTokenInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    role: t.field({ type: AdminRole, required: true }),
    expiresAt: t.field({ type: "DateTime" }),
  }),
});
interface NewAdminToken {
  readonly row: AdminTokenEntity;
  readonly credential: string;
}
const CreateAdminTokenPayload = builder.objectRef<NewAdminToken>("CreateAdminTokenPayload").implement({
  fields: (t) => ({
    adminToken: t.field({ type: AdminToken, resolve: (payload) => payload.row }),
    credential: t.exposeString("credential", { description: "The token. It is shown here and never again." }),
  }),
});
builder.mutationField("createAdminToken", (t) =>
  t.field({
    type: CreateAdminTokenPayload,
    description: "For the organisation that you act in, and never for the installation.",
    authScopes: { admin: true },
    errors: createErrors,
    args: { input: t.arg({ type: CreateAdminTokenInput, required: true }) },
    resolve: (_root, { input }, context) =>
      inOrganisation(context, (em) =>
        makeAdminToken(em, context.services.settings.pepper, principalOf(context), {
          name: input.name,
          role: input.role,
          expiresAt: input.expiresAt ?? null,
          installation: false,
        }),
      ),
  }),
);

interface Invitation {
  readonly row: AdminTokenEntity;
  readonly secret: string;
  readonly expiresAt: Date;
}
const InviteMemberPayload = builder.objectRef<Invitation>("InviteMemberPayload").implement({
  fields: (t) => ({
    adminToken: t.field({ type: AdminToken, resolve: (payload) => payload.row }),
    path: t.string({
      description: "To be put behind the console's address and sent to them. Good once; shown here and never again.",
      resolve: ({ secret }) => `/sign-in#invitation=${secret}`,
    }),
    expiresAt: t.field({ type: "DateTime", resolve: (payload) => payload.expiresAt }),
  }),
});
builder.mutationField("inviteMember", (t) =>
  t.field({
    type: InviteMemberPayload,
    description: "As createAdminToken, but the token is seen by nobody except whoever opens the link, within a week.",
    authScopes: { admin: true },
    errors: createErrors,
    args: { input: t.arg({ type: CreateAdminTokenInput, required: true }) },
    resolve: (_root, { input }, context) =>
      inOrganisation(context, async (em): Promise<Invitation> => {
        const { pepper, consoleSessionMs } = context.services.settings;
        const { row } = await makeAdminToken(em, pepper, principalOf(context), {
          name: input.name,
          role: input.role,
          expiresAt: input.expiresAt ?? null,
          installation: false,
          invitedUntil: new Date(Date.now() + invitationMs),
        });
        await em.flush();
        return { row, ...(await addSession(em, pepper, rightsOf(row), "invitation", consoleSessionMs)) };
      }),
  }),
);

const RevokeAdminTokenInput = builder.inputType("RevokeAdminTokenInput", { fields: (t) => ({ id: t.id({ required: true }) }) });
const RevokeAdminTokenPayload = builder.objectRef<AdminTokenEntity>("RevokeAdminTokenPayload").implement({
  fields: (t) => ({ adminToken: t.field({ type: AdminToken, resolve: (row) => row }) }),
});
builder.mutationField("revokeAdminToken", (t) =>
  t.field({
    type: RevokeAdminTokenPayload,
    authScopes: { admin: true },
    errors: createErrors,
    args: { input: t.arg({ type: RevokeAdminTokenInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      if (!isUuid(input.id)) throw new NotFoundError("admin token", input.id);
      return inOrganisation(context, (em) => revokeAdminToken(em, principalOf(context), input.id));
    },
  }),
);
