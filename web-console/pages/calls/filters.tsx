/** The filters of the call log, its order, and the views of them. */
import { AddressField, SelectField } from "../../ui/field.tsx";
import { rangeChoices } from "../overview/ranges.ts";
import type { CallFilterState } from "./call-search.ts";
import type { CallsData } from "./calls.tsx";
import { MoreFilters } from "./more-filters.tsx";
import { outcomes, outcomeWords } from "./outcomes.ts";
import { Views } from "./views.tsx";

const any = { value: "", label: "any" };
const or = (value: string) => (value === "" ? undefined : value);

export function Filters({
  state,
  data,
  onChange,
  again,
}: {
  readonly state: CallFilterState;
  readonly data: CallsData | undefined;
  readonly onChange: (patch: CallFilterState) => void;
  readonly again: () => void;
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
        choices={[any, { value: "FAILED", label: "anything but ok" }, ...outcomes.map((value) => ({ value, label: outcomeWords(value) }))]}
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
      <SelectField
        label="Order"
        value={state.sort ?? ""}
        onChange={(sort) => onChange({ sort: or(sort) as CallFilterState["sort"] })}
        choices={[
          { value: "", label: "newest first" },
          ...(state.said === undefined
            ? [
                { value: "slowest", label: "slowest first" },
                { value: "dearest", label: "dearest first" },
              ]
            : []),
        ]}
      />
      <AddressField
        label="Request id"
        placeholder="The caller's own"
        value={state.request ?? ""}
        onChange={(request) => onChange({ request: or(request) })}
        data-search
      />
      <MoreFilters state={state} onChange={onChange} />
      <Views state={state} views={data?.savedViews ?? []} onChange={onChange} again={again} />
    </div>
  );
}

/** A value from a link stays chosen although the list does not (yet) have it. */
const withCurrent = (choices: readonly { readonly value: string; readonly label: string }[], value: string | undefined) =>
  value === undefined || choices.some((choice) => choice.value === value) ? choices : [...choices, { value, label: value }];
