/** The filters of the call log that are wanted now and then: shown where one is set, or where somebody asks for them. */
import { SlidersHorizontal } from "lucide-react";
import { useEffect, useState } from "react";
import { ChooseField } from "../../change/choose-field.tsx";
import { nanodollarsOf, typedDollars } from "../../format/numbers.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Button } from "../../ui/button.tsx";
import { AddressField, TextField } from "../../ui/field.tsx";
import { type CallFilterState, filterProblems } from "./call-search.ts";

interface MoreFiltersProps {
  readonly state: CallFilterState;
  readonly onChange: (patch: CallFilterState) => void;
}

const or = (value: string) => (value === "" ? undefined : value);

export function MoreFilters({ state, onChange }: MoreFiltersProps) {
  const { slow, cost, tag, user, said, prompt, version } = state;
  const isSet = [slow, cost, tag, user, said, prompt].some((value) => value !== undefined);
  const [open, setOpen] = useState(false);
  const problems = filterProblems(state);
  const mayNotRead = useRefusal("developer");
  if (!open && !isSet)
    return (
      <Button onClick={() => setOpen(true)}>
        <SlidersHorizontal size={15} aria-hidden /> More filters
      </Button>
    );
  return (
    <>
      <AddressField
        label="Took at least, ms"
        type="number"
        min={0}
        value={slow === undefined ? "" : String(slow)}
        onChange={(next) => onChange({ slow: next === "" ? undefined : Number(next) })}
      />
      <Asked
        label="Cost at least, $"
        problem={problems.cost}
        value={cost === undefined || problems.cost !== undefined ? (cost ?? "") : typedDollars(cost)}
        onAsk={(next) => onChange({ cost: next === "" ? undefined : (nanodollarsOf(next) ?? next) })}
      />
      <ChooseField
        label="Prompt"
        of="prompts"
        value={prompt ?? ""}
        none="any"
        onChange={({ id }) => onChange({ prompt: or(id), version: undefined })}
      />
      {prompt !== undefined && (
        <AddressField
          label="Version of it"
          type="number"
          min={1}
          placeholder="any"
          value={version ?? ""}
          onChange={(next) => onChange({ version: or(next) })}
        />
      )}
      <Asked label="Tag" placeholder="name=value" problem={problems.tag} value={tag ?? ""} onAsk={(next) => onChange({ tag: or(next) })} />
      <AddressField
        label="End user"
        value={user ?? ""}
        onChange={(next) => onChange({ user: or(next) })}
        placeholder="As callers name them"
      />
      {mayNotRead === undefined && (
        <Asked
          label="Words that were said"
          placeholder="Where that is kept; audited"
          value={said ?? ""}
          onAsk={(next) => onChange({ said: or(next), ...(next === "" ? {} : { sort: undefined }) })}
        />
      )}
    </>
  );
}

interface AskedProps {
  readonly label: string;
  readonly value: string;
  readonly onAsk: (value: string) => void;
  readonly placeholder?: string;
  readonly problem?: string | undefined;
}

/** Sent when it has been typed and not with each letter. */
function Asked({ value, onAsk, ...rest }: AskedProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const ask = () => typed.trim() !== value && onAsk(typed.trim());
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
      onBlur={ask}
    >
      <TextField {...rest} value={typed} onChange={setTyped} />
    </form>
  );
}
