/** A prompt, however many there are, and which of its versions: by a label, which moves, or by a number, which does not. */
import { useState } from "react";
import { useQuery } from "urql";
import { graphql } from "../graphql/documents.ts";
import type { Choice } from "./choices.ts";
import { ChooseField } from "./choose-field.tsx";
import { pointerFor, pointerName } from "./prompt-pointers.ts";

const labelsQuery = graphql(`
  query PromptAndLabels($id: ID!) {
    prompt(id: $id) {
      id
      name
      labels {
        name
        version
      }
    }
  }
`);

interface PromptFieldProps {
  readonly label?: string;
  /** Of the label or version. */
  readonly pointerLabel?: string;
  /** Empty: none. */
  readonly id: string;
  /** A label, or "@" and a version. */
  readonly pointer: string;
  /** Prompts that were read already, with their labels: what else is chosen is looked up. */
  readonly known?: readonly Choice[];
  /** What choosing none means; undefined: one must be chosen. */
  readonly none?: string;
  /** Labels move, and this must not. */
  readonly fixed?: boolean;
  readonly onChange: (prompt: Choice, pointer: string) => void;
  readonly problem?: string | undefined;
}

export function PromptField(props: PromptFieldProps) {
  const { label = "Prompt", pointerLabel = "Label or version", id, pointer, known = [], none, fixed = false, onChange, problem } = props;
  const [picked, setPicked] = useState<Choice>();
  const had = [...(picked === undefined ? [] : [picked]), ...known].find((one) => one.id === id);
  const [{ data }] = useQuery({ query: labelsQuery, variables: { id }, pause: id === "" || had !== undefined });
  const prompt = had ?? (data?.prompt?.id === id ? data.prompt : undefined);
  const labels = prompt?.labels ?? [];
  return (
    <>
      <ChooseField
        label={label}
        of="prompts"
        value={id}
        named={prompt?.name ?? (data?.prompt === null ? "gone" : "…")}
        {...(none === undefined ? {} : { none })}
        onChange={(choice) => {
          setPicked(choice);
          onChange(choice, choice.id === "" ? "" : pointerFor(choice.labels ?? [], pointer, fixed));
        }}
        problem={problem}
      />
      {id !== "" && (
        <ChooseField
          key={id}
          label={pointerLabel}
          of="promptVersions"
          within={id}
          first={fixed ? [] : labels.map(({ name }) => ({ id: name, name: pointerName(labels, name), note: "moves with the label" }))}
          value={pointer}
          named={pointerName(labels, pointer)}
          onChange={(next) => onChange(prompt ?? { id, name: "" }, next.id)}
        />
      )}
    </>
  );
}
