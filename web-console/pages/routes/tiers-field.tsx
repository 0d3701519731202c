/** Backends in tiers, each with its weight: of a route, or of an arm that tries others. */
import { Plus, Trash2 } from "lucide-react";
import { Button } from "../../ui/button.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import type { RouteValues } from "./changes.ts";

type Tiers = RouteValues["tiers"];

interface TiersFieldProps {
  readonly legend: string;
  readonly value: Tiers;
  readonly onChange: (tiers: Tiers) => void;
  readonly backends: readonly { readonly id: string; readonly key: string; readonly model: string }[];
  readonly problem: string | undefined;
}

export function TiersField({ legend, value, onChange, backends, problem }: TiersFieldProps) {
  const setTier = (at: number, targets: Tiers[number]) => onChange(value.map((tier, index) => (index === at ? targets : tier)));
  return (
    <fieldset className="stack">
      <legend>{legend}</legend>
      {backends.length === 0 && <p className="quiet">There is no backend yet. Make one first, on the page Backends.</p>}
      {value.map((tier, at) => (
        <div key={at} className="stack tight">
          <h3>{at === 0 ? "First choice" : `When all above fail (${at + 1})`}</h3>
          {tier.map((target, index) => (
            <div key={target.backendId} className="row">
              <div className="wide">
                <SelectField
                  label={<span className="visually-hidden">Backend</span>}
                  value={target.backendId}
                  onChange={(backendId) =>
                    setTier(
                      at,
                      tier.map((one, i) => (i === index ? { ...one, backendId } : one)),
                    )
                  }
                  choices={backends.map((backend) => ({
                    value: backend.id,
                    label: `${backend.key} (${backend.model})`,
                    disabled: backend.id !== target.backendId && tier.some((one) => one.backendId === backend.id),
                  }))}
                />
              </div>
              <div style={{ width: "7rem" }}>
                <TextField
                  label={<span className="visually-hidden">Weight of it</span>}
                  type="number"
                  min={0}
                  value={String(target.weight)}
                  onChange={(text) =>
                    setTier(
                      at,
                      tier.map((one, i) => (i === index ? { ...one, weight: Number(text) } : one)),
                    )
                  }
                />
              </div>
              <Button
                look="plain"
                icon
                aria-label="Take it out"
                onClick={() =>
                  setTier(
                    at,
                    tier.filter((_, i) => i !== index),
                  )
                }
              >
                <Trash2 size={16} aria-hidden />
              </Button>
            </div>
          ))}
          <div>
            <Button
              small
              disabled={tier.length >= backends.length}
              onClick={() => {
                const free = backends.find((backend) => tier.every((target) => target.backendId !== backend.id));
                if (free !== undefined) setTier(at, [...tier, { backendId: free.id, weight: 1 }]);
              }}
            >
              <Plus size={14} aria-hidden /> Add a backend
            </Button>
          </div>
        </div>
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
