/**
 * Pages of lists, by key and never by number, so that what is made or archived meanwhile shifts nothing: in the order in which
 * things were made, or in the order that is asked for, ties broken by id. A descending order is the ascending one from its other end,
 * and what is null stands after all else in the ascending one.
 */
import { raw } from "@mikro-orm/core";
import type { ObjectRef } from "@pothos/core";
import { resolveCursorConnection } from "@pothos/plugin-relay";
import { GraphQLError } from "graphql";
import { ValidationError } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import type { EntityManager } from "../database/orm.ts";
import { requireStorable } from "../storable-text.ts";
import { builder, type ExtendedTypes } from "./builder.ts";
import { badUserInput } from "./error-mask.ts";
import type { Direction, Ordering } from "./list-order.ts";

export const pageSizeMax = 100;
const pageSizeDefault = 50;
const sizes = { defaultSize: pageSizeDefault, maxSize: pageSizeMax };

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
  readonly after?: string | null | undefined;
}

/** A page in the order of ids, which is the order in which things were made. */
export async function pageById<Row extends { readonly id: string }>(
  args: PageArguments,
  order: Direction,
  find: (where: object, options: { orderBy: object; limit: number }) => Promise<Row[]>,
) {
  checkPage(args);
  return resolveCursorConnection<Promise<Row[]>>({ args, ...sizes, toCursor: (row) => row.id }, ({ before, after, limit, inverted }) => {
    const id = {
      ...(after === undefined ? {} : { [order === "asc" ? "$gt" : "$lt"]: idOf("after", after) }),
      ...(before === undefined ? {} : { [order === "asc" ? "$lt" : "$gt"]: idOf("before", before) }),
    };
    return find(Object.keys(id).length === 0 ? {} : { id }, { orderBy: { id: inverted ? reverse[order] : order }, limit });
  });
}

export interface OrderedList<Row, Field extends string> {
  readonly table: string;
  readonly orders: Readonly<Record<Field, Ordering>>;
  /** By id, where nothing else is asked for. */
  readonly otherwise: Direction;
  /** In one transaction of the organisation's. */
  readonly within: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
  readonly find: (em: EntityManager, where: object, options: { orderBy: object; limit: number }) => Promise<Row[]>;
}

/**
 * A page in the order that is asked for. Its cursors hold what their row was ordered by when it was read, so that a row that
 * changes moves alone, and name their order, so that they are of no use in another.
 */
export async function pageInOrder<Row extends { readonly id: string }, Field extends string>(
  args: PageArguments & { readonly orderBy?: { readonly field: Field; readonly direction: Direction } | null | undefined },
  { table, orders, otherwise, within, find }: OrderedList<Row, Field>,
) {
  if (args.orderBy == null) return pageById(args, otherwise, (where, options) => within((em) => find(em, where, options)));
  checkPage(args);
  const { field, direction } = args.orderBy;
  const ordering = orders[field];
  const order = `${field}.${direction}`;
  const places = new Map<string, string | null>();
  return resolveCursorConnection<Promise<Row[]>>(
    { args, ...sizes, toCursor: ({ id }) => cursorOf(order, { id, value: places.get(id) ?? null }) },
    ({ before, after, limit, inverted }) => {
      const where = [
        ...(after === undefined ? [] : [beyond(ordering, direction, readCursor("after", order, ordering, after))]),
        ...(before === undefined ? [] : [beyond(ordering, reverse[direction], readCursor("before", order, ordering, before))]),
      ];
      const by = inverted ? reverse[direction] : direction;
      return within(async (em) => {
        const rows = await find(em, { $and: where }, { orderBy: [{ [raw((row) => ordering.of(row))]: by }, { id: by }], limit });
        for (const { id, value } of await placesOf(em, table, ordering, rows)) places.set(id, value);
        return rows;
      });
    },
  );
}

const reverse = { asc: "desc", desc: "asc" } as const;

interface Place {
  readonly id: string;
  readonly value: string | null;
}

/** As the database says it, to the last digit. */
const placesOf = async (
  em: EntityManager,
  table: string,
  { of }: Ordering,
  rows: readonly { readonly id: string }[],
): Promise<readonly Place[]> =>
  rows.length === 0
    ? []
    : em.execute<Place[]>(
        `select id, (${of("listed")})::text as value from ${table} as listed where id in (${rows.map(() => "?").join(", ")})`,
        rows.map(({ id }) => id),
      );

/** What stands behind a place: of what is equal to it the later ids, and null behind all else; the other way round where it descends. */
function beyond({ of, type }: Ordering, direction: Direction, { id, value }: Place): object {
  const sign = direction === "asc" ? ">" : "<";
  const given = `?::${type}`;
  const condition = (row: string): string => {
    const mine = `(${of(row)})`;
    const tied = `(${mine} is not distinct from ${given} and ${row}.id ${sign} ?)`;
    if (value === null) return direction === "asc" ? tied : `(${mine} is not null or ${tied})`;
    return `(${mine} ${sign} ${given} or ${tied}${direction === "asc" ? ` or ${mine} is null` : ""})`;
  };
  return { [raw(condition, value === null ? [value, id] : [value, value, id])]: [] };
}

const cursorOf = (order: string, { id, value }: Place): string => [order, id, ...(value === null ? [] : [value])].join(".");

function readCursor(path: string, order: string, { type }: Ordering, cursor: string): Place {
  const [field, direction, id = "", ...rest] = cursor.split(".");
  const value = rest.length === 0 ? null : rest.join(".");
  if (`${field}.${direction}` !== order || !isUuid(id) || (type === "bigint" && value !== null && !/^-?\d{1,18}$/.test(value)))
    throw new ValidationError([{ path, message: "is not a cursor of this order; take one from pageInfo or an edge" }]);
  requireStorable({ [path]: value });
  return { id, value };
}

/** @throws ValidationError: a page that is cut short in silence would be taken for the last one. GraphQLError for both ends at once. */
export function checkPage({ first, last }: PageArguments): void {
  if (first != null && last != null)
    throw new GraphQLError("give first or last and not both: a page is taken from one end", { extensions: badUserInput });
  for (const [path, size] of Object.entries({ first, last })) {
    if (size != null && (size < 0 || size > pageSizeMax))
      throw new ValidationError([{ path, message: `must be from 0 to ${pageSizeMax}` }]);
  }
}

function idOf(path: string, cursor: string): string {
  if (!isUuid(cursor)) throw new ValidationError([{ path, message: "is not a cursor of this list" }]);
  return cursor;
}

/** `RouteConnection` with `RouteEdge`. */
export const connectionOf = <Row>(type: ObjectRef<ExtendedTypes, Row>) =>
  builder.connectionObject({ type, name: `${type.name}Connection` }, { name: `${type.name}Edge` });
