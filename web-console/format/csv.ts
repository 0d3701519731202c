/** Comma-separated values as spreadsheets read them (RFC 4180). A cell that one would take for a formula is made text. */
export const csvOf = (header: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  [header.join(","), ...rows.map((row) => row.map(cell).join(","))].join("\r\n");

function cell(value: unknown): string {
  const plain = String(value ?? "");
  const guarded = /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain;
  return `"${guarded.replaceAll('"', '""')}"`;
}
