/** The steps of a guarded rollout: how many get the new value, for how long and how many at least, and whether a person has to say yes. */
import { Plus, Trash2 } from "lucide-react";
import { Button } from "../../../ui/button.tsx";
import { CheckField, TextField } from "../../../ui/field.tsx";
import { newStep, type StepValues } from "./design-values.ts";

interface RolloutStepsProps {
  readonly value: readonly StepValues[];
  readonly onChange: (steps: readonly StepValues[]) => void;
  /** What is wrong at a path of the input. */
  readonly problem: (path: string) => string | undefined;
}

const stepsMax = 20;
const figures = [
  { name: "share", path: "share", label: (at: number) => `Step ${at + 1}, % of units`, max: 50 },
  { name: "holdHours", path: "holdSeconds", label: () => "Hours at least", max: 720 },
  { name: "unitsMin", path: "unitsMin", label: () => "Units in each arm", max: undefined },
] as const;

export function RolloutSteps({ value, onChange, problem }: RolloutStepsProps) {
  const setStep = (at: number, patch: Partial<StepValues>) =>
    onChange(value.map((one, index) => (index === at ? { ...one, ...patch } : one)));
  return (
    <>
      {value.map((step, at) => (
        <div key={`step ${at}`} className="row">
          <div className="wide field-grid">
            {figures.map(({ name, path, label, max }) => (
              <TextField
                key={name}
                label={label(at)}
                type="number"
                min={0}
                max={max}
                step="any"
                value={step[name]}
                onChange={(text) => setStep(at, { [name]: text })}
                problem={problem(`rollout.steps[${at}].${path}`)}
              />
            ))}
            <CheckField label="A person says yes" value={step.approval} onChange={(approval) => setStep(at, { approval })} />
          </div>
          <Button
            look="plain"
            icon
            aria-label={`Take out step ${at + 1}`}
            disabled={value.length === 1}
            onClick={() => onChange(value.filter((_, index) => index !== at))}
          >
            <Trash2 size={16} aria-hidden />
          </Button>
        </div>
      ))}
      <div>
        <Button small disabled={value.length >= stepsMax} onClick={() => onChange([...value, newStep("50")])}>
          <Plus size={14} aria-hidden /> Add a step
        </Button>
      </div>
    </>
  );
}
