/** One setting as tables show it: its name, its value, and where that came from. */
import { Badge } from "../../ui/marks.tsx";
import type { Told } from "./node-settings.ts";

export const SettingName = ({ name }: { readonly name: string }) => <code style={{ overflowWrap: "anywhere" }}>{name}</code>;

export function SettingValue({ of: { value, isSecret, origin } }: { readonly of: Pick<Told, "value" | "isSecret" | "origin"> }) {
  if (isSecret) return <span className="quiet">{origin === "DEFAULT" ? "not set" : "set, and secret"}</span>;
  if (value === null || value === "") return <span className="quiet">none</span>;
  return <code style={{ overflowWrap: "anywhere" }}>{value}</code>;
}

const origins = { FILE: "a file", ENVIRONMENT: "the environment", DEFAULT: "default" } as const;

export const Origin = ({ of }: { readonly of: Told["origin"] }) => (
  <Badge tone={of === "DEFAULT" ? "neutral" : "info"}>{origins[of]}</Badge>
);
