/** The filters of the call log, its order, and the views of them. */
import { ChooseField } from "../../change/choose-field.tsx";
import { RouteNameField } from "../../change/route-name-field.tsx";
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
      <RouteNameField label="Route" value={state.route ?? ""} none="any" onChange={(route) => onChange({ route: or(route) })} />
      <SelectField
        label="Outcome"
        value={state.outcome ?? ""}
        onChange={(outcome) => onChange({ outcome: or(outcome) as CallFilterState["outcome"] })}
        choices={[any, { value: "FAILED", label: "anything but ok" }, ...outcomes.map((value) => ({ value, label: outcomeWords(value) }))]}
      />
      <ChooseField
        label="Backend"
        of="backends"
        value={state.backend ?? ""}
        none="any"
        onChange={({ id }) => onChange({ backend: or(id) })}
      />
      <ChooseField label="API key" of="apiKeys" value={state.key ?? ""} none="any" onChange={({ id }) => onChange({ key: or(id) })} />
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
