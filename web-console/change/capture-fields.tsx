/** Whether what is said in calls is kept, as a part of a form: of a route, a project, an organisation. */
import { graphql, type ResultOf } from "../graphql/documents.ts";
import { CheckField, SelectField, TextField } from "../ui/field.tsx";

export const captureFragment = graphql(`
  fragment Capture on ContentCapture {
    on
    share
    retentionDays
    redact
  }
`);

type Capture = ResultOf<typeof captureFragment>;

export interface CaptureValues {
  /** as-above: the next larger scope says it. */
  readonly keep: "as-above" | "yes" | "no";
  /** Of calls, 1 to 100. */
  readonly percent: string;
  /** 1 to 365. */
  readonly days: string;
  readonly redact: Capture["redact"];
}

export const captureValues = (capture: Capture | null | undefined): CaptureValues =>
  capture == null
    ? { keep: "as-above", percent: "100", days: "30", redact: ["KEYS", "MEDIA"] }
    : {
        keep: capture.on ? "yes" : "no",
        percent: String(Math.round(capture.share * 10_000) / 100),
        days: String(capture.retentionDays),
        redact: [...capture.redact].sort(),
      };

export const captureInput = ({ keep, percent, days, redact }: CaptureValues) =>
  keep === "as-above" ? null : { on: keep === "yes", share: Number(percent) / 100, retentionDays: Number(days), redact: [...redact] };

/** Why it cannot be sent; undefined: it can. */
export function captureRefusal({ keep, percent, days }: CaptureValues): string | undefined {
  if (keep !== "yes") return undefined;
  if (!(Number(percent) > 0 && Number(percent) <= 100)) return "Of calls that are kept, say a share above 0 and up to 100 percent";
  if (!(Number.isInteger(Number(days)) && Number(days) >= 1 && Number(days) <= 365)) return "What is said is kept for 1 to 365 days";
  return undefined;
}

const redactions: readonly (readonly [Capture["redact"][number], string])[] = [
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

/** In a few words: "kept for 30 days, 10% of calls". */
export const captureWords = (capture: Capture | null, above: string): string =>
  capture === null
    ? above
    : !capture.on
      ? "not kept"
      : `kept for ${capture.retentionDays} days${capture.share === 1 ? "" : `, ${Math.round(capture.share * 10_000) / 100}% of calls`}`;
