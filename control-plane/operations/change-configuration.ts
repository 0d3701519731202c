/**
 * The only way the configuration changes: one transaction that holds the rows, the compiled resources, the checks, the
 * signed delta (which is the outbox at once), the history and the audit entry. Either all of it is there or none.
 *
 * The steps: take the place in the chain (one lock, so revisions are one line); let `work` load and change rows; find out
 * what changed by comparing images; compile what changed; check it; sign; write; commit; tell the publisher.
 */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { LockMode, UniqueConstraintViolationException } from "@mikro-orm/core";
import { v7 } from "uuid";
import { revisionHash } from "#agreements/signature.ts";
import { DeltaSchema, type Resource, type ResourceKeySchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { ConflictError, ControlError, NotFoundError, ValidationError } from "../control-error.ts";
import {
  type ConfigKind,
  type ConfigRow,
  type ConfigRows,
  configEntities,
  isUuid,
  nameOfKind,
  resourceKinds,
} from "../database/config-kinds.ts";
import { AuditEntry } from "../database/entities/audit-entry.ts";
import { ConfigState } from "../database/entities/config-state.ts";
import { Revision } from "../database/entities/revision.ts";
import { RevisionChange } from "../database/entities/revision-change.ts";
import type { JsonObject } from "../database/entities/route.ts";
import { asSystem, type EntityManager } from "../database/orm.ts";
import type { ConfigRevision, Services } from "../services.ts";
import { checkCandidate, checkRows, type TouchedRow } from "../snapshot/check.ts";
import { compileResource } from "../snapshot/compile.ts";
import { changedColumns, imageOf } from "../snapshot/row-image.ts";

/** Changes stand in line for one lock; who waits longer than this is told to try again. */
const lineMs = 4_000;
const reasonMax = 2_000;

/** Changed by every change, so no news in the audit log. */
const bookkeeping: ReadonlySet<string> = new Set(["revision", "createdAt", "updatedAt"]);

/** Who makes the change, and where. */
export interface ChangeAuthor {
  readonly actor: string;
  readonly organisationId: string;
}

export interface ChangeDescription {
  /** For the audit log: "route.update". */
  readonly action: string;
  /** For people who look at revisions: "route demo-chat changed". */
  readonly summary: string;
  /**
   * When it is to have happened, where that is not the present: to the work, in its rows, and in the history. The audit entry and
   * what nodes are given say when it was written all the same.
   */
  readonly asOf?: Date;
}

/** What all kinds have and nobody sets by hand. */
type KeptColumns = "id" | "organisationId" | "revision" | "createdAt" | "updatedAt" | "archivedAt";
type Columns<Row> = Omit<{ [Name in keyof Row as Name extends symbol ? never : Name]: Row[Name] }, KeptColumns>;
/** What may be null may be left out. */
type NullableNames<Row> = { [Name in keyof Row]-?: null extends Row[Name] ? Name : never }[keyof Row];
type NewRow<Row> = Omit<Columns<Row>, NullableNames<Columns<Row>>> &
  Partial<Pick<Columns<Row>, NullableNames<Columns<Row>>>> & { readonly id?: string };

/** What `work` changes the configuration with. A row that it did not get from here is not seen. */
export interface ConfigurationChange {
  readonly em: EntityManager;
  readonly organisationId: string;
  readonly actor: string;
  /** The time of the change. */
  readonly at: Date;
  create<Kind extends ConfigKind>(kind: Kind, columns: NewRow<ConfigRows[Kind]>): ConfigRows[Kind];
  /**
   * Loads a row to be changed in place.
   * @throws NotFoundError where the organisation has no such row (or an archived one, unless `archivedToo`).
   * @throws ConflictError where it is not at `expectedRevision`.
   */
  edit<Kind extends ConfigKind>(
    kind: Kind,
    id: string,
    options?: { readonly expectedRevision?: number | undefined; readonly archivedToo?: boolean },
  ): Promise<ConfigRows[Kind]>;
  /** A better summary, where only the work knows the names. */
  describe(summary: string): void;
  /** Why, as who changes it said; the audit entry keeps it. At most 2000 characters; empty: nothing was said. */
  because(reason: string): void;
  /** Takes a row that the work has loaded itself, before it changes it. */
  track<Kind extends ConfigKind>(kind: Kind, row: ConfigRows[Kind]): void;
}

export interface ChangedConfiguration<T> {
  readonly value: T;
  readonly revision: ConfigRevision;
}

/**
 * @throws ValidationError where the outcome would not hold together, ConflictError, NotFoundError from `work`, and
 * ControlError UNAVAILABLE where the database does not answer or the line is too long. Nothing is changed then.
 */
export async function changeConfiguration<T>(
  services: Pick<Services, "database" | "signer" | "committed">,
  author: ChangeAuthor,
  description: ChangeDescription,
  work: (change: ConfigurationChange) => Promise<T>,
): Promise<ChangedConfiguration<T>> {
  try {
    const changed = await services.database.tenant(author.organisationId, (em) => changeIn(em, services, author, description, work));
    services.committed.notify();
    return changed;
  } catch (error) {
    throw readable(error);
  }
}

async function changeIn<T>(
  em: EntityManager,
  services: Pick<Services, "signer">,
  author: ChangeAuthor,
  description: ChangeDescription,
  work: (change: ConfigurationChange) => Promise<T>,
): Promise<ChangedConfiguration<T>> {
  // Nothing is written before it is checked, so that what is wrong is reported in the caller's words.
  em.setFlushMode("commit");
  await em.execute(`set local lock_timeout = ${lineMs}`);
  const state = await asSystem(em, () => em.findOneOrFail(ConfigState, { singleton: true }, { lockMode: LockMode.PESSIMISTIC_WRITE }));
  const writtenAt = new Date();
  const at = description.asOf ?? writtenAt;
  const rows = trackedRows(em, author, at);
  const value = await work(rows.change);
  const { summary = description.summary, reason } = rows.said();
  const changed = rows.touched();
  if (changed.length === 0) return { value, revision: { epoch: state.epoch, number: state.number, hash: state.hash } };

  checkRows(changed);
  const touched = changed.map((one) => ({ ...one, compiled: compileResource(one.kind, one.row as never) }));
  await writeResources(em, author.organisationId, touched);
  await checkCandidate(em, touched, writtenAt);

  const number = state.number + 1n;
  const payload = deltaOf(state, number, writtenAt, touched);
  const hash = revisionHash(state.hash, payload);
  em.persist([
    em.create(Revision, {
      epoch: state.epoch,
      number,
      hash,
      previousHash: state.hash,
      payload: Buffer.from(payload),
      signature: Buffer.from(services.signer.sign("delta", payload)),
      keyId: services.signer.keyId,
      createdAt: at,
      actor: author.actor,
      organisationId: author.organisationId,
      summary,
      publishedAt: null,
    }),
    ...touched.map(({ kind, row, operation, before, after }, position) =>
      em.create(RevisionChange, {
        epoch: state.epoch,
        number,
        position,
        organisationId: author.organisationId,
        kind,
        entityId: row.id,
        operation,
        before: before ?? null,
        after,
      }),
    ),
    em.create(
      AuditEntry,
      auditOf(author, description.action, { summary, reason, asOf: description.asOf?.toISOString() }, writtenAt, number, touched),
    ),
  ]);
  await em.flush();
  await asSystem(em, () => em.nativeUpdate(ConfigState, { singleton: true }, { number, hash }));
  return { value, revision: { epoch: state.epoch, number, hash } };
}

interface ChangedRow extends Omit<TouchedRow, "compiled"> {
  readonly before: JsonObject | undefined;
  readonly after: JsonObject;
}

type CompiledRow = ChangedRow & Pick<TouchedRow, "compiled">;

interface TrackedRows {
  readonly change: ConfigurationChange;
  /** To be asked once: it counts the revisions of the rows up. */
  touched(): readonly ChangedRow[];
  said(): { readonly summary: string | undefined; readonly reason: string };
}

function trackedRows(em: EntityManager, author: ChangeAuthor, at: Date): TrackedRows {
  const tracked = new Map<string, { kind: ConfigKind; row: ConfigRow; before: JsonObject | undefined }>();
  let summary: string | undefined;
  let reason = "";
  const keep = (kind: ConfigKind, row: ConfigRow, before: JsonObject | undefined) => {
    const key = `${kind} ${row.id}`;
    if (!tracked.has(key)) tracked.set(key, { kind, row, before });
  };
  const change: ConfigurationChange = {
    em,
    organisationId: author.organisationId,
    actor: author.actor,
    at,
    create: (kind, columns) => {
      const kept = { organisationId: author.organisationId, revision: 1, createdAt: at, updatedAt: at, archivedAt: null };
      // The union of ten entities is beyond what `create` can be asked to infer; NewRow has checked the columns.
      const row = em.create(configEntities[kind] as never, { id: v7(), ...columns, ...kept } as never) as ConfigRows[typeof kind];
      em.persist(row);
      keep(kind, row, undefined);
      return row;
    },
    edit: async (kind, id, options = {}) => {
      const row = isUuid(id)
        ? ((await em.findOne(configEntities[kind] as never, { id } as never)) as ConfigRows[typeof kind] | null)
        : null;
      if (row === null || (row.archivedAt != null && options.archivedToo !== true)) throw new NotFoundError(nameOfKind(kind), id);
      if (options.expectedRevision !== undefined && row.revision !== options.expectedRevision)
        throw new ConflictError(nameOfKind(kind), row.revision);
      keep(kind, row, imageOf(row));
      return row;
    },
    describe: (text) => {
      summary = text;
    },
    because: (text) => {
      reason = text.trim().slice(0, reasonMax);
    },
    track: (kind, row) => keep(kind, row, imageOf(row)),
  };
  const touched = (): readonly ChangedRow[] =>
    [...tracked.values()].flatMap(({ kind, row, before }) => {
      if (before !== undefined) {
        if (changedColumns(before, imageOf(row)).length === 0) return [];
        row.revision += 1;
        row.updatedAt = at;
      }
      const operation = before === undefined ? "create" : row.archivedAt != null && before.archivedAt === null ? "archive" : "update";
      return [{ kind, row, operation, before, after: imageOf(row) } as const];
    });
  return { change, touched, said: () => ({ summary, reason }) };
}

async function writeResources(em: EntityManager, organisationId: string, touched: readonly CompiledRow[]): Promise<void> {
  for (const { kind, row, compiled } of touched) {
    if (compiled === undefined) {
      await em.execute("delete from config_resource where kind = ? and id = ?", [resourceKinds[kind], row.id]);
      continue;
    }
    const references = [...new Set(compiled.references.map((reference) => reference.id))].sort();
    await em.execute(
      `insert into config_resource (kind, id, organisation_id, payload, reference_ids)
       values (?, ?, ?, ?, array(select jsonb_array_elements_text(?::jsonb)))
       on conflict (kind, id) do update set payload = excluded.payload, reference_ids = excluded.reference_ids`,
      [resourceKinds[kind], row.id, organisationId, Buffer.from(compiled.payload), JSON.stringify(references)],
    );
  }
}

function deltaOf(state: ConfigState, number: bigint, at: Date, touched: readonly CompiledRow[]): Uint8Array {
  const inOrder = touched.toSorted((a, b) => resourceKinds[a.kind] - resourceKinds[b.kind] || (a.row.id < b.row.id ? -1 : 1));
  const upserted: Resource[] = [];
  const removed: MessageInitShape<typeof ResourceKeySchema>[] = [];
  for (const { kind, row, compiled, before } of inOrder) {
    if (compiled !== undefined) upserted.push(compiled.resource);
    else if (before !== undefined) removed.push({ kind: resourceKinds[kind], id: row.id });
  }
  return toBinary(
    DeltaSchema,
    create(DeltaSchema, {
      epoch: state.epoch,
      number,
      previousHash: new Uint8Array(state.hash),
      createdAtMs: BigInt(at.getTime()),
      upserted,
      removed,
    }),
  );
}

/** Names of columns and never their values: a secret cannot get into the log by way of a change. */
function auditOf(
  author: ChangeAuthor,
  action: string,
  { summary, reason, asOf }: { readonly summary: string; readonly reason: string; readonly asOf: string | undefined },
  at: Date,
  number: bigint,
  touched: readonly ChangedRow[],
) {
  const first = touched[0];
  return {
    id: v7(),
    organisationId: author.organisationId,
    at,
    actor: author.actor,
    action,
    targetKind: first?.kind ?? ("" as const),
    targetId: first?.row.id ?? null,
    revisionNumber: number,
    details: {
      summary,
      ...(reason === "" ? {} : { reason }),
      ...(asOf === undefined ? {} : { asOf }),
      // A restore can touch thousands; the revision has them all.
      changes: touched.slice(0, 100).map(({ kind, row, operation, before, after }) => ({
        kind,
        id: row.id,
        operation,
        columns: changedColumns(before ?? {}, after).filter((name) => !bookkeeping.has(name)),
      })),
      changesCount: touched.length,
    },
  };
}

function readable(error: unknown): unknown {
  if (error instanceof UniqueConstraintViolationException) {
    const constraint = "constraint" in error ? String(error.constraint) : "";
    const table = constraint.replace(/_live_unique$/, "");
    const path = table === "route" || table === "prompt" ? "name" : "key";
    if (constraint.endsWith("_live_unique"))
      return new ValidationError([{ path, message: `another ${table.replace("_", " ")} has this ${path} already` }]);
    return new ControlError("CONFLICT", "the same thing was made at the same time; try again", error);
  }
  return error;
}
