/** Dead letters over GraphQL, for administrators of the installation: they are records of any organisation, or of none. */
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { resolveCursorConnection } from "@pothos/plugin-relay";
import { v7 } from "uuid";
import { UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { ForbiddenError, ValidationError } from "../../control-error.ts";
import { AuditEntry } from "../../database/entities/audit-entry.ts";
import { type DeadLetter, isDeadLetterId } from "../../usage/dead-letters.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import { type GraphQLContext, principalOf } from "../context.ts";
import { checkPage, connectionOf, pageSizeMax } from "../keyset-page.ts";

const DeadLetterType = builder.objectRef<DeadLetter>("DeadLetter").implement({
  description: "A usage record that could not be written to the ledger.",
  fields: (t) => ({
    id: t.exposeID("id"),
    buriedAt: t.expose("buriedAt", { type: "DateTime" }),
    log: t.exposeString("log", { description: "The node's log that it stood in." }),
    sequence: t.exposeString("sequence", { description: "Its number there. Empty: not known." }),
    reason: t.exposeString("reason"),
    byteLength: t.int({ resolve: ({ record }) => record.length }),
    record: t.field({
      type: "JSON",
      nullable: true,
      description: "What it says. Null: it is no usage record.",
      resolve: ({ record }) => readable(record),
    }),
  }),
});

function readable(record: Uint8Array): unknown {
  try {
    return toJson(UsageRecordSchema, fromBinary(UsageRecordSchema, record));
  } catch {
    return null;
  }
}

builder.queryField("deadLetters", (t) =>
  t.connection(
    {
      type: DeadLetterType,
      description: "Newest first. Kept in Redis, at most 100,000; without Redis they stand in the control plane's log alone.",
      authScopes: { installation: true },
      resolve: (_root, args, { services }) => {
        checkPage(args);
        if (args.last != null || args.before != null)
          throw new ValidationError([{ path: "last", message: "this list is read from its beginning: give first and after" }]);
        return resolveCursorConnection<Promise<DeadLetter[]>>(
          { args, maxSize: pageSizeMax, defaultSize: 20, toCursor: ({ id }) => id },
          async ({ after, limit }) => {
            if (after !== undefined) checkIds([after], "after");
            return [...(await services.deadLetters.list(limit, after))];
          },
        );
      },
    },
    connectionOf(DeadLetterType),
  ),
);

builder.queryField("deadLetterCount", (t) =>
  t.int({ authScopes: { installation: true }, resolve: (_root, _arguments, { services }) => services.deadLetters.count() }),
);

const Input = builder.inputType("DeadLettersInput", {
  fields: (t) => ({ ids: t.idList({ required: true, description: "At most 100." }) }),
});
const Payload = builder.objectRef<{ readonly count: number }>("DeadLettersPayload").implement({
  fields: (t) => ({ count: t.exposeInt("count", { description: "How many were there." }) }),
});

const ways = {
  retryDeadLetters: { way: "retry", description: "Hands them in again. What is refused again comes back with its reason." },
  discardDeadLetters: { way: "discard", description: "Gives them up: what they count is in no bill." },
} as const;

for (const [name, { way, description }] of Object.entries(ways)) {
  builder.mutationField(name, (t) =>
    t.field({
      type: Payload,
      description,
      authScopes: { installation: true },
      errors: { types: [ValidationError, ForbiddenError] },
      args: { input: t.arg({ type: Input, required: true }) },
      resolve: async (_root, { input: { ids } }, context) => {
        checkIds(ids, "ids");
        await writeAudit(context, `dead_letter.${way}`, ids);
        return { count: await context.services.deadLetters[way](ids) };
      },
    }),
  );
}

function checkIds(ids: readonly string[], path: string): void {
  if (ids.length > 100) throw new ValidationError([{ path, message: "may list 100" }]);
  if (!ids.every(isDeadLetterId)) throw new ValidationError([{ path, message: "is not what deadLetters answers" }]);
}

/** Before the deed: what was meant is known even where the rest fails. */
const writeAudit = (context: GraphQLContext, action: string, ids: readonly string[]): Promise<void> =>
  inOrganisation(context, async (em) => {
    const { actor, organisationId } = principalOf(context);
    const entry = {
      id: v7(),
      organisationId,
      at: new Date(),
      actor,
      action,
      targetKind: "dead_letter" as const,
      targetId: null,
      revisionNumber: null,
    };
    em.persist(em.create(AuditEntry, { ...entry, details: { ids: [...ids] } }));
    await em.flush();
  });
