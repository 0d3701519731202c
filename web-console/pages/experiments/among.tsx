/** Which units' findings are shown: of all, or of those that were first seen lately or at one place. */
import { SelectField } from "../../ui/field.tsx";
import { rangeChoices } from "../overview/ranges.ts";
import { lower } from "./words.ts";

export const seenNames = ["24h", "7d", "30d"] as const;

export interface Among {
  /** Undefined: since it began. */
  readonly seen: (typeof seenNames)[number] | undefined;
  /** "EDGE chat"; undefined: everywhere. */
  readonly where: string | undefined;
}

type Dimension = "NODE" | "EDGE" | "TAG";
interface Slice {
  readonly dimension: Dimension;
  readonly value: string;
  readonly label: string;
  readonly units: number;
}

export const isNarrowed = ({ seen, where }: Among): boolean => seen !== undefined || where !== undefined;

/** @returns null: every place. */
export function sliceOf(where: string | undefined): { readonly dimension: Dimension; readonly value: string } | null {
  const [, dimension, value] = /^(NODE|EDGE|TAG) (.+)$/s.exec(where ?? "") ?? [];
  return dimension === undefined || value === undefined ? null : { dimension: dimension as Dimension, value };
}

interface AmongFieldsProps {
  readonly among: Among;
  readonly slices: readonly Slice[];
  readonly onPick: (among: Among) => void;
}

export const AmongFields = ({ among, slices, onPick }: AmongFieldsProps) => (
  <span className="row">
    <SelectField
      label={<span className="visually-hidden">Units first seen</span>}
      value={among.seen ?? ""}
      onChange={(seen) => onPick({ ...among, seen: seenNames.find((name) => name === seen) })}
      choices={[
        { value: "", label: "units since it began" },
        ...seenNames.map((name) => ({ value: name, label: `units new in the ${rangeChoices[name].name.toLowerCase()}` })),
      ]}
    />
    {(slices.length > 0 || among.where !== undefined) && (
      <SelectField
        label={<span className="visually-hidden">Where they were first seen</span>}
        value={among.where ?? ""}
        onChange={(where) => onPick({ ...among, where: where === "" ? undefined : where })}
        choices={[
          { value: "", label: "everywhere" },
          ...slices.map(({ dimension, value, label }) => ({ value: `${dimension} ${value}`, label: `${lower(dimension)} ${label}` })),
        ]}
      />
    )}
  </span>
);
