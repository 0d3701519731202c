/** What a figure shows, as a table that opens below it: for those who cannot see the figure, and for the exact numbers. */
import { useState } from "react";

interface SameAsTableProps {
  readonly label: string;
  /** The first is of what the rows are told apart by; the others are numbers. */
  readonly columns: readonly string[];
  readonly rows: () => readonly (readonly [key: string, ...values: string[]])[];
}

/** The rows are made when somebody opens it: a page of charts has thousands. */
export function SameAsTable({ label, columns, rows }: SameAsTableProps) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="quiet">The same as a table</summary>
      {open && (
        <div className="table-frame" style={{ maxHeight: "16rem", overflowY: "auto" }} tabIndex={0} role="region" aria-label={label}>
          <table>
            <thead>
              <tr>
                {columns.map((name, index) => (
                  <th key={name} className={index === 0 ? undefined : "end"}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map(([key, ...values], place) => (
                <tr key={`${key} ${place}`}>
                  <td className="number">{key}</td>
                  {values.map((value, index) => (
                    <td key={columns[index + 1]} className="end">
                      {value}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
