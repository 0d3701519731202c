/** Gives the person a file that was made here. */
export function saveFile(name: string, type: "text/csv" | "application/json", text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
