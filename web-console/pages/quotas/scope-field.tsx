/** What a limit is laid on, as a part of a form; and in a sentence, with a way there. */

import { Link } from "@tanstack/react-router";
import type { ChoiceKind } from "../../change/choices.ts";
import { ChooseField } from "../../change/choose-field.tsx";
import { type ThingKind, thingPath } from "../../shell/thing-path.ts";
import { SelectField } from "../../ui/field.tsx";

type ScopeKind = "ORGANISATION" | "PROJECT" | "API_KEY" | "ROUTE" | "BACKEND" | "END_USER";

const scopes: Readonly<Record<ScopeKind, { readonly label: string; readonly of?: ChoiceKind; readonly thing?: ThingKind }>> = {
  ORGANISATION: { label: "the whole organisation" },
  PROJECT: { label: "a project", of: "projects", thing: "PROJECT" },
  API_KEY: { label: "an API key", of: "apiKeys", thing: "API_KEY" },
  ROUTE: { label: "a route", of: "routes", thing: "ROUTE" },
  BACKEND: { label: "a backend", of: "backends", thing: "BACKEND" },
  END_USER: { label: "each end user" },
};

interface ScopeFieldProps<Kind extends ScopeKind> {
  /** Those that it can be laid on. */
  readonly kinds: readonly Kind[];
  readonly kind: Kind;
  /** Empty: none was chosen, or the kind has none. */
  readonly id: string;
  readonly onChange: (kind: Kind, id: string) => void;
  readonly problem: (path: string) => string | undefined;
}

export function ScopeField<Kind extends ScopeKind>({ kinds, kind, id, onChange, problem }: ScopeFieldProps<Kind>) {
  const { of } = scopes[kind];
  return (
    <>
      <SelectField
        label="For"
        value={kind}
        onChange={(next) => onChange(next as Kind, "")}
        problem={problem("scopeKind")}
        choices={kinds.map((one) => ({ value: one, label: scopes[one].label }))}
      />
      {of !== undefined && (
        <ChooseField
          key={kind}
          label="Which one"
          of={of}
          value={id}
          onChange={(choice) => onChange(kind, choice.id)}
          problem={problem("scopeId")}
        />
      )}
    </>
  );
}

/** Why a form cannot be sent; undefined: it can. */
export const scopeRefusal = (kind: ScopeKind, id: string): string | undefined =>
  scopes[kind].of !== undefined && id === "" ? `Say which one: it is for ${scopes[kind].label}` : undefined;

interface Laid {
  readonly scopeKind: ScopeKind;
  readonly scopeId: string | null;
  readonly scope: string;
}

export function ScopeLink({ of: { scopeKind, scopeId, scope } }: { readonly of: Laid }) {
  const { thing } = scopes[scopeKind];
  return thing === undefined || scopeId === null || scope.includes("that is gone") ? (
    scope
  ) : (
    <Link to={thingPath(thing, scopeId)}>{scope}</Link>
  );
}
