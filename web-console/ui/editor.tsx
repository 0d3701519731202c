/** The code editor, which comes when it is first needed; until then, and where it cannot come, a plain text field stands in. */
import type { Extension } from "@codemirror/state";
import { type ComponentProps, lazy, type RefObject, Suspense, useId, useLayoutEffect, useRef } from "react";

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

/** Where the hand is while one editor takes the place of another. Undefined: elsewhere. */
export type Hand = RefObject<{ readonly anchor: number; readonly head: number } | undefined>;

const CodeMirror = lazy(async () => ({ default: (await import("./code-mirror.tsx")).CodeMirror }));

export function Editor(props: EditorProps) {
  const id = useId();
  const describedBy = props.problem === undefined ? undefined : id;
  const hand: Hand = useRef(undefined);
  return (
    <>
      <Suspense
        fallback={
          <PlainText
            hand={hand}
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
        <CodeMirror {...props} describedBy={describedBy} hand={hand} />
      </Suspense>
      {props.problem !== undefined && (
        <span className="problem" id={id} role="alert">
          {props.problem}
        </span>
      )}
    </>
  );
}

function PlainText({ hand, ...props }: ComponentProps<"textarea"> & { readonly hand: Hand }) {
  const field = useRef<HTMLTextAreaElement>(null);
  // Who is typing goes on typing in what comes in its place; it is asked before the field leaves the page.
  useLayoutEffect(() => {
    const { current } = field;
    return () => {
      if (current !== null && current === document.activeElement)
        hand.current = { anchor: current.selectionStart, head: current.selectionEnd };
    };
  }, [hand]);
  return <textarea ref={field} {...props} />;
}
