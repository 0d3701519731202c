/** Designing an experiment: the route, the unit that stays in its arm, the arms and what each changes. */
import { Plus, Trash2 } from "lucide-react";
import { EditDialog, type Form } from "../../change/form.tsx";
import { Button } from "../../ui/button.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { promptSelection } from "../routes/changes.ts";
import { createExperiment } from "./changes.ts";
import type { DesignChoices } from "./experiments.tsx";

interface Arm {
  readonly key: string;
  readonly weight: string;
  /** "" the route's own, else "<prompt id> <label or @version>". */
  readonly prompt: string;
  /** JSON; empty: none. */
  readonly parameters: string;
}

interface DesignValues extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly routeId: string;
  readonly unit: "END_USER" | "API_KEY" | "SESSION" | "REQUEST";
  readonly coverage: string;
  readonly arms: readonly Arm[];
}

const names = { key: "Name", routeId: "Route", unit: "Who stays in the same arm", coverage: "Takes part, %", arms: "Arms" } as const;

export function DesignDialog({ choices, onClose }: { readonly choices: DesignChoices; readonly onClose: (id?: string) => void }) {
  const arm = (key: string): Arm => ({ key, weight: "1", prompt: "", parameters: "" });
  return (
    <EditDialog<DesignValues>
      title="New experiment"
      description="It is made as a draft and does nothing until it is started."
      start={{
        key: "",
        routeId: choices.routes.edges[0]?.node.id ?? "",
        unit: "END_USER",
        coverage: "100",
        arms: [arm("control"), arm("treatment")],
      }}
      names={names}
      submit="Make the draft"
      done="The experiment is there, as a draft"
      large
      refuse={({ key, arms }) => (key.trim() === "" ? "Give it a name" : (armsProblem(arms) ?? undefined))}
      save={({ key, routeId, unit, coverage, arms }) =>
        createExperiment({
          key,
          routeId,
          unit,
          coverage: Number(coverage) / 100,
          variants: arms.map((one) => {
            const [promptId = "", pointer = ""] = one.prompt.split(" ");
            return {
              key: one.key,
              weight: Number(one.weight),
              prompt: promptSelection(promptId, pointer),
              parameters: one.parameters.trim() === "" ? null : JSON.parse(one.parameters),
            };
          }),
        })
      }
      onClose={(outcome) =>
        onClose(outcome?.kind === "done" ? (outcome.payload as { experiment: { id: string } }).experiment.id : undefined)
      }
    >
      {(form) => <Fields form={form} choices={choices} newArm={arm} />}
    </EditDialog>
  );
}

function armsProblem(arms: readonly Arm[]): string | undefined {
  if (arms.length < 2) return "An experiment has two arms or more";
  if (arms.some(({ key, weight }) => key.trim() === "" || !(Number(weight) > 0))) return "Give each arm a name and a weight above 0";
  try {
    for (const { parameters } of arms) if (parameters.trim() !== "") JSON.parse(parameters);
  } catch {
    return "Parameters are JSON";
  }
  return undefined;
}

function Fields({
  form: { values, set, problem },
  choices,
  newArm,
}: {
  readonly form: Form<DesignValues>;
  readonly choices: DesignChoices;
  readonly newArm: (key: string) => Arm;
}) {
  const setArm = (at: number, patch: Partial<Arm>) =>
    set(
      "arms",
      values.arms.map((one, index) => (index === at ? { ...one, ...patch } : one)),
    );
  const prompts = choices.prompts.edges.flatMap(({ node }) => {
    const newest = Math.max(0, ...node.labels.map(({ version }) => version));
    return Array.from({ length: Math.min(newest, 20) }, (_, index) => ({
      value: `${node.id} @${newest - index}`,
      label: `${node.name}, version ${newest - index}`,
    }));
  });
  return (
    <>
      <div className="field-grid">
        <TextField label={names.key} value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} />
        <SelectField
          label={names.routeId}
          value={values.routeId}
          onChange={(id) => set("routeId", id)}
          problem={problem("routeId")}
          choices={choices.routes.edges.map(({ node }) => ({ value: node.id, label: node.name }))}
        />
        <SelectField
          label={names.unit}
          value={values.unit}
          onChange={(unit) => set("unit", unit as DesignValues["unit"])}
          problem={problem("unit")}
          choices={[
            { value: "END_USER", label: "an end user" },
            { value: "SESSION", label: "a session" },
            { value: "API_KEY", label: "an API key" },
            { value: "REQUEST", label: "nobody: each call is drawn" },
          ]}
        />
        <TextField
          label={names.coverage}
          type="number"
          min={0}
          max={100}
          value={values.coverage}
          onChange={(coverage) => set("coverage", coverage)}
          problem={problem("coverage")}
        />
      </div>
      {values.arms.map((one, at) => (
        <fieldset key={`arm ${at}`} className="stack tight">
          <legend>{at === 0 ? "Arm 1, what the others are compared with" : `Arm ${at + 1}`}</legend>
          <div className="field-grid">
            <TextField label="Name" value={one.key} onChange={(key) => setArm(at, { key })} />
            <TextField label="Weight" type="number" min={0} step="any" value={one.weight} onChange={(weight) => setArm(at, { weight })} />
            <SelectField
              label="Prompt"
              value={one.prompt}
              onChange={(prompt) => setArm(at, { prompt })}
              choices={[{ value: "", label: "the route's own" }, ...prompts]}
            />
            <TextField
              label="Parameters (JSON)"
              value={one.parameters}
              onChange={(parameters) => setArm(at, { parameters })}
              placeholder='{"temperature": 0.2}'
            />
          </div>
          {values.arms.length > 2 && (
            <div>
              <Button
                small
                look="plain"
                onClick={() =>
                  set(
                    "arms",
                    values.arms.filter((_, index) => index !== at),
                  )
                }
              >
                <Trash2 size={14} aria-hidden /> Remove this arm
              </Button>
            </div>
          )}
        </fieldset>
      ))}
      {problem("variants") !== undefined && <p style={{ color: "var(--bad)" }}>{problem("variants")}</p>}
      <div>
        <Button small onClick={() => set("arms", [...values.arms, newArm(`treatment-${values.arms.length}`)])}>
          <Plus size={14} aria-hidden /> Add an arm
        </Button>
      </div>
    </>
  );
}
