/** The filters of the call log, and views of them that are kept in this browser under a name. */
import { Star } from "lucide-react";
import { useState } from "react";
import type { StateOf } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { AddressField, SelectField } from "../../ui/field.tsx";
import { Menu } from "../../ui/menu.tsx";
import { rangeChoices } from "../overview/ranges.ts";
import type { callSearch } from "./calls.tsx";
import { outcomes, outcomeWords } from "./outcome-badge.tsx";

export type CallFilterState = StateOf<typeof callSearch>;

interface Choices {
  readonly routes: { readonly edges: readonly { readonly node: { readonly name: string } }[] };
  readonly backends: { readonly edges: readonly { readonly node: { readonly id: string; readonly key: string } }[] };
  readonly apiKeys: { readonly edges: readonly { readonly node: { readonly id: string; readonly name: string } }[] };
}

const any = { value: "", label: "any" };
const or = (value: string) => (value === "" ? undefined : value);

export function Filters({
  state,
  data,
  onChange,
}: {
  readonly state: CallFilterState;
  readonly data: Choices | undefined;
  readonly onChange: (patch: CallFilterState) => void;
}) {
  return (
    <div className="filters">
      <SelectField
        label="Time"
        value={state.range ?? ""}
        onChange={(range) => onChange({ range: or(range) as CallFilterState["range"], since: undefined, until: undefined })}
        choices={[
          { value: "", label: state.since === undefined ? "all" : "as linked" },
          ...Object.entries(rangeChoices).map(([value, { name }]) => ({ value, label: name })),
        ]}
      />
      <SelectField
        label="Route"
        value={state.route ?? ""}
        onChange={(route) => onChange({ route: or(route) })}
        choices={withCurrent([any, ...(data?.routes.edges.map(({ node }) => ({ value: node.name, label: node.name })) ?? [])], state.route)}
      />
      <SelectField
        label="Outcome"
        value={state.outcome ?? ""}
        onChange={(outcome) => onChange({ outcome: or(outcome) as CallFilterState["outcome"] })}
        choices={[any, ...outcomes.map((value) => ({ value, label: outcomeWords(value) }))]}
      />
      <SelectField
        label="Backend"
        value={state.backend ?? ""}
        onChange={(backend) => onChange({ backend: or(backend) })}
        choices={withCurrent(
          [any, ...(data?.backends.edges.map(({ node }) => ({ value: node.id, label: node.key })) ?? [])],
          state.backend,
        )}
      />
      <SelectField
        label="API key"
        value={state.key ?? ""}
        onChange={(key) => onChange({ key: or(key) })}
        choices={withCurrent([any, ...(data?.apiKeys.edges.map(({ node }) => ({ value: node.id, label: node.name })) ?? [])], state.key)}
      />
      <AddressField
        label="Took at least, ms"
        type="number"
        min={0}
        value={state.slow === undefined ? "" : String(state.slow)}
        onChange={(slow) => onChange({ slow: slow === "" ? undefined : Number(slow) })}
      />
      <AddressField
        label="End user"
        value={state.user ?? ""}
        onChange={(user) => onChange({ user: or(user) })}
        placeholder="As callers name them"
      />
      <AddressField
        label="The caller's request id"
        value={state.request ?? ""}
        onChange={(request) => onChange({ request: or(request) })}
        data-search
      />
      <Views state={state} onChange={onChange} />
    </div>
  );
}

/** A value from a link stays chosen although the list does not (yet) have it. */
const withCurrent = (choices: readonly { readonly value: string; readonly label: string }[], value: string | undefined) =>
  value === undefined || choices.some((choice) => choice.value === value) ? choices : [...choices, { value, label: value }];

const cleared: CallFilterState = {
  range: undefined,
  since: undefined,
  until: undefined,
  route: undefined,
  outcome: undefined,
  backend: undefined,
  key: undefined,
  project: undefined,
  slow: undefined,
  user: undefined,
  request: undefined,
  experiment: undefined,
};
const viewsKey = "penstock-call-views";

type SavedViews = Readonly<Record<string, CallFilterState>>;

function readViews(): SavedViews {
  try {
    return JSON.parse(localStorage.getItem(viewsKey) ?? "{}") as SavedViews;
  } catch {
    return {};
  }
}

function Views({ state, onChange }: { readonly state: CallFilterState; readonly onChange: (patch: CallFilterState) => void }) {
  const [views, setViews] = useState(readViews);
  const keep = (next: SavedViews) => {
    localStorage.setItem(viewsKey, JSON.stringify(next));
    setViews(next);
  };
  const current = Object.entries(state).filter(([name, value]) => value !== undefined && name !== "call");
  const title = current.map(([name, value]) => `${name} ${value}`).join(", ");
  return (
    <div className="row">
      <Menu
        trigger={
          <button type="button" className="button">
            <Star size={15} aria-hidden /> Views
          </button>
        }
        note={current.length === 0 ? "Set filters to save them as a view. Views stay in this browser." : undefined}
        entries={[
          ...(current.length === 0
            ? []
            : [{ label: `Save “${title}”`, act: () => keep({ ...views, [title]: Object.fromEntries(current) }) }]),
          ...Object.entries(views).map(([name, view]) => ({ label: name, act: () => onChange({ ...cleared, ...view }) })),
          ...(Object.keys(views).length === 0 ? [] : [{ label: "Forget all views", act: () => keep({}) }]),
        ]}
      />
      {current.length > 0 && (
        <Button look="plain" onClick={() => onChange(cleared)}>
          Clear
        </Button>
      )}
    </div>
  );
}
