/** A value of a form as it is compared with another one. */
import { Lines } from "./words/lines.tsx";
import { linesOf } from "./words/value-lines.ts";

export function Shown({ value, changed = false }: { readonly value: unknown; readonly changed?: boolean }) {
  const lines = linesOf(value);
  return <Lines of={lines.length === 0 ? [["none"]] : lines} {...(changed && { mark: "after" as const })} />;
}
