/** The columns of the call log that can be left out, and the menu that does it. */
import { Check, Columns3 } from "lucide-react";
import type { CSSProperties, ReactNode } from "react";
import { count, duration, money } from "../../format/numbers.ts";
import { Menu } from "../../ui/menu.tsx";
import { type ColumnId, columnIds, columnsOf, withColumn } from "./call-search.ts";
import type { CallRow } from "./calls.tsx";

export interface LogColumn {
  readonly id: ColumnId;
  readonly name: string;
  /** Of a grid. */
  readonly width: string;
  readonly end?: boolean;
  readonly cell: (row: CallRow) => ReactNode;
}

export const logColumns: Readonly<Record<ColumnId, LogColumn>> = {
  backend: {
    id: "backend",
    name: "Backend",
    width: "minmax(7rem, 1fr)",
    cell: (row) => row.backendName ?? (row.backendId === "" ? <span className="quiet">{row.errorReason || "none"}</span> : row.backendId),
  },
  model: { id: "model", name: "Model", width: "minmax(7rem, 1fr)", cell: (row) => row.modelServed || row.modelAsked },
  key: { id: "key", name: "Key", width: "minmax(8rem, 1fr)", cell: (row) => row.apiKeyName ?? row.apiKeyId },
  attempts: { id: "attempts", name: "Attempts", width: "5rem", end: true, cell: (row) => row.attempts.length },
  tokens: {
    id: "tokens",
    name: "Tokens",
    width: "7.5rem",
    end: true,
    cell: (row) => `${count(row.inputTokens)} / ${count(row.outputTokens)}`,
  },
  first: { id: "first", name: "First", width: "5.5rem", end: true, cell: (row) => duration(row.timeToFirstTokenMs) },
  cost: { id: "cost", name: "Cost", width: "6.5rem", end: true, cell: (row) => money(row.costNanodollars) },
};

/** React's types know no properties of one's own in a style. */
export const templateOf = (columns: readonly LogColumn[]): CSSProperties =>
  ({ "--columns": ["7.5rem minmax(8rem, 1.4fr)", ...columns.map(({ width }) => width), "6rem"].join(" ") }) as CSSProperties;

export function ColumnMenu({
  cols,
  onChange,
}: {
  readonly cols: string | undefined;
  readonly onChange: (cols: string | undefined) => void;
}) {
  const shown = columnsOf(cols);
  return (
    <Menu
      trigger={
        <button type="button" className="button">
          <Columns3 size={15} aria-hidden /> Columns
        </button>
      }
      entries={columnIds.map((id) => ({
        label: `${logColumns[id].name}${shown.includes(id) ? ", shown" : ""}`,
        icon: <Check size={14} aria-hidden style={{ visibility: shown.includes(id) ? "visible" : "hidden" }} />,
        act: () => onChange(withColumn(cols, id, !shown.includes(id))),
      }))}
    />
  );
}
