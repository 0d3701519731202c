/** A list of things of which each has a page: a row opens it, the foot fetches the next ones. Without any, why, and what to do about it. */
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type Column, DataTable } from "./data-table.tsx";
import { More } from "./more.tsx";

interface ThingTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Such as /prompts: a thing's page is below it, by its id. Undefined: rows open nothing. */
  readonly under?: string;
  readonly empty: ReactNode;
  /** Where the list goes on. */
  readonly later?: Parameters<typeof More>[0];
}

export function ThingTable<Row extends { readonly id: string }>({ label, columns, rows, under, empty, later }: ThingTableProps<Row>) {
  const navigate = useNavigate();
  const more = later !== undefined && <More {...later} />;
  if (rows.length === 0)
    return (
      <>
        {empty}
        {more}
      </>
    );
  return (
    <>
      <div className="card flush">
        <DataTable
          label={label}
          columns={columns}
          rows={rows}
          rowId={(row) => row.id}
          {...(under === undefined ? {} : { onOpen: (row: Row) => void navigate({ to: `${under}/${row.id}` }) })}
          hasMore={later?.hasMore === true}
        />
      </div>
      {more}
    </>
  );
}
