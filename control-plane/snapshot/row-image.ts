/**
 * A row as JSON and back: what history keeps of it. Whole and reversible, so sealed credentials and key hashes are in it;
 * whoever shows an image to people takes `secretColumns` out first.
 */
import type { ConfigKind, ConfigRow, ConfigRows } from "../database/config-kinds.ts";
import type { JsonObject } from "../database/entities/route.ts";

/** Never shown. */
export const secretColumns: ReadonlySet<string> = new Set(["sealedCredential", "sealedHeaders", "hash"]);

// By name, because JSON says of neither what it was. Each name means the same in all kinds.
const dateColumns = new Set([
  ...["createdAt", "updatedAt", "archivedAt", "expiresAt", "revokedAt", "startedAt", "stoppedAt", "endsAt", "reachedUntil", "drainedAt"],
]);
const bytesColumns = new Set(["hash"]);
const bigintColumns = new Set(["limit", "limitNanodollars", "burst"]);

/** With its keys sorted at every level: the same row gives the same text. */
export function imageOf(row: ConfigRow): JsonObject {
  return sorted(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))) as JsonObject;
}

/** The row's columns as the entity has them. */
export const columnsOfImage = (image: JsonObject): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(image).map(([name, value]) => {
      if (value === null || value === undefined) return [name, null];
      if (dateColumns.has(name)) return [name, new Date(String(value))];
      if (bytesColumns.has(name)) return [name, Buffer.from(String(value), "base64")];
      if (bigintColumns.has(name)) return [name, BigInt(String(value))];
      return [name, value];
    }),
  );

/** As a row of its kind. An image was made of such a row and names no type, so its word is taken for what the columns are. */
export const rowOfImage = <Kind extends ConfigKind>(_kind: Kind, image: JsonObject) => columnsOfImage(image) as object as ConfigRows[Kind];

/** The names of the columns that differ, sorted. */
export function changedColumns(before: JsonObject, after: JsonObject): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => JSON.stringify(sorted(before[name] ?? null)) !== JSON.stringify(sorted(after[name] ?? null)))
    .sort();
}

/** The same JSON with its keys in order at every level; PostgreSQL's jsonb keeps an order of its own. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value;
}
