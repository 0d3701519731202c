/** What a table is sorted by, in the address as "backends.cost.desc": of one table at a time, by the table's own name. */
import { text, useUrlState } from "../shell/url-state.ts";

/** A table, of its columns what sorting asks about. */
export interface SortedTable<Field extends string = string> {
  readonly label: string;
  readonly columns: readonly { readonly id: string; readonly by?: unknown; readonly order?: Field }[];
}

export interface TableSort {
  readonly id: string;
  readonly desc: boolean;
}

/** Undefined: the address speaks of another table, or of what this one cannot be sorted by. */
export function sortIn(address: string | undefined, { label, columns }: SortedTable): TableSort | undefined {
  const [table, id, direction] = (address ?? "").split(".");
  const column = columns.find((one) => one.id === id);
  if (table !== nameOf(label) || column === undefined || !isSortable(column)) return undefined;
  return { id: column.id, desc: direction === "desc" };
}

export const isSortable = ({ by, order }: SortedTable["columns"][number]): boolean => by !== undefined || order !== undefined;

export const addressOf = (label: string, sort: TableSort | undefined): string | undefined =>
  sort && `${nameOf(label)}.${sort.id}.${sort.desc ? "desc" : "asc"}`;

const nameOf = (label: string): string => label.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");

/** The address's sort as the control plane is asked for it; null: none, or one that is made of the rows that are loaded. */
export function orderIn<Field extends string>(address: string | undefined, table: SortedTable<Field>) {
  const sort = sortIn(address, table);
  const field = table.columns.find(({ id }) => id === sort?.id)?.order;
  return sort === undefined || field === undefined ? null : { field, direction: sort.desc ? ("DESC" as const) : ("ASC" as const) };
}

export function useTableSort(table: SortedTable) {
  const [{ sort: address }, setUrl] = useUrlState({ sort: text });
  const sort = sortIn(address, table);
  const set = (next: TableSort | undefined) => setUrl({ sort: addressOf(table.label, next) }, { replace: true });
  return [sort, set] as const;
}

export const useOrderBy = <Field extends string>(table: SortedTable<Field>) => orderIn(useUrlState({ sort: text })[0].sort, table);
