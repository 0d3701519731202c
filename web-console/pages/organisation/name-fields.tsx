/** What programs and what people call a project or an organisation, as a part of a form. */
import type { Form } from "../../change/form.tsx";
import { columnNames } from "../../change/words/column-names.ts";
import { TextField } from "../../ui/field.tsx";

export interface NameValues extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly name: string;
}

export const names = { key: columnNames.ORGANISATION_KEY, name: columnNames.ORGANISATION_NAME } as const;

export const nameRefusal = ({ key, name }: NameValues): string | undefined =>
  key === "" || name === "" ? "Give it a key and a name" : undefined;

export const NameFields = ({ values, set, problem }: Form<NameValues>) => (
  <div className="field-grid">
    <TextField label={names.key} value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} hint="For programs" />
    <TextField label={names.name} value={values.name} onChange={(name) => set("name", name)} problem={problem("name")} hint="For people" />
  </div>
);
