/**
 * A table of things: sorted by its heads, one card for each row where the screen is narrow, a row opens what it is about (by j, k and
 * Enter too). Where a list is long the control plane sorts it; what it cannot sort by orders the rows that are loaded, and says so.
 */
import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  sortFns,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { isSortable, useTableSort } from "./table-sort.ts";

/** Sorted by one of `by` and `order`; by neither: it cannot be. */
export interface Column<Row, Field extends string = string> {
  readonly id: string;
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
  /** Sorts the rows that are there. */
  readonly by?: (row: Row) => string | number;
  /** What the control plane is asked to order the whole list by (see useOrderBy): rows come sorted. */
  readonly order?: Field;
  readonly end?: boolean;
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly selected?: string | undefined;
  /** Of a long list only the first rows are there. */
  readonly hasMore?: boolean;
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns });

export function DataTable<Row>({ label, columns, rows, rowId, onOpen, selected, hasMore = false }: DataTableProps<Row>) {
  const byId = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns]);
  const defs = useMemo<ColumnDef<typeof features, { row: Row }>[]>(
    () =>
      columns.map((column) => ({
        id: column.id,
        accessorFn: ({ row }: { row: Row }) => column.by?.(row) ?? "",
        enableSorting: isSortable(column),
        // Numbers and times, which stand at the end, are looked at from the most and the newest.
        ...(column.order === undefined ? {} : { sortDescFirst: column.end === true }),
      })),
    [columns],
  );
  const data = useMemo(() => rows.map((row) => ({ row })), [rows]);
  const [sort, setSort] = useTableSort({ label, columns });
  const sorting = useMemo<SortingState>(() => (sort === undefined ? [] : [sort]), [sort?.id, sort?.desc]);
  const table = useTable({
    features,
    columns: defs,
    data,
    getRowId: ({ row }: { row: Row }) => rowId(row),
    state: { sorting },
    onSortingChange: (update) => setSort((typeof update === "function" ? update(sorting) : update)[0]),
  });
  return (
    <div className="table-frame" tabIndex={0} role="region" aria-label={label}>
      <table className="cards" aria-label={label}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => (
                <Head
                  key={header.id}
                  column={byId.get(header.column.id)}
                  sorted={header.column.getIsSorted()}
                  toggle={header.column.getToggleSortingHandler()}
                />
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map(({ id, original: { row } }) => (
            <tr
              key={id}
              className={onOpen === undefined ? undefined : "openable"}
              aria-selected={selected === id ? true : undefined}
              tabIndex={onOpen === undefined ? undefined : -1}
              onClick={(event) => opensRow(event.target) && onOpen?.(row)}
              onKeyDown={(event) => event.key === "Enter" && event.target === event.currentTarget && onOpen?.(row)}
            >
              {columns.map((column) => (
                <td key={column.id} data-name={column.name} className={column.end ? "end" : undefined}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {hasMore && sort !== undefined && byId.get(sort.id)?.by !== undefined && (
        <p className="table-note">Sorted among the {rows.length} that are loaded; there are more.</p>
      )}
    </div>
  );
}

/** A click on a link or a button inside the row is for that. */
const opensRow = (target: EventTarget): boolean => target instanceof Element && target.closest("a, button, input, select, label") === null;

function Head<Row>({
  column,
  sorted,
  toggle,
}: {
  readonly column: Column<Row> | undefined;
  readonly sorted: false | "asc" | "desc";
  readonly toggle: ((event: unknown) => void) | undefined;
}) {
  if (column === undefined) return null;
  const className = column.end ? "end" : undefined;
  if (!isSortable(column) || toggle === undefined)
    return <th className={className}>{column.name === "" ? <span className="visually-hidden">Actions</span> : column.name}</th>;
  return (
    <th className={className} aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : "none"}>
      <button type="button" onClick={toggle}>
        {column.name}
        {sorted === "asc" && <ArrowUp size={12} aria-hidden />}
        {sorted === "desc" && <ArrowDown size={12} aria-hidden />}
      </button>
    </th>
  );
}
