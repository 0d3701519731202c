/** Where a dataset's cases come from. */
import type { Form } from "../../change/form.tsx";
import { LongField, SelectField, TextField } from "../../ui/field.tsx";
import type { CasesValues } from "./case-values.ts";

interface CasesFieldsProps {
  readonly form: Form<CasesValues>;
  readonly routes: readonly string[];
}

export const CasesFields = ({ form: { values, set, problem }, routes }: CasesFieldsProps) => (
  <>
    <SelectField
      label="Cases"
      value={values.from}
      onChange={(from) => set("from", from as CasesValues["from"])}
      problem={problem("calls") ?? problem("cases")}
      choices={[
        { value: "calls", label: "from logged calls whose content is kept, with what was answered as what is expected" },
        { value: "lines", label: "written here" },
      ]}
    />
    {values.from === "calls" ? (
      <div className="field-grid">
        <TextField label="The newest" inputMode="numeric" value={values.limit} onChange={(limit) => set("limit", limit)} />
        <SelectField
          label="Of route"
          value={values.route}
          onChange={(route) => set("route", route)}
          choices={[{ value: "", label: "any" }, ...routes.map((name) => ({ value: name, label: name }))]}
        />
      </div>
    ) : (
      <LongField
        label="Lines"
        value={values.lines}
        onChange={(lines) => set("lines", lines)}
        rows={6}
        mono
        hint={'A line each: {"request": {"model": "chat", "messages": [{"role": "user", "content": "Hi"}]}, "expected": "Hello"}'}
      />
    )}
  </>
);
