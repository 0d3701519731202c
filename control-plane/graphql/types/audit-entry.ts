/** The audit log, newest first. Imported for its side effects by schema.ts. */
import { ValidationError } from "../../control-error.ts";
import { type AuditedKind as AuditedKindName, auditedKinds } from "../../database/audited-kinds.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { AuditEntry as AuditEntryEntity } from "../../database/entities/audit-entry.ts";
import { requireStorable } from "../../storable-text.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import { connectionOf, pageById } from "../keyset-page.ts";

const AuditVia = builder.enumType("AuditVia", {
  values: { CONSOLE: { value: "console" }, CLI: { value: "cli" }, GRAPHQL: { value: "graphql" } } as const,
});

const AuditedKind = builder.enumType("AuditedKind", {
  description: "What entries are about; the same as targetKind, which is written small.",
  values: Object.fromEntries(auditedKinds.map((kind) => [kind.toUpperCase(), { value: kind }])) as Record<
    string,
    { value: AuditedKindName }
  >,
});

const AuditEntry = builder.objectRef<AuditEntryEntity>("AuditEntry").implement({
  description: "Who did what, when. Never changed and never deleted.",
  fields: (t) => ({
    id: t.exposeID("id"),
    at: t.expose("at", { type: "DateTime" }),
    actor: t.exposeString("actor"),
    action: t.exposeString("action"),
    targetKind: t.exposeString("targetKind"),
    targetId: t.id({ nullable: true, resolve: (row) => row.targetId ?? null }),
    revisionNumber: t.field({ type: "BigInt", nullable: true, resolve: (row) => row.revisionNumber ?? null }),
    details: t.field({ type: "JSON", resolve: (row) => row.details }),
    sourceAddress: t.string({
      nullable: true,
      description: "Where the request came from. Null: Penstock did it by itself, or it is not known.",
      resolve: ({ sourceAddress }) => sourceAddress || null,
    }),
    requestId: t.string({
      nullable: true,
      description: "The request's x-request-id, as in the control plane's log.",
      resolve: (row) => row.requestId ?? null,
    }),
    via: t.field({ type: AuditVia, nullable: true, description: "Null: Penstock did it by itself.", resolve: (row) => row.via ?? null }),
  }),
});

const AuditEntryFilter = builder.inputType("AuditEntryFilter", {
  fields: (t) => ({
    action: t.string(),
    actor: t.string({ description: 'Such as "token:ada", or by the name alone: "ada", or "Penstock" for all that it did by itself.' }),
    targetId: t.id(),
    targetKind: t.string({ description: 'Such as "route"; `kind` takes it from the list.' }),
    kind: t.field({ type: AuditedKind }),
    via: t.field({ type: AuditVia }),
    sourceAddress: t.string(),
    from: t.field({ type: "DateTime" }),
    until: t.field({ type: "DateTime" }),
  }),
});

/** Every actor that a name may mean: the whole of it, the part behind the kind, or Penstock whatever it did. */
const actorsCalled = (name: string) => [
  { actor: { $in: [name, `token:${name}`, `system:${name}`] } },
  ...(name === "Penstock" ? [{ actor: { $like: "system%" } }] : []),
];

const AuditEntryConnection = connectionOf(AuditEntry);
builder.queryField("auditEntries", (t) =>
  t.connection(
    {
      type: AuditEntry,
      authScopes: { viewer: true },
      args: { filter: t.arg({ type: AuditEntryFilter }) },
      resolve: (_root, args, context) => {
        const { action, actor, targetId, targetKind, kind, via, sourceAddress, from, until } = args.filter ?? {};
        requireStorable({
          "filter.action": action,
          "filter.actor": actor,
          "filter.targetKind": targetKind,
          "filter.sourceAddress": sourceAddress,
        });
        if (targetId != null && !isUuid(targetId)) throw new ValidationError([{ path: "filter.targetId", message: "is not an id" }]);
        return pageById<AuditEntryEntity>(args, "desc", (where, options) =>
          inOrganisation(context, (em) =>
            em.find(
              AuditEntryEntity,
              {
                ...where,
                ...(action == null ? {} : { action }),
                ...(actor == null ? {} : { $or: actorsCalled(actor) }),
                ...(targetId == null ? {} : { targetId }),
                ...(targetKind == null ? {} : { targetKind: targetKind as AuditedKindName }),
                ...(kind == null ? {} : { $and: [{ targetKind: kind as AuditedKindName }] }),
                ...(via == null ? {} : { via }),
                ...(sourceAddress == null ? {} : { sourceAddress }),
                ...(from == null && until == null
                  ? {}
                  : { at: { ...(from == null ? {} : { $gte: from }), ...(until == null ? {} : { $lt: until }) } }),
              },
              options,
            ),
          ),
        );
      },
    },
    AuditEntryConnection,
  ),
);
