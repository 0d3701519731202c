/** Tiers of weighted backends, as a part of a form: of a route, or of an experiment's variant. */
import { Plus, Trash2 } from "lucide-react";
import { ChooseField } from "../../change/choose-field.tsx";
import { percent } from "../../format/numbers.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import type { TargetValues } from "./changes.ts";

type Tier = readonly TargetValues[];

interface TiersFieldProps {
  readonly legend: string;
  readonly value: readonly Tier[];
  readonly onChange: (tiers: readonly Tier[]) => void;
  /** What the backends of these ids are called. */
  readonly names: ReadonlyMap<string, string>;
  readonly problem?: string | undefined;
}

export function TiersField({ legend, value, onChange, names, problem }: TiersFieldProps) {
  const setTier = (at: number, targets: Tier) => onChange(value.map((tier, index) => (index === at ? targets : tier)));
  return (
    <fieldset className="stack">
      <legend>{legend}</legend>
      {value.map((tier, at) => (
        <TierField key={at} at={at} tier={tier} names={names} onChange={(targets) => setTier(at, targets)} />
      ))}
      <div className="row">
        <Button small onClick={() => onChange([...value, []])}>
          <Plus size={14} aria-hidden /> Add a fallback tier
        </Button>
        {value.length > 1 && (
          <Button small look="plain" onClick={() => onChange(value.slice(0, -1))}>
            Remove the last tier
          </Button>
        )}
      </div>
      {problem !== undefined && (
        <p className="problem" role="alert" style={{ color: "var(--bad)" }}>
          {problem}
        </p>
      )}
    </fieldset>
  );
}

interface TierFieldProps {
  readonly at: number;
  readonly tier: Tier;
  readonly names: ReadonlyMap<string, string>;
  readonly onChange: (tier: Tier) => void;
}

function TierField({ at, tier, names, onChange }: TierFieldProps) {
  const sum = tier.reduce((total, { weight }) => total + weight, 0);
  const setTarget = (index: number, patch: Partial<TargetValues>) =>
    onChange(tier.map((one, i) => (i === index ? { ...one, ...patch } : one)));
  return (
    <div className="stack tight">
      <h3>{at === 0 ? "First choice" : `When all above fail (${at + 1})`}</h3>
      {tier.map((target, index) => (
        <div key={index} className="row" style={{ alignItems: "start" }}>
          <div className="wide">
            <ChooseField
              label={<span className="visually-hidden">Backend</span>}
              of="backends"
              value={target.backendId}
              named={names.get(target.backendId)}
              onChange={({ id }) => setTarget(index, { backendId: id })}
              except={tier.map(({ backendId }) => backendId)}
            />
          </div>
          <div style={{ width: "6rem" }}>
            <TextField
              label={<span className="visually-hidden">Weight of it</span>}
              type="number"
              min={0}
              value={String(target.weight)}
              onChange={(text) => setTarget(index, { weight: Number(text) })}
            />
          </div>
          <span className="number quiet" style={{ width: "3.5rem", textAlign: "end", lineHeight: "2.1rem" }}>
            {target.weight === 0 ? "drained" : percent(target.weight / sum)}
          </span>
          <Button look="plain" icon aria-label="Take it out" onClick={() => onChange(tier.filter((_, i) => i !== index))}>
            <Trash2 size={16} aria-hidden />
          </Button>
        </div>
      ))}
      <div>
        <Button small onClick={() => onChange([...tier, { backendId: "", weight: 1 }])}>
          <Plus size={14} aria-hidden /> Add a backend
        </Button>
      </div>
    </div>
  );
}

/** Why they cannot be sent; undefined: they can. */
export const tiersRefusal = (tiers: readonly Tier[]): string | undefined =>
  tiers.some((tier) => tier.some(({ backendId }) => backendId === "")) ? "Choose a backend in each line, or take the line out" : undefined;

export const namesOfTargets = (
  tiers: readonly { readonly targets: readonly { readonly backendId: string; readonly backend: { readonly key: string } | null }[] }[],
): ReadonlyMap<string, string> =>
  new Map(tiers.flatMap(({ targets }) => targets.map(({ backendId, backend }) => [backendId, backend?.key ?? "gone"] as const)));
