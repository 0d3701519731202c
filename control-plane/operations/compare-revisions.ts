/**
 * What is different between two revisions of an organisation's configuration: each thing that was changed in between, as it
 * was and as it became, and which of its parts differ. What was changed and changed back is not listed. Secrets are taken
 * out of the images; that one was changed still shows by its path.
 */

import { NotFoundError } from "../control-error.ts";
import type { ConfigKind } from "../database/config-kinds.ts";
import type { JsonObject } from "../database/entities/route.ts";
import type { Database } from "../database/orm.ts";
import { secretColumns } from "../snapshot/row-image.ts";

/** Things in one answer; `changesCount` tells how many there are. */
const changesMax = 500;
/** Rows read to find them. */
const rowsMax = 10_000;
/** They say when a row was changed, not what is different. */
const bookkeeping: ReadonlySet<string> = new Set(["revision", "updatedAt"]);

export interface ComparedEntity {
  readonly kind: ConfigKind;
  readonly entityId: string;
  /** Seen from `from` to `to`. */
  readonly operation: "create" | "update" | "archive" | "restore";
  /** Null where it did not exist. Without secrets. */
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  /** For example "tiers[0].targets[1].weight", sorted. */
  readonly changedPaths: readonly string[];
}

export interface ComparedRevisions {
  readonly from: bigint;
  readonly to: bigint;
  readonly changes: readonly ComparedEntity[];
  /** Of which `changes` are the first. */
  readonly changesCount: number;
}

interface ChangeRow {
  readonly kind: ConfigKind;
  readonly entity_id: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject;
}

/** @throws NotFoundError where the organisation has no revision of one of the numbers. `from` may be the later one. */
export async function compareRevisions(database: Database, organisationId: string, from: bigint, to: bigint): Promise<ComparedRevisions> {
  const [low, high] = from < to ? [from, to] : [to, from];
  const rows = await database.tenant(organisationId, async (em) => {
    const known = await em.execute<{ epoch: string; number: string }[]>(
      `select epoch::text as epoch, number::text as number from revision where revision.number in (?, ?) order by created_at desc`,
      [low.toString(), high.toString()],
    );
    const newest = known.find((row) => BigInt(row.number) === high);
    if (newest === undefined) throw new NotFoundError("revision", high.toString());
    if (!known.some((row) => BigInt(row.number) === low && row.epoch === newest.epoch)) throw new NotFoundError("revision", low.toString());
    return em.execute<ChangeRow[]>(
      `select first.kind, first.entity_id::text as entity_id, first.before, last.after
       from (select distinct on (kind, entity_id) kind, entity_id, before from revision_change
             where epoch = ? and number > ? and number <= ? order by kind, entity_id, number, position) as first
       join (select distinct on (kind, entity_id) kind, entity_id, after from revision_change
             where epoch = ? and number > ? and number <= ? order by kind, entity_id, number desc, position desc) as last
         on last.kind = first.kind and last.entity_id = first.entity_id
       order by first.kind, first.entity_id limit ?`,
      [newest.epoch, low.toString(), high.toString(), newest.epoch, low.toString(), high.toString(), rowsMax],
    );
  });
  const changes = rows.flatMap((row) => {
    const [before, after] = from <= to ? [row.before, row.after] : [row.after, row.before];
    return comparedEntity(row.kind, row.entity_id, before, after);
  });
  return { from, to, changes: changes.slice(0, changesMax), changesCount: changes.length };
}

/** Pure. Empty where nothing that matters differs. */
function comparedEntity(
  kind: ConfigKind,
  entityId: string,
  before: JsonObject | null,
  after: JsonObject | null,
): readonly ComparedEntity[] {
  const changedPaths = pathsThatDiffer(withoutBookkeeping(before), withoutBookkeeping(after));
  if (changedPaths.length === 0) return [];
  const wasLive = before !== null && before.archivedAt === null;
  const isLive = after !== null && after.archivedAt === null;
  // Made and archived in between: neither end knows it.
  if (!wasLive && !isLive) return [];
  const operation = wasLive ? (isLive ? "update" : "archive") : before === null ? "create" : "restore";
  return [{ kind, entityId, operation, before: withoutSecrets(before), after: withoutSecrets(after), changedPaths }];
}

/** The paths at which two values differ, down to what is not an object or a list, sorted. Pure. */
export function pathsThatDiffer(one: unknown, other: unknown, path = ""): readonly string[] {
  if (Array.isArray(one) && Array.isArray(other)) {
    return Array.from({ length: Math.max(one.length, other.length) }, (_, index) =>
      pathsThatDiffer(one[index], other[index], `${path}[${index}]`),
    ).flat();
  }
  if (isObject(one) && isObject(other)) {
    return [...new Set([...Object.keys(one), ...Object.keys(other)])]
      .sort()
      .flatMap((name) => pathsThatDiffer(one[name], other[name], path === "" ? name : `${path}.${name}`));
  }
  if (isObject(one) && (other === null || other === undefined) && path === "") return Object.keys(one).sort();
  if (isObject(other) && (one === null || one === undefined) && path === "") return Object.keys(other).sort();
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null) ? [] : [path];
}

/** An image as people may see it. */
export const withoutSecrets = (image: JsonObject | null): JsonObject | null =>
  image === null ? null : Object.fromEntries(Object.entries(image).filter(([name]) => !secretColumns.has(name)));

const withoutBookkeeping = (image: JsonObject | null): JsonObject | null =>
  image === null ? null : Object.fromEntries(Object.entries(image).filter(([name]) => !bookkeeping.has(name)));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
