/**
 * A field that names one thing of the configuration, however many there are: nothing is read until it is opened, and what is
 * typed is searched for by the control plane.
 */
import { Combobox } from "@base-ui/react/combobox";
import { ChevronDown } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useQuery } from "urql";
import { Field } from "../ui/field.tsx";
import { useSettled } from "../ui/settled.ts";
import { type Choice, type ChoiceKind, choicesIn, choicesQuery } from "./choices.ts";
import { useThingName } from "./thing-name.ts";

interface ChooseFieldProps {
  readonly label: ReactNode;
  readonly of: ChoiceKind;
  /** The id of what is chosen. Empty: nothing is. */
  readonly value: string;
  /** What people call it; undefined: it is looked up. */
  readonly named?: string | undefined;
  readonly onChange: (choice: Choice) => void;
  /** What choosing nothing means; undefined: something must be chosen. */
  readonly none?: string;
  /** Ids that are chosen elsewhere already. */
  readonly except?: readonly string[];
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
}

export function ChooseField({ label, of, value, named, onChange, none, except = [], hint, problem }: ChooseFieldProps) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [picked, setPicked] = useState<Choice>();
  const search = useSettled(typed);
  const [{ data, error, fetching }] = useQuery({ query: choicesQuery(of), variables: { search }, pause: !open });
  const name = useThingName(value, picked?.id === value ? picked.name : named);
  const nothing: Choice = { id: "", name: none ?? "" };
  const chosen: Choice | null = value === "" ? (none === undefined ? null : nothing) : { id: value, name };
  const { found, more } = choicesIn(data);
  const items = [
    ...(none === undefined || search !== "" ? [] : [nothing]),
    ...found.filter(({ id }) => id === value || !except.includes(id)),
  ];
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(wire) => (
        <Combobox.Root<Choice>
          items={items}
          filter={null}
          value={chosen}
          itemToStringLabel={(choice) => choice.name}
          isItemEqualToValue={(one, other) => one.id === other.id}
          open={open}
          onOpenChange={(next) => {
            setOpen(next);
            if (next) setTyped("");
          }}
          onInputValueChange={(text, { reason }) => {
            if (reason === "input-change" || reason === "input-clear") setTyped(text);
          }}
          onValueChange={(choice) => {
            if (choice === null) return;
            setPicked(choice);
            onChange(choice);
          }}
          autoHighlight
        >
          <Combobox.InputGroup className="choose">
            <Combobox.Input {...wire} placeholder="Type to search" spellCheck={false} />
            <Combobox.Trigger className="button plain icon small" aria-label="Show the choices">
              <ChevronDown size={16} aria-hidden />
            </Combobox.Trigger>
          </Combobox.InputGroup>
          <Combobox.Portal>
            <Combobox.Positioner className="choices-place" sideOffset={4} align="start">
              <Combobox.Popup className="menu choices">
                <Combobox.Status className="menu-note">
                  {error !== undefined
                    ? "They cannot be read now; close and open this again."
                    : fetching
                      ? "Looking …"
                      : items.length === 0
                        ? search === ""
                          ? "There is none yet."
                          : "None is called that."
                        : more
                          ? "There are more: type a part of the name."
                          : null}
                </Combobox.Status>
                <Combobox.List>
                  {(choice: Choice) => (
                    <Combobox.Item key={choice.id} value={choice} className="choice">
                      <span>{choice.name}</span> {choice.note !== undefined && <span className="quiet">{choice.note}</span>}
                    </Combobox.Item>
                  )}
                </Combobox.List>
              </Combobox.Popup>
            </Combobox.Positioner>
          </Combobox.Portal>
        </Combobox.Root>
      )}
    </Field>
  );
}
