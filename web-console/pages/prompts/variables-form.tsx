/** A field for each variable, of the kind that its schema says. */
import { LongField, SelectField, TextField } from "../../ui/field.tsx";
import type { VariableField, VariableTexts } from "./variable-values.ts";

interface VariablesFormProps {
  readonly fields: readonly VariableField[];
  readonly values: VariableTexts;
  readonly onChange: (values: VariableTexts) => void;
}

export const VariablesForm = ({ fields, values, onChange }: VariablesFormProps) => (
  <div className="field-grid">
    {fields.map((field) => (
      <Variable
        key={field.name}
        field={field}
        value={values[field.name] ?? ""}
        onChange={(text) => onChange({ ...values, [field.name]: text })}
      />
    ))}
  </div>
);

interface VariableProps {
  readonly field: VariableField;
  readonly value: string;
  readonly onChange: (text: string) => void;
}

function Variable({ field: { name, kind, choices, required, description }, value, onChange }: VariableProps) {
  const shared = {
    label: (
      <>
        <code>{name}</code>
        {!required && <span className="quiet"> optional</span>}
      </>
    ),
    hint: description,
    value,
    onChange,
  };
  if (kind === "choice" || kind === "boolean")
    return (
      <SelectField
        {...shared}
        choices={[
          { value: "", label: "–" },
          ...(kind === "boolean" ? ["true", "false"] : choices).map((one) => ({ value: one, label: one })),
        ]}
      />
    );
  if (kind === "json") return <LongField {...shared} rows={2} mono hint={description ?? "JSON"} />;
  return kind === "number" ? <TextField {...shared} type="number" step="any" /> : <TextField {...shared} />;
}
