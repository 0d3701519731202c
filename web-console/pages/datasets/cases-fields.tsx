/** Where a dataset's cases come from. */
import { type Form, textOf } from "../../change/form.tsx";
import { RouteNameField } from "../../change/route-name-field.tsx";
import { LongField, SelectField, TextField } from "../../ui/field.tsx";
import { type CasesValues, casesNames } from "./case-values.ts";

export const CasesFields = ({ form }: { readonly form: Form<CasesValues> }) => (
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
        <RouteNameField {...textOf(form, casesNames, "route")} none="any" />
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
