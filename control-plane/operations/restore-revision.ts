/**
 * Puts an organisation's configuration back to where it stood at an earlier revision, or takes one revision back, as a new one: nothing in history is
 * taken away, and all the checks of any other change hold. What was changed since gets the image it had then; what did not
 * exist then is archived; what was archived since comes back.
 *
 * API keys and organisations are left as they are: a key that was revoked stays revoked, whatever is restored. So restoring
 * fails, naming them, where a key made since still works and needs a project that would be archived.
 *
 * Whether a provider may stand where it stood is what the operator's allow-list says now, never what the image says: a base
 * URL that comes back is checked as if it were saved anew. Names are looked up before the transaction, as at save.
 */
import { wrap } from "@mikro-orm/core";
import { ControlError, NotFoundError, ValidationError, type ValidationIssue } from "../control-error.ts";
import { type ConfigKind, type ConfigRow, configEntities, nameOfKind } from "../database/config-kinds.ts";
import { Provider, plainProvider, tokenUrlOf } from "../database/entities/provider.ts";
import { cacheOf, type JsonObject } from "../database/entities/route.ts";
import type { EntityManager } from "../database/orm.ts";
import type { ConfigRevision, Services } from "../services.ts";
import { columnsOfImage } from "../snapshot/row-image.ts";
import {
  type ChangeAuthor,
  type ChangeDescription,
  type ChangedConfiguration,
  type ConfigurationChange,
  changeConfiguration,
} from "./change-configuration.ts";
import { type ProviderPlace, placeOf } from "./provider-place.ts";

/** Rows in one restore. More is a migration and not a mistake to take back; and all of it is one transaction. */
const rowsMax = 10_000;
/** Base URLs that come back in one restore, and how many are looked up at once: the slowest lookups end within half a minute. */
const placesMax = 50;
const placesAtOnce = 4;

/** What no restore touches. */
export const neverRestored: ReadonlySet<ConfigKind> = new Set<ConfigKind>(["organisation", "api_key"]);
/** A row's own life, which goes on: also how far a budget is spent. */
const keptColumns: ReadonlySet<string> = new Set([
  "id",
  "organisationId",
  "revision",
  "createdAt",
  "updatedAt",
  "reachedPercent",
  "reachedUntil",
]);

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
  putBack(services, author, { action: "revision.restore", summary: `back to revision ${number}` }, async (em) =>
    firstImagesSince(em, await epochOfRevision(em, number), number),
  );

/**
 * Takes back what one revision changed, and nothing else, as a new one.
 * @throws as restoreRevision, and ValidationError where something of it has been changed since, or is never put back.
 */
export const revertRevision = (services: Services, author: ChangeAuthor, number: bigint): Promise<ChangedConfiguration<RestoredRevision>> =>
  putBack(services, author, { action: "revision.revert", summary: `revision ${number} taken back` }, async (em) =>
    imagesBefore(em, await epochOfRevision(em, number), number),
  );

type ReadImages = (em: EntityManager) => Promise<readonly ImageRow[]>;

async function putBack(
  services: Services,
  author: ChangeAuthor,
  description: ChangeDescription,
  readImages: ReadImages,
): Promise<ChangedConfiguration<RestoredRevision>> {
  const places = await placesAgain(services, author.organisationId, readImages);
  return changeConfiguration(services, author, description, async (change) => {
    const images = await readImages(change.em);
    let restoredCount = 0;
    for (const kind of Object.keys(configEntities) as ConfigKind[]) {
      if (!neverRestored.has(kind))
        restoredCount += await restoreKind(
          change,
          kind,
          images.filter((row) => row.kind === kind),
          places,
        );
    }
    return { restoredCount };
  });
}

