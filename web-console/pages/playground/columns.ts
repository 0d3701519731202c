/** What is called side by side, as the address has it: "demo-chat,demo-chat~support-answer@2". Pure. */

/** A route, and a prompt in the place of the route's own; empty: its own. */
export interface Column {
  readonly route: string;
  /** "<name>@<label or number>". */
  readonly prompt: string;
}

export const columnsMax = 4;

export const readColumns = (written: string): readonly Column[] =>
  written
    .split(",")
    .slice(0, columnsMax)
    .map((one) => {
      const [route = "", prompt = ""] = one.split("~");
      return { route, prompt };
    });

export const writeColumns = (columns: readonly Column[]): string =>
  columns.map(({ route, prompt }) => (prompt === "" ? route : `${route}~${prompt}`)).join(",");

/** As GraphQL and callers name one. */
export function namedIn(prompt: string): { readonly name: string; readonly label?: string; readonly version?: number } {
  const at = prompt.lastIndexOf("@");
  const [name, pointer] = at < 0 ? [prompt, "production"] : [prompt.slice(0, at), prompt.slice(at + 1)];
  return { name, ...(/^\d+$/.test(pointer) ? { version: Number(pointer) } : { label: pointer }) };
}
