/** A value of a form as it is compared with another one. */
import { Lines } from "./words/lines.tsx";
import { linesOf } from "./words/value-lines.ts";

/** What a form's choices are called, by the field and the value. */
export type ChoiceWords = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface ShownProps {
  readonly value: unknown;
  readonly changed?: boolean;
  /** Of its field. */
  readonly words?: Readonly<Record<string, string>> | undefined;
}

export function Shown({ value, changed = false, words }: ShownProps) {
  const lines = linesOf(typeof value === "string" ? (words?.[value] ?? value) : value);
  return <Lines of={lines.length === 0 ? [["none"]] : lines} {...(changed && { mark: "after" as const })} />;
}
