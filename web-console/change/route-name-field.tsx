/** A field that names one route as callers do, however many there are. */
import type { ComponentProps } from "react";
import { ChooseField } from "./choose-field.tsx";

interface RouteNameFieldProps extends Pick<ComponentProps<typeof ChooseField>, "label" | "none" | "hint" | "problem"> {
  /** Empty: none is chosen. */
  readonly value: string;
  readonly onChange: (name: string) => void;
}

export const RouteNameField = ({ value, onChange, ...rest }: RouteNameFieldProps) => (
  <ChooseField {...rest} of="routes" value={value} named={value} onChange={({ id, name }) => onChange(id === "" ? "" : name)} />
);
