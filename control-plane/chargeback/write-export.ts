/** Rows of an export as text. Pure. */
import { stringify } from "csv-stringify/sync";
import type { ExportRow } from "./read-export.ts";

export const exportFormats = ["csv", "jsonl"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const contentTypes = {
  csv: "text/csv; charset=utf-8; header=present",
  jsonl: "application/x-ndjson; charset=utf-8",
} as const satisfies Record<ExportFormat, string>;

/** What stands before the first row. */
export const headOf = (format: ExportFormat, columns: readonly string[]): string => (format === "csv" ? stringify([[...columns]]) : "");

/**
 * CSV as RFC 4180 has it, but for line ends of one character. A value that a spreadsheet would take for a formula gets an
 * apostrophe before it (CWE-1236): names of routes, keys and models come from people, and tags from callers.
 */
export function textOf(format: ExportFormat, columns: readonly string[], rows: readonly ExportRow[]): string {
  if (format === "csv")
    return stringify(
      rows.map((row) => columns.map((column) => row[column] ?? "")),
      { escape_formulas: true },
    );
  return rows.map((row) => `${JSON.stringify(Object.fromEntries(columns.map((column) => [column, row[column] ?? null])))}\n`).join("");
}
