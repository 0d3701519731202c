/** All discounts of an organisation, changed together. */
import { Plus, Trash2 } from "lucide-react";
import { EditDialog } from "../../change/form.tsx";
import { Button } from "../../ui/button.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { basisPointsOf } from "./basis-points.ts";
import { setDiscounts } from "./changes.ts";
import { type Organisation, organisationAgain } from "./details.ts";

export interface DiscountRow {
  /** Empty: all providers. */
  readonly providerId: string;
  readonly percent: string;
  /** An instant; empty: now. */
  readonly from: string;
  /** A day, not included; empty: for good. */
  readonly until: string;
}

const valuesOf = ({ discounts }: Organisation): { readonly rows: readonly DiscountRow[] } => ({
  rows: discounts.map(({ providerId, basisPoints, from, until }) => ({
    providerId: providerId ?? "",
    percent: String(basisPoints / 100),
    from: from ?? "",
    until: until?.slice(0, 10) ?? "",
  })),
});

interface DiscountsDialogProps {
  readonly organisation: Organisation;
  readonly providers: readonly { readonly id: string; readonly key: string }[];
  readonly onClose: () => void;
}

export function DiscountsDialog({ organisation, providers, onClose }: DiscountsDialogProps) {
  return (
    <EditDialog<{ readonly rows: readonly DiscountRow[] }>
      title={`Discounts of ${organisation.name}`}
      description="A share off what calls cost, from the moment a node has it."
      large
      start={valuesOf(organisation)}
      revision={organisation.revision}
      readAgain={() => organisationAgain(valuesOf)}
      names={{ rows: "Discounts" }}
      submit="Publish the change"
      done="The discounts are changed"
      refuse={({ rows }) =>
        rows.some(({ percent }) => basisPointsOf(percent) === undefined) ? "Each is a share above 0 and up to 100 percent" : undefined
      }
      save={({ rows }, revision) =>
        setDiscounts(
          rows.map(({ providerId, percent, from, until }) => ({
            basisPoints: basisPointsOf(percent) ?? 0,
            ...(providerId === "" ? {} : { providerId }),
            ...(from === "" ? {} : { from }),
            ...(until === "" ? {} : { until: `${until}T00:00:00Z` }),
          })),
          revision,
        )
      }
      onClose={() => onClose()}
    >
      {({ values: { rows }, set, problem }) => {
        const put = (index: number, patch: Partial<DiscountRow>) =>
          set(
            "rows",
            rows.map((row, at) => (at === index ? { ...row, ...patch } : row)),
          );
        return (
          <>
            {rows.length === 0 && <p className="quiet">None: calls cost what prices say.</p>}
            {rows.map((row, index) => (
              <fieldset key={index}>
                <legend>Discount {index + 1}</legend>
                <div className="field-grid">
                  <TextField
                    label="Off, percent"
                    inputMode="decimal"
                    value={row.percent}
                    onChange={(percent) => put(index, { percent })}
                    problem={problem(`discounts.${index}`)}
                  />
                  <SelectField
                    label="Of what"
                    value={row.providerId}
                    onChange={(providerId) => put(index, { providerId })}
                    choices={[{ value: "", label: "all providers" }, ...providers.map(({ id, key }) => ({ value: id, label: key }))]}
                  />
                  <TextField
                    label="Until"
                    type="date"
                    value={row.until}
                    onChange={(until) => put(index, { until })}
                    hint="That day is not included. Empty: for good"
                  />
                </div>
                <Button
                  small
                  look="plain"
                  onClick={() =>
                    set(
                      "rows",
                      rows.filter((_, at) => at !== index),
                    )
                  }
                >
                  <Trash2 size={14} aria-hidden /> Take it out
                </Button>
              </fieldset>
            ))}
            <div>
              <Button small onClick={() => set("rows", [...rows, { providerId: "", percent: "10", from: "", until: "" }])}>
                <Plus size={14} aria-hidden /> Another one
              </Button>
            </div>
          </>
        );
      }}
    </EditDialog>
  );
}