interface ImageRow {
  readonly kind: ConfigKind;
  readonly entity_id: string;
  /** As it was before the first change that is taken back. Null: it did not exist. */
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

async function imagesBefore(em: EntityManager, epoch: string, number: bigint): Promise<readonly ImageRow[]> {
  const rows = await em.execute<(ImageRow & { readonly changed_by: string | null })[]>(
    `select change.kind, change.entity_id::text as entity_id, change.before,
       (select min(later.number)::text from revision_change as later
        where later.epoch = change.epoch and later.number > change.number and later.entity_id = change.entity_id) as changed_by
     from revision_change as change where change.epoch = ? and change.number = ? order by change.position limit ?`,
    [epoch, number.toString(), rowsMax + 1],
  );
  const kept = rows.find(({ kind }) => neverRestored.has(kind));
  if (kept !== undefined || rows.length > rowsMax)
    throw new ValidationError([
      { path: "number", message: `what a revision does to ${nameOfKind(kept?.kind ?? "api_key")}s is not taken back` },
    ]);
  const later = rows.find(({ changed_by }) => changed_by !== null);
  if (later !== undefined)
    throw new ValidationError([
      {
        path: "number",
        message: `revision ${later.changed_by} has changed the same ${nameOfKind(later.kind)} since; take that one back first`,
      },
    ]);
  return rows;
}

/** By base URL as it is stored. */
type Places = ReadonlyMap<string, ProviderPlace>;

/** Where the providers whose base URL would come back may stand now. @throws ValidationError naming those that may not. */
async function placesAgain(services: Services, organisationId: string, readImages: ReadImages): Promise<Places> {
  const providers = await services.database.tenant(organisationId, async (em) => {
    const images = await readImages(em);
    const before = new Map(images.filter(({ kind }) => kind === "provider").map((image) => [image.entity_id, image.before]));
    const rows = await em.find(Provider, { id: { $in: [...before.keys()] } });
    return rows.flatMap((row) => {
      const columns = before.get(row.id);
      return columns == null ? [] : urlsBroughtBack(row, columns).map((baseUrl) => ({ key: String(columns["key"]), baseUrl }));
    });
  });
  const keys = Map.groupBy(providers, ({ baseUrl }) => baseUrl);
  if (keys.size > placesMax)
    throw new ValidationError([
      { path: "number", message: `more than ${placesMax} base URLs of providers would come back; restore in steps` },
    ]);
  const places = new Map<string, ProviderPlace>();
  const issues: ValidationIssue[] = [];
  const waiting = [...keys];
  while (waiting.length > 0) {
    const lookups = waiting.splice(0, placesAtOnce).map(async ([baseUrl, those]) => {
      try {
        places.set(baseUrl, await placeOf(services.settings, baseUrl));
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        const [{ key } = { key: "" }] = those;
        issues.push(...error.issues.map(({ message }) => ({ path: "number", message: `provider ${key} cannot go back: ${message}` })));
      }
    });
    await Promise.all(lookups);
  }
  if (issues.length > 0) throw new ValidationError(issues);
  return places;
}

/** Whether the image puts a provider at another base URL, or at one again. */
const bringsBack = (row: Provider, image: JsonObject): boolean =>
  image["archivedAt"] == null && (row.archivedAt != null || row.baseUrl !== image["baseUrl"]);

/** The base URL, and where tokens would be fetched: a secret goes to both. */
function urlsBroughtBack(row: Provider, image: JsonObject): string[] {
  const { tokenUrl } = (image["authentication"] ?? {}) as { readonly tokenUrl?: unknown };
  const tokensMove = image["archivedAt"] == null && (row.archivedAt != null || tokenUrlOf(row.authentication) !== tokenUrl);
  return [...(bringsBack(row, image) ? [String(image["baseUrl"])] : []), ...(typeof tokenUrl === "string" && tokensMove ? [tokenUrl] : [])];
}

/** What is said of the place in a provider's image is what was true then. */
function placeNow(row: Provider, image: JsonObject, places: Places): Pick<Provider, "privateAddressAllowed"> {
  if (!bringsBack(row, image)) return { privateAddressAllowed: row.privateAddressAllowed };
  const place = places.get(String(image["baseUrl"]));
  // Found after the lookups: somebody has changed it since.
  if (place === undefined) throw new ControlError("CONFLICT", "a provider was changed at the same time; try again");
  return { privateAddressAllowed: place.privateAddressAllowed };
}

async function restoreKind(change: ConfigurationChange, kind: ConfigKind, images: readonly ImageRow[], places: Places): Promise<number> {
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
      // The rows are of `kind`, which the compiler cannot know of a row alone.
      const place = kind === "provider" ? placeNow(row as Provider, image, places) : {};
      // What an image from before these columns was.
      const plain = kind === "provider" ? plainProvider : kind === "route" ? cacheOf(null) : {};
      wrap(row).assign({ ...plain, ...Object.fromEntries(columns), ...place } as never, { mergeObjectProperties: false });
    }
    restored += 1;
  }
  return restored;
}
