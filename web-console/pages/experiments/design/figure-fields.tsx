/** Numbers of a design that are typed as they are, each with where the control plane says what is wrong with it. */
import type { Form } from "../../../change/form.tsx";
import { TextField } from "../../../ui/field.tsx";
import type { DesignValues } from "./design-values.ts";
import { designNames } from "./names.ts";

type Named = keyof typeof designNames;
type TextName = { [Name in Named]: DesignValues[Name] extends string ? (string extends DesignValues[Name] ? Name : never) : never }[Named];

export interface Figure {
  readonly name: TextName;
  /** In the input. */
  readonly path: string;
  readonly hint?: string;
  readonly max?: number;
}

export const FigureFields = ({
  form: { values, set, problem },
  of,
}: {
  readonly form: Form<DesignValues>;
  readonly of: readonly Figure[];
}) =>
  of.map(({ name, path, hint, max }) => (
    <TextField
      key={name}
      label={designNames[name]}
      type="number"
      min={0}
      max={max}
      step="any"
      value={values[name]}
      onChange={(text) => set(name, text)}
      problem={problem(path)}
      hint={hint}
    />
  ));
