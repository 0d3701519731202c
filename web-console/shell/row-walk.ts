/** j and k in tables: the focus goes from row to row, of the table it is in or of the first one of the page. */

export const walkedRow = "tr.openable";

/** Stops at both ends; without a row in focus, begins at the one that is open, or at the first. */
export function walkRows(by: 1 | -1): void {
  const focused = document.activeElement?.closest<HTMLElement>(walkedRow);
  const rows = [...((focused ?? firstRow())?.closest("tbody")?.querySelectorAll<HTMLElement>(walkedRow) ?? [])];
  const next = focused == null ? rows.findIndex((row) => row.ariaSelected === "true") : rows.indexOf(focused) + by;
  rows[Math.min(Math.max(next, 0), rows.length - 1)]?.focus();
}

const firstRow = () => document.querySelector<HTMLElement>(`#main ${walkedRow}`);
