/** A price as a part of a form: of a model in the catalogue, or of a backend's own. */
import { TextField } from "../../ui/field.tsx";
import { fieldOf, foldedRates, type PriceValues, shownRates } from "./price-values.ts";

interface PriceFieldsProps {
  readonly values: PriceValues;
  readonly onChange: (values: PriceValues) => void;
  readonly problem: (path: string) => string | undefined;
}

export function PriceFields({ values, onChange, problem }: PriceFieldsProps) {
  const field = ([rate, label, hint]: (typeof shownRates | typeof foldedRates)[number]) => (
    <TextField
      key={rate}
      label={label}
      inputMode="decimal"
      value={values[rate]}
      onChange={(next) => onChange({ ...values, [rate]: next })}
      problem={problem(`price.${fieldOf(rate)}`)}
      {...(hint === undefined ? {} : { hint })}
    />
  );
  return (
    <fieldset className="stack">
      <legend>Price in dollars a million tokens</legend>
      <div className="field-grid">
        {shownRates.map(field)}
        <TextField
          label="From"
          type="datetime-local"
          value={values.effectiveFrom}
          onChange={(effectiveFrom) => onChange({ ...values, effectiveFrom })}
          problem={problem("price.effectiveFrom")}
          hint="Empty: at once. Every node changes over at that instant."
        />
      </div>
      <details>
        <summary>Audio, pictures, and a fee for each call</summary>
        <div className="field-grid" style={{ marginTop: "0.75rem" }}>
          {foldedRates.map(field)}
          <TextField
            label="Each call, on top"
            inputMode="decimal"
            value={values.request}
            onChange={(request) => onChange({ ...values, request })}
            problem={problem("price.requestNanodollars")}
            hint="Dollars a call"
          />
        </div>
      </details>
    </fieldset>
  );
}
