/** Where a dataset's cases come from. */
import { type Form, textOf } from "../../change/form.tsx";
import { LongField, SelectField, TextField } from "../../ui/field.tsx";
import { type CasesValues, casesNames } from "./case-values.ts";

interface CasesFieldsProps {
  readonly form: Form<CasesValues>;
  readonly routes: readonly string[];
}

export const CasesFields = ({ form, routes }: CasesFieldsProps) => (
  <>
    <SelectField
      {...textOf(form, casesNames, "from")}
      problem={form.problem("calls") ?? form.problem("cases")}
      choices={[
        { value: "calls", label: "from logged calls whose content is kept, with what was answered as what is expected" },
        { value: "lines", label: "written here" },
      ]}
    />
    {form.values.from === "calls" ? (
      <div className="field-grid">
        <TextField {...textOf(form, casesNames, "limit")} inputMode="numeric" />
        <SelectField
          {...textOf(form, casesNames, "route")}
          choices={[{ value: "", label: "any" }, ...routes.map((name) => ({ value: name, label: name }))]}
        />
      </div>
    ) : (
      <LongField
        {...textOf(form, casesNames, "lines")}
        rows={6}
        mono
        hint={'A line each: {"request": {"model": "chat", "messages": [{"role": "user", "content": "Hi"}]}, "expected": "Hello"}'}
      />
    )}
  </>
);
