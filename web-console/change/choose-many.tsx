/** Some things of the configuration out of however many there are: those that are chosen as a list, and a field that adds to it. */
import { X } from "lucide-react";
import { useState } from "react";
import { Button } from "../ui/button.tsx";
import type { Choice, ChoiceKind } from "./choices.ts";
import { ChooseField } from "./choose-field.tsx";
import { useThingName } from "./thing-name.ts";

interface ChooseManyProps {
  readonly legend: string;
  /** Of the field: "Add a project". */
  readonly add: string;
  readonly of: ChoiceKind;
  readonly ids: readonly string[];
  /** What was read already; the names of others are looked up. */
  readonly known: readonly Choice[];
  /** What an empty list means. */
  readonly none: string;
  readonly onChange: (ids: readonly string[]) => void;
  readonly problem?: string | undefined;
}

export function ChooseMany({ legend, add, of, ids, known, none, onChange, problem }: ChooseManyProps) {
  const [picked, setPicked] = useState<readonly Choice[]>([]);
  return (
    <fieldset className="stack tight">
      <legend>{legend}</legend>
      {ids.length === 0 ? (
        <p className="quiet">{none}</p>
      ) : (
        <ul className="row">
          {ids.map((id) => (
            <li key={id}>
              <Chosen
                id={id}
                named={[...picked, ...known].find((one) => one.id === id)?.name}
                onRemove={() => onChange(ids.filter((one) => one !== id))}
              />
            </li>
          ))}
        </ul>
      )}
      <ChooseField
        label={add}
        of={of}
        value=""
        none=""
        except={ids}
        onChange={(choice) => {
          if (choice.id === "") return;
          setPicked([...picked, choice]);
          onChange([...ids, choice.id]);
        }}
        problem={problem}
      />
    </fieldset>
  );
}

function Chosen({ id, named, onRemove }: { readonly id: string; readonly named: string | undefined; readonly onRemove: () => void }) {
  const name = useThingName(id, named);
  return (
    <Button small aria-label={`Not ${name}`} onClick={onRemove}>
      {name} <X size={13} aria-hidden />
    </Button>
  );
}
