/** Whether what is said in calls is kept, as a part of a form: of a route, a project, an organisation. */
import { CheckField, SelectField, TextField } from "../ui/field.tsx";
import type { CaptureValues } from "./capture-values.ts";

const redactions: readonly (readonly [CaptureValues["redact"][number], string])[] = [
  ["KEYS", "What looks like a credential"],
  ["MEDIA", "Pictures, sound and files"],
  ["EMAILS", "What looks like an e-mail address"],
  ["CARD_NUMBERS", "What looks like a card number"],
];

interface CaptureFieldsProps {
  readonly values: CaptureValues;
  readonly onChange: (values: CaptureValues) => void;
  /** Who says it otherwise, such as "as the caller's project says"; undefined: nobody does. */
  readonly above?: string;
  readonly problem?: string | undefined;
}

export function CaptureFields({ values, onChange, above, problem }: CaptureFieldsProps) {
  const set = (patch: Partial<CaptureValues>) => onChange({ ...values, ...patch });
  return (
    <fieldset className="stack">
      <legend>What is said in calls</legend>
      <SelectField
        label="Keep it"
        value={values.keep === "as-above" && above === undefined ? "no" : values.keep}
        onChange={(keep) => set({ keep: keep as CaptureValues["keep"] })}
        problem={problem}
        choices={[
          ...(above === undefined ? [] : [{ value: "as-above", label: above }]),
          { value: "no", label: "No: only the figures of a call are kept" },
          { value: "yes", label: "Yes: requests and answers can be read and tried again" },
        ]}
      />
      {values.keep === "yes" && (
        <>
          <div className="field-grid">
            <TextField label="Of calls, percent" inputMode="decimal" value={values.percent} onChange={(percent) => set({ percent })} />
            <TextField label="For days" inputMode="numeric" value={values.days} onChange={(days) => set({ days })} hint="1 to 365" />
          </div>
          <div>
            <p className="quiet">Taken out by the node before it hands anything on:</p>
            {redactions.map(([name, says]) => (
              <CheckField
                key={name}
                label={says}
                value={values.redact.includes(name)}
                onChange={(on) => set({ redact: [...values.redact.filter((one) => one !== name), ...(on ? [name] : [])].sort() })}
              />
            ))}
          </div>
        </>
      )}
    </fieldset>
  );
}
