/**
 * Puts an organisation's configuration back to where it stood at an earlier revision, as a new one: nothing in history is
 * taken away, and all the checks of any other change hold. What was changed since gets the image it had then; what did not
 * exist then is archived; what was archived since comes back.
 *
 * API keys and organisations are left as they are: a key that was revoked stays revoked, whatever is restored. So restoring
 * fails, naming them, where a key made since needs a project that would be archived.
 */
import { wrap } from "@mikro-orm/core";
import { NotFoundError, ValidationError } from "../control-error.ts";
import { type ConfigKind, type ConfigRow, configEntities } from "../database/config-kinds.ts";
import type { JsonObject } from "../database/entities/route.ts";
import type { EntityManager } from "../database/orm.ts";
import type { ConfigRevision, Services } from "../services.ts";
import { columnsOfImage } from "../snapshot/row-image.ts";
import { type ChangeAuthor, type ChangedConfiguration, type ConfigurationChange, changeConfiguration } from "./change-configuration.ts";

/** Rows in one restore. More is a migration and not a mistake to take back; and all of it is one transaction. */
const rowsMax = 10_000;

/** What no restore touches. */
export const neverRestored: ReadonlySet<ConfigKind> = new Set<ConfigKind>(["organisation", "api_key"]);
/** A row's own life, which goes on. */
const keptColumns: ReadonlySet<string> = new Set(["id", "organisationId", "revision", "createdAt", "updatedAt"]);

export interface RestoredRevision {
  /** How many rows are different from before. */
  readonly restoredCount: number;
}

/** @throws NotFoundError where the organisation has no revision of this number, ValidationError where the outcome would not hold together. */
export const restoreRevision = (
  services: Services,
  author: ChangeAuthor,
  number: bigint,
): Promise<ChangedConfiguration<RestoredRevision>> =>
  changeConfiguration(services, author, { action: "revision.restore", summary: `back to revision ${number}` }, async (change) => {
    const epoch = await epochOfRevision(change.em, number);
    const since = await firstImagesSince(change.em, epoch, number);
    let restoredCount = 0;
    for (const kind of Object.keys(configEntities) as ConfigKind[]) {
      if (!neverRestored.has(kind))
        restoredCount += await restoreKind(
          change,
          kind,
          since.filter((row) => row.kind === kind),
        );
    }
    return { restoredCount };
  });

interface ImageRow {
  readonly kind: ConfigKind;
  readonly entity_id: string;
  /** As it was when the first change after the revision began. Null: it did not exist. */
  readonly before: JsonObject | null;
}

async function epochOfRevision(em: EntityManager, number: bigint): Promise<ConfigRevision["epoch"]> {
  const [row] = await em.execute<{ epoch: string }[]>(
    "select epoch::text as epoch from revision where number = ? order by created_at desc limit 1",
    [number.toString()],
  );
  if (row === undefined) throw new NotFoundError("revision", number.toString());
  return row.epoch;
}

async function firstImagesSince(em: EntityManager, epoch: string, number: bigint): Promise<readonly ImageRow[]> {
  const rows = await em.execute<ImageRow[]>(
    `select distinct on (change.kind, change.entity_id) change.kind, change.entity_id::text as entity_id, change.before
     from revision_change as change where change.epoch = ? and change.number > ?
     order by change.kind, change.entity_id, change.number, change.position limit ?`,
    [epoch, number.toString(), rowsMax + 1],
  );
  if (rows.length > rowsMax)
    throw new ValidationError([
      { path: "number", message: `more than ${rowsMax} things have changed since; restore a later revision, or in steps` },
    ]);
  return rows;
}

async function restoreKind(change: ConfigurationChange, kind: ConfigKind, images: readonly ImageRow[]): Promise<number> {
  if (images.length === 0) return 0;
  const before = new Map(images.map((image) => [image.entity_id, image.before]));
  // The union of ten entities is beyond what `find` can be asked to infer.
  const rows = (await change.em.find(configEntities[kind] as never, { id: { $in: [...before.keys()] } } as never)) as readonly ConfigRow[];
  let restored = 0;
  for (const row of rows) {
    change.track(kind, row as never);
    const image = before.get(row.id);
    if (image === null || image === undefined) {
      if (row.archivedAt != null) continue;
      row.archivedAt = change.at;
    } else {
      const columns = Object.entries(columnsOfImage(image)).filter(([name]) => !keptColumns.has(name));
      wrap(row).assign(Object.fromEntries(columns) as never, { mergeObjectProperties: false });
    }
    restored += 1;
  }
  return restored;
}
