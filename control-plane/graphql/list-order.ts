/** What lists can be put in order by, and how it is asked for: `orderBy: { field: NAME, direction: DESC }`. */
import { builder } from "./builder.ts";

export type Direction = "asc" | "desc";

/** Over a row of the list's table, by the row's alias. What is read of other tables is behind the tenant wall as well. */
export interface Ordering {
  readonly of: (row: string) => string;
  readonly type: "text" | "bigint";
}

/** As people look things up: A beside a. By code point and not by a server's language, so that every installation has one order. */
const alphabetical = (text: string): string => `lower(${text}) collate "C"`;

/** Several are one path, such as a folder's and the name in it. */
export const byText = (...columns: readonly string[]): Ordering => ({
  type: "text",
  of: (row) => alphabetical(columns.map((column) => `${row}.${column}`).join(" || '/' || ")),
});

/** Of several the first that is there. */
export const byInstant = (...columns: readonly string[]): Ordering => ({
  type: "bigint",
  of: (row) => `(extract(epoch from coalesce(${columns.map((column) => `${row}.${column}`).join(", ")})) * 1000000)::bigint`,
});

/** In the order of the words, such as roles from the least to the most. */
export const byRank = (column: string, words: readonly string[]): Ordering => ({
  type: "bigint",
  of: (row) => `array_position(array[${words.map((word) => `'${word}'`).join(", ")}], ${row}.${column})::bigint`,
});

/** By what the thing that a column points at is called. */
export const byNameOf = (table: string, name: string, column: string): Ordering => ({
  type: "text",
  of: (row) => `(select ${alphabetical(`named.${name}`)} from ${table} as named where named.id = ${row}.${column}) collate "C"`,
});

export const byNumber = (of: (row: string) => string): Ordering => ({ type: "bigint", of: (row) => `(${of(row)})::bigint` });

/** Of every row of the configuration. */
export const byTime = { created_at: byInstant("created_at"), updated_at: byInstant("updated_at") } as const;

const DirectionType = builder.enumType("OrderDirection", { values: { ASC: { value: "asc" }, DESC: { value: "desc" } } as const });

/** `RouteOrder` with `RouteOrderField`. */
export function orderOf<Field extends string>(list: string, orders: Readonly<Record<Field, Ordering>>) {
  const fields = Object.keys(orders) as Field[];
  const FieldType = builder.enumType(`${list}OrderField`, {
    values: Object.fromEntries(fields.map((field) => [field.toUpperCase(), { value: field }])) as Record<string, { value: Field }>,
  });
  return builder.inputType(`${list}Order`, {
    description: "Ties by id; null after all else, before it where it descends.",
    fields: (t) => ({
      field: t.field({ type: FieldType, required: true }),
      direction: t.field({ type: DirectionType, required: true, defaultValue: "asc" }),
    }),
  });
}
