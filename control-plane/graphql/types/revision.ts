/**
 * Revisions: the history of an organisation's configuration, what differs between two of them, the way back to one, and the
 * news of the newest. Images are shown without sealed credentials and key hashes.
 */
import { resolveCursorConnection } from "@pothos/plugin-relay";
import { ForbiddenError, NotFoundError, ValidationError } from "../../control-error.ts";
import type { ConfigKind } from "../../database/config-kinds.ts";
import type { JsonObject } from "../../database/entities/route.ts";
import type { EntityManager } from "../../database/orm.ts";
import { type ComparedEntity, type ComparedRevisions, compareRevisions, withoutSecrets } from "../../operations/compare-revisions.ts";
import { type RestoredRevision, restoreRevision, revertRevision } from "../../operations/restore-revision.ts";
import type { ConfigRevision, Propagation } from "../../services.ts";
import { changedColumns } from "../../snapshot/row-image.ts";
import { builder } from "../builder.ts";
import {
  answerWithPropagation,
  ConfigChange,
  type ConfigPayload,
  ConfigRevisionType,
  checkWait,
  waitArguments,
} from "../config-mutation.ts";
import { inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { checkPage, connectionOf, pageSizeMax } from "../keyset-page.ts";
import { ConfigColumnType, ConfigReferenceType, changedColumnNames, namedReferences, referencesIn } from "./changed-columns.ts";

const pageSizeDefault = 20;
/** Changes shown with one revision; `compareRevisions` and the audit log tell of more. */
const changesMax = 500;

interface RevisionRow {
  readonly epoch: string;
  readonly number: bigint;
  readonly hash: string;
  readonly createdAt: Date;
  readonly actor: string;
  readonly summary: string;
  readonly publishedAt: Date | null;
}

interface ChangeRow {
  readonly revision: string;
  readonly kind: ConfigKind;
  readonly entityId: string;
  readonly operation: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject;
}

const RevisionChangeType = builder.objectRef<ChangeRow>("RevisionChange").implement({
  description: "One thing that a revision changed, before and after, without secrets.",
  fields: (t) => ({
    kind: t.exposeString("kind"),
    entityId: t.exposeID("entityId"),
    operation: t.exposeString("operation", { description: "create, update or archive." }),
    before: t.field({ type: "JSON", nullable: true, resolve: ({ before }) => withoutSecrets(before) }),
    after: t.field({ type: "JSON", resolve: ({ after }) => withoutSecrets(after) }),
    columns: t.field({
      type: [ConfigColumnType],
      description: "Which of its columns differ, secret ones too; of what was made, those that say something.",
      resolve: ({ kind, before, after }) => changedColumnNames(kind, changedColumns(before ?? {}, after)),
    }),
    references: t.field({
      type: [ConfigReferenceType],
      description: "What the ids in both images stand for, as they are called now.",
      resolve: ({ before, after }, _args, context) => namedReferences(referencesIn(before, after), context),
    }),
  }),
});

const RevisionType = builder.objectRef<RevisionRow>("Revision").implement({
  description: "One change of the configuration of your organisation. Numbers are the installation's, so those of others are missing.",
  fields: (t) => ({
    epoch: t.exposeString("epoch"),
    number: t.expose("number", { type: "BigInt" }),
    hash: t.exposeString("hash", { description: "Hex." }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    actor: t.exposeString("actor"),
    summary: t.exposeString("summary"),
    publishedAt: t.expose("publishedAt", {
      type: "DateTime",
      nullable: true,
      description: "Null: it has not been handed on to the nodes yet.",
    }),
    changes: t.loadableGroup({
      type: RevisionChangeType,
      description: `At most ${changesMax}.`,
      resolve: ({ epoch, number }) => `${epoch} ${number}`,
      group: ({ revision }: ChangeRow) => revision,
      load: async (keys: string[], context) => {
        const rows = await inOrganisation(context, (em) =>
          em.execute<
            { revision: string; kind: ConfigKind; entity_id: string; operation: string; before: JsonObject | null; after: JsonObject }[]
          >(
            `select epoch::text || ' ' || number::text as revision, kind, entity_id::text as entity_id, operation, before, after
             from revision_change
             where (epoch, number) in (select split_part(key, ' ', 1)::uuid, split_part(key, ' ', 2)::bigint
                                       from jsonb_array_elements_text(?::jsonb) as key)
               and position < ? order by revision_change.number, position`,
            [JSON.stringify(keys), changesMax],
          ),
        );
        return rows.map(({ entity_id, ...row }) => ({ ...row, entityId: entity_id }));
      },
    }),
  }),
});

const revisionColumns = `epoch::text as epoch, number::text as number, encode(hash, 'hex') as hash, actor, summary,
  floor(extract(epoch from created_at) * 1000)::bigint::text as created_at_ms,
  floor(extract(epoch from published_at) * 1000)::bigint::text as published_at_ms`;

interface StoredRevision {
  readonly epoch: string;
  readonly number: string;
  readonly hash: string;
  readonly actor: string;
  readonly summary: string;
  readonly created_at_ms: string;
  readonly published_at_ms: string | null;
}

const revisionRow = (row: StoredRevision): RevisionRow => ({
  epoch: row.epoch,
  number: BigInt(row.number),
  hash: row.hash,
  actor: row.actor,
  summary: row.summary,
  createdAt: new Date(Number(row.created_at_ms)),
  publishedAt: row.published_at_ms === null ? null : new Date(Number(row.published_at_ms)),
});

builder.queryField("revisions", (t) =>
  t.connection(
    {
      type: RevisionType,
      description: "Newest first.",
      authScopes: { viewer: true },
      resolve: (_root, args, context) => {
        checkPage(args);
        return resolveCursorConnection<Promise<RevisionRow[]>>(
          { args, maxSize: pageSizeMax, defaultSize: pageSizeDefault, toCursor: ({ number }) => number.toString() },
          ({ before, after, limit, inverted }) => inOrganisation(context, (em) => readRevisions(em, before, after, limit, inverted)),
        );
      },
    },
    connectionOf(RevisionType),
  ),
);

/** Newest first; with `inverted` oldest first. */
async function readRevisions(
  em: EntityManager,
  before: string | undefined,
  after: string | undefined,
  limit: number,
  inverted: boolean,
): Promise<RevisionRow[]> {
  const bounds = [
    ...(after === undefined ? [] : [{ sql: "revision.number < ?", value: numberOfCursor("after", after) }]),
    ...(before === undefined ? [] : [{ sql: "revision.number > ?", value: numberOfCursor("before", before) }]),
  ];
  const where = bounds.length === 0 ? "" : `where ${bounds.map(({ sql }) => sql).join(" and ")}`;
  const rows = await em.execute<StoredRevision[]>(
    `select ${revisionColumns} from revision ${where} order by revision.number ${inverted ? "asc" : "desc"} limit ?`,
    [...bounds.map(({ value }) => value), limit],
  );
  return rows.map(revisionRow);
}

function numberOfCursor(path: string, cursor: string): string {
  if (!/^\d{1,18}$/.test(cursor)) throw new ValidationError([{ path, message: "is not a cursor of this list" }]);
  return cursor;
}

const ComparedEntityType = builder.objectRef<ComparedEntity>("ComparedEntity").implement({
  description: "One thing that differs between two revisions.",
  fields: (t) => ({
    kind: t.exposeString("kind"),
    entityId: t.exposeID("entityId"),
    operation: t.exposeString("operation", {
      description: "create, update, archive or restore, seen from the first revision to the second.",
    }),
    before: t.expose("before", { type: "JSON", nullable: true }),
    after: t.expose("after", { type: "JSON", nullable: true }),
    changedPaths: t.stringList({
      description: 'For example "tiers[0].targets[1].weight".',
      resolve: ({ changedPaths }) => [...changedPaths],
    }),
    columns: t.field({
      type: [ConfigColumnType],
      description: "Of which columns these paths are, secret ones too.",
      resolve: ({ kind, changedPaths }) => changedColumnNames(kind, changedPaths.map(columnOfPath)),
    }),
    references: t.field({
      type: [ConfigReferenceType],
      description: "What the ids in both images stand for, as they are called now.",
      resolve: ({ before, after }, _args, context) => namedReferences(referencesIn(before, after), context),
    }),
  }),
});

/** "tiers" of "tiers[0].targets[1].weight". */
const columnOfPath = (path: string): string => /^[^.[]+/.exec(path)?.[0] ?? path;

const ComparedRevisionsType = builder.objectRef<ComparedRevisions>("ComparedRevisions").implement({
  fields: (t) => ({
    from: t.expose("from", { type: "BigInt" }),
    to: t.expose("to", { type: "BigInt" }),
    changes: t.field({ type: [ComparedEntityType], resolve: ({ changes }) => [...changes] }),
    changesCount: t.exposeInt("changesCount", { description: "Of which `changes` are the first." }),
  }),
});

builder.queryField("compareRevisions", (t) =>
  t.field({
    type: ComparedRevisionsType,
    description: "What differs between two revisions of your organisation. The first may be the later one.",
    authScopes: { viewer: true },
    args: { from: t.arg({ type: "BigInt", required: true }), to: t.arg({ type: "BigInt", required: true }) },
    errors: { types: [NotFoundError] },
    resolve: (_root, { from, to }, context) => compareRevisions(context.services.database, principalOf(context).organisationId, from, to),
  }),
);

const RestoreRevisionPayload = builder.objectRef<ConfigPayload<RestoredRevision>>("RestoreRevisionPayload").implement({
  interfaces: [ConfigChange],
  fields: (t) => ({
    restoredCount: t.int({ description: "How many things are different from before.", resolve: ({ value }) => value.restoredCount }),
  }),
});

const RestoreRevisionInput = builder.inputType("RestoreRevisionInput", {
  fields: (t) => ({ number: t.field({ type: "BigInt", required: true }) }),
});
builder.mutationField("restoreRevision", (t) =>
  t.field({
    type: RestoreRevisionPayload,
    description:
      "Puts your organisation's configuration back to where it stood at a revision, as a new revision. What did not exist then is archived. API keys and organisations are left as they are: a revoked key stays revoked.",
    authScopes: { operator: true },
    args: { ...waitArguments, input: t.arg({ type: RestoreRevisionInput, required: true }) },
    errors: { types: [ValidationError, NotFoundError, ForbiddenError] },
    resolve: async (_root, { input, ...wait }, context) => {
      checkWait(wait);
      return answerWithPropagation(context, wait, await restoreRevision(context.services, principalOf(context), input.number));
    },
  }),
);

const RevertRevisionPayload = builder.objectRef<ConfigPayload<RestoredRevision>>("RevertRevisionPayload").implement({
  interfaces: [ConfigChange],
  fields: (t) => ({
    revertedCount: t.int({ description: "How many things are different from before.", resolve: ({ value }) => value.restoredCount }),
  }),
});
const RevertRevisionInput = builder.inputType("RevertRevisionInput", {
  fields: (t) => ({ number: t.field({ type: "BigInt", required: true }) }),
});
builder.mutationField("revertRevision", (t) =>
  t.field({
    type: RevertRevisionPayload,
    description:
      "Takes back what one revision changed, and nothing else, as a new revision. Refused where something of it has been changed since, and for API keys and organisations.",
    authScopes: { operator: true },
    args: { ...waitArguments, input: t.arg({ type: RevertRevisionInput, required: true }) },
    errors: { types: [ValidationError, NotFoundError, ForbiddenError] },
    resolve: async (_root, { input, ...wait }, context) => {
      checkWait(wait);
      return answerWithPropagation(context, wait, await revertRevision(context.services, principalOf(context), input.number));
    },
  }),
);

builder.subscriptionField("configRevision", (t) =>
  t.field({
    type: ConfigRevisionType,
    description: "The newest revision that is given to nodes: at once, and after each change.",
    authScopes: { viewer: true },
    subscribe: (_root, _arguments, { services }) => revisionNews(services.propagation),
    resolve: (revision: ConfigRevision) => revision,
  }),
);

/**
 * The newest revision now and after each change; those in between may be passed over, so a slow reader holds one of them
 * and not a queue. An iterator by hand and not a generator: `return` must let the listener go at once, also while nothing
 * happens, and a generator would wait for its next value first.
 */
export function revisionNews(propagation: Pick<Propagation, "current" | "onChange">): AsyncIterableIterator<ConfigRevision> {
  let latest = propagation.current();
  let waiting: ((result: IteratorResult<ConfigRevision>) => void) | undefined;
  let closed = false;
  const stopListening = propagation.onChange((current) => {
    latest = current;
    if (waiting === undefined) return;
    const deliver = waiting;
    waiting = undefined;
    latest = undefined;
    deliver({ value: current, done: false });
  });
  const end = (): Promise<IteratorResult<ConfigRevision>> => {
    closed = true;
    stopListening();
    waiting?.({ value: undefined, done: true });
    waiting = undefined;
    return Promise.resolve({ value: undefined, done: true });
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => {
      if (closed) return Promise.resolve({ value: undefined, done: true });
      if (latest !== undefined) {
        const value = latest;
        latest = undefined;
        return Promise.resolve({ value, done: false });
      }
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    return: end,
    throw: async (error) => {
      await end();
      throw error;
    },
  };
}
