/** A table of things: sorted by its heads, one card for each row where the screen is narrow, a row opens what it is about (by j, k and Enter too). */
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
import { text, useUrlState } from "../shell/url-state.ts";

export interface Column<Row> {
  readonly id: string;
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
  /** What it is sorted by; undefined: it cannot be. */
  readonly by?: (row: Row) => string | number;
  readonly end?: boolean;
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly selected?: string | undefined;
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns });

export function DataTable<Row>({ label, columns, rows, rowId, onOpen, selected }: DataTableProps<Row>) {
  const byId = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns]);
  const defs = useMemo<ColumnDef<typeof features, { row: Row }>[]>(
    () =>
      columns.map((column) => ({
        id: column.id,
        accessorFn: ({ row }: { row: Row }) => column.by?.(row) ?? "",
        enableSorting: column.by !== undefined,
      })),
    [columns],
  );
  const data = useMemo(() => rows.map((row) => ({ row })), [rows]);
  const [sorting, setSorting] = useSorting(label, columns);
  const table = useTable({
    features,
    columns: defs,
    data,
    getRowId: ({ row }: { row: Row }) => rowId(row),
    state: { sorting },
    onSortingChange: setSorting,
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
    </div>
  );
}

/** In the address as "backends.cost.desc": of one table at a time, by the table's own name. */
function useSorting<Row>(label: string, columns: readonly Column<Row>[]) {
  const [{ sort }, setUrl] = useUrlState({ sort: text });
  const name = label.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const [table, id, direction] = (sort ?? "").split(".");
  const known = table === name && columns.some((column) => column.id === id && column.by !== undefined);
  const sorting: SortingState = known && id !== undefined ? [{ id, desc: direction === "desc" }] : [];
  const set = (update: SortingState | ((before: SortingState) => SortingState)) => {
    const [next] = typeof update === "function" ? update(sorting) : update;
    setUrl({ sort: next === undefined ? undefined : `${name}.${next.id}.${next.desc ? "desc" : "asc"}` }, { replace: true });
  };
  return [sorting, set] as const;
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
  if (column.by === undefined || toggle === undefined)
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
