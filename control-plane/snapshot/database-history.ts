/**
 * The configuration's history as the database holds it. Plain SQL, because encoded bytes go straight from a row to a node:
 * entities would only be built to be thrown away. The whole is read in pages of one snapshot of the database, so that a
 * statement stays short and 110,000 rows are never one answer.
 */
import type { Database, EntityManager } from "../database/orm.ts";
import type { CommittedResources, CommittedRevision, CommittedState, ConfigHistory } from "./config-history.ts";

const resourcesInOneRead = 10_000;
const firstId = "00000000-0000-0000-0000-000000000000";

interface StateRow {
  readonly epoch: string;
  readonly number: string;
  readonly hash: Uint8Array;
}

interface RevisionRow {
  readonly number: string;
  readonly hash: Uint8Array;
  readonly previous_hash: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly key_id: string;
}

interface ResourceRow {
  readonly kind: number;
  readonly id: string;
  readonly payload: Uint8Array;
}

export const databaseHistory = (database: Database): ConfigHistory => ({
  state: () => database.system(stateIn),
  revisionsAfter: (epoch, number, limit) =>
    database.system(async (em) => {
      const rows = await em.execute<RevisionRow[]>(
        `select number::text as number, hash, previous_hash, payload, signature, key_id
         from revision where epoch = ? and number > ? order by revision.number limit ?`,
        [epoch, number.toString(), limit],
      );
      return rows.map(committedRevision);
    }),
  resources: () =>
    database.system(async (em) => {
      await em.execute("set transaction isolation level repeatable read");
      const state = await stateIn(em);
      const [created] = await em.execute<{ ms: string }[]>(
        `select floor(extract(epoch from created_at) * 1000)::bigint::text as ms from revision where epoch = ? and number = ?`,
        [state.epoch, state.number.toString()],
      );
      return { state, createdAtMs: BigInt(created?.ms ?? 0), resources: await resourcesIn(em) } satisfies CommittedResources;
    }),
  markPublished: (epoch, number) =>
    database.system(async (em) => {
      await em.execute("update revision set published_at = now() where epoch = ? and number <= ? and published_at is null", [
        epoch,
        number.toString(),
      ]);
    }),
});

async function stateIn(em: EntityManager): Promise<CommittedState> {
  const [row] = await em.execute<StateRow[]>("select epoch::text as epoch, number::text as number, hash from config_state");
  if (row === undefined) throw new Error("config_state has no row; the database was not migrated or its row was deleted");
  return { epoch: row.epoch, number: BigInt(row.number), hash: new Uint8Array(row.hash) };
}

async function resourcesIn(em: EntityManager): Promise<readonly Uint8Array[]> {
  const resources: Uint8Array[] = [];
  let after: Pick<ResourceRow, "kind" | "id"> = { kind: 0, id: firstId };
  for (;;) {
    const rows: readonly ResourceRow[] = await em.execute<ResourceRow[]>(
      `select kind, id::text as id, payload from config_resource where (kind, id) > (?, ?::uuid) order by config_resource.kind, config_resource.id limit ?`,
      [after.kind, after.id, resourcesInOneRead],
    );
    for (const row of rows) resources.push(row.payload);
    const last = rows.at(-1);
    if (last === undefined || rows.length < resourcesInOneRead) return resources;
    after = last;
  }
}

const committedRevision = (row: RevisionRow): CommittedRevision => ({
  number: BigInt(row.number),
  hash: row.hash,
  previousHash: row.previous_hash,
  payload: row.payload,
  signature: row.signature,
  keyId: row.key_id,
});
