/** The code editor, which comes when it is first needed; until then, and where it cannot come, a plain text field stands in. */
import type { Extension } from "@codemirror/state";
import { lazy, Suspense, useId } from "react";

export interface EditorProps {
  readonly label: string;
  readonly value: string;
  /** "given": the one among the extensions. */
  readonly language: "json" | "liquid" | "text" | "given";
  /** Beyond what every editor has, before it in rank. Another list makes the editor anew, so it must be kept. */
  readonly extensions?: readonly Extension[];
  readonly onChange?: (value: string) => void;
  /** Side by side with this text, which cannot be edited. */
  readonly against?: string;
  /** With `against`: one text, with what went and what came in its place. */
  readonly inline?: boolean;
  /** Names that are offered inside {{ }}. */
  readonly variables?: readonly string[];
  readonly lines?: number;
  /** What is wrong with what stands in it. */
  readonly problem?: string | undefined;
}

const CodeMirror = lazy(async () => ({ default: (await import("./code-mirror.tsx")).CodeMirror }));

export function Editor(props: EditorProps) {
  const id = useId();
  const describedBy = props.problem === undefined ? undefined : id;
  return (
    <>
      <Suspense
        fallback={
          <textarea
            className="mono"
            aria-label={props.label}
            aria-invalid={props.problem !== undefined}
            aria-describedby={describedBy}
            rows={props.lines ?? 6}
            value={props.value}
            readOnly={props.onChange === undefined}
            onChange={(event) => props.onChange?.(event.currentTarget.value)}
          />
        }
      >
        <CodeMirror {...props} describedBy={describedBy} />
      </Suspense>
      {props.problem !== undefined && (
        <span className="problem" id={id} role="alert">
          {props.problem}
        </span>
      )}
    </>
  );
}
