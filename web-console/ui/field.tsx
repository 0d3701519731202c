/** Fields of forms: a label, what it means, what is wrong with it, tied together for those who cannot see that. */
import { type InputHTMLAttributes, type ReactNode, useEffect, useId, useRef, useState } from "react";

interface FieldProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
}

type Wire = { readonly id: string; readonly "aria-describedby": string | undefined; readonly "aria-invalid": boolean | undefined };

export function Field({ label, hint, problem, children }: FieldProps & { readonly children: (wire: Wire) => ReactNode }) {
  const id = useId();
  const described = [hint === undefined ? "" : `${id}-hint`, problem === undefined ? "" : `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        "aria-describedby": described === "" ? undefined : described,
        "aria-invalid": problem === undefined ? undefined : true,
      })}
      {hint !== undefined && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {problem !== undefined && (
        <span className="problem" id={`${id}-problem`} role="alert">
          {problem}
        </span>
      )}
    </div>
  );
}

type TextProps = FieldProps & { readonly value: string; readonly onChange: (value: string) => void } & Omit<
    InputHTMLAttributes<HTMLInputElement>,
    "value" | "onChange"
  >;

export const TextField = ({ label, hint, problem, value, onChange, ...rest }: TextProps) => (
  <Field label={label} hint={hint} problem={problem}>
    {(wire) => (
      <input
        autoComplete="off"
        spellCheck={false}
        {...rest}
        {...wire}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )}
  </Field>
);

/** A text field whose value lives in the address, which changes a moment after each letter: what is being typed stays its own. */
export function AddressField({ value, onChange, ...rest }: TextProps) {
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    // Back, a link or "Clear" changed it from outside; an echo of what was typed did not.
    if (value !== sent.current) setTyped(value);
    sent.current = value;
  }, [value]);
  return (
    <TextField
      {...rest}
      value={typed}
      onChange={(next) => {
        sent.current = next;
        setTyped(next);
        onChange(next);
      }}
    />
  );
}

export const LongField = ({
  label,
  hint,
  problem,
  value,
  onChange,
  rows = 4,
  mono = false,
}: FieldProps & {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly rows?: number;
  readonly mono?: boolean;
}) => (
  <Field label={label} hint={hint} problem={problem}>
    {(wire) => (
      <textarea
        {...wire}
        rows={rows}
        spellCheck={!mono}
        className={mono ? "mono" : undefined}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )}
  </Field>
);

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly disabled?: boolean;
}

export const SelectField = ({
  label,
  hint,
  problem,
  value,
  onChange,
  choices,
}: FieldProps & { readonly value: string; readonly onChange: (value: string) => void; readonly choices: readonly Choice[] }) => (
  <Field label={label} hint={hint} problem={problem}>
    {(wire) => (
      <select {...wire} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value} disabled={choice.disabled}>
            {choice.label}
          </option>
        ))}
      </select>
    )}
  </Field>
);

export const CheckField = ({
  label,
  value,
  onChange,
}: {
  readonly label: ReactNode;
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
}) => (
  <label className="check">
    <input type="checkbox" checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />
    <span>{label}</span>
  </label>
);
