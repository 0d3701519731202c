/**
 * A field that names one thing of the configuration, however many there are: nothing is read until it is opened, and what is
 * typed is searched for by the control plane.
 */
import { Combobox } from "@base-ui/react/combobox";
import { ChevronDown } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Field } from "../ui/field.tsx";
import { useSettled } from "../ui/settled.ts";
import { type Choice, type ChoiceKind, useChoices } from "./choices.ts";
import { useThingName } from "./thing-name.ts";

interface ChooseFieldProps {
  readonly label: ReactNode;
  readonly of: ChoiceKind;
  /** The id of the one thing that is looked in. */
  readonly within?: string;
  /** Choices that are known already, before those that are found. */
  readonly first?: readonly Choice[];
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

export function ChooseField(props: ChooseFieldProps) {
  const { label, of, within = "", first = [], value, named, onChange, none, except = [], hint, problem } = props;
  const [open, setOpen] = useState(false);
  /** Undefined: nothing since it was opened. */
  const [typed, setTyped] = useState<string>();
  const [picked, setPicked] = useState<Choice>();
  const input = useRef<HTMLInputElement>(null);
  const search = useSettled(typed ?? "");
  const { found, more, error, fetching } = useChoices(of, search, within, !open);
  const name = useThingName(value, picked?.id === value ? picked.name : named);
  const nothing: Choice = { id: "", name: none ?? "" };
  const chosen: Choice | null = value === "" ? (none === undefined ? null : nothing) : { id: value, name };
  const shown = chosen?.name ?? "";
  const wanted = (typed ?? "").trim();
  const looking = fetching || wanted !== search;
  const items = [
    ...(none === undefined || wanted !== "" ? [] : [nothing]),
    ...first.filter((choice) => mentions(choice, wanted)),
    ...found.filter((choice) => (choice.id === value || !except.includes(choice.id)) && (!looking || mentions(choice, wanted))),
  ];
  // The chosen name is selected whenever the field opens, closes or shows another, so that what is typed takes its place.
  useEffect(() => {
    if (typed === undefined && document.activeElement === input.current) input.current?.select();
  }, [open, shown]);
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(wire) => (
        <Combobox.Root<Choice>
          items={items}
          filter={null}
          value={chosen}
          itemToStringLabel={(choice) => choice.name}
          isItemEqualToValue={(one, other) => one.id === other.id}
          inputValue={typed ?? shown}
          open={open}
          onOpenChange={(next) => {
            setOpen(next);
            if (!next) setTyped(undefined);
          }}
          onInputValueChange={(text, { reason }) => {
            if (reason !== "input-change") return;
            setTyped(text);
            setOpen(true);
          }}
          onValueChange={(choice) => {
            if (choice === null) return;
            setPicked(choice);
            onChange(choice);
          }}
          autoHighlight
        >
          <Combobox.InputGroup className="choose">
            <Combobox.Input
              {...wire}
              ref={input}
              placeholder="Type to search"
              spellCheck={false}
              onClick={() => typed === undefined && input.current?.select()}
              // Where nothing is found there is nothing to choose, and that must not send the form that it stands in.
              onKeyDown={(event) => event.key === "Enter" && open && event.preventDefault()}
            />
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
                    : looking
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

/** Whether an answer to an earlier text may be offered until that to this one is here. */
const mentions = ({ name, note = "" }: Choice, text: string): boolean => `${name} ${note}`.toLowerCase().includes(text.toLowerCase());
