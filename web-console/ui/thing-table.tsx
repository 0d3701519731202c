/** A list of things of which each has a page: a row opens it. Without any, why, and what to do about it. */
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type Column, DataTable } from "./data-table.tsx";

interface ThingTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Such as /prompts: a thing's page is below it, by its id. */
  readonly under: string;
  readonly empty: ReactNode;
}

export function ThingTable<Row extends { readonly id: string }>({ label, columns, rows, under, empty }: ThingTableProps<Row>) {
  const navigate = useNavigate();
  if (rows.length === 0) return empty;
  return (
    <div className="card flush">
      <DataTable
        label={label}
        columns={columns}
        rows={rows}
        rowId={(row) => row.id}
        onOpen={(row) => void navigate({ to: `${under}/${row.id}` })}
      />
    </div>
  );
}
