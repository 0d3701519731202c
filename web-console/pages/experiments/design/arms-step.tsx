/** What is tried: on which route, to find out what, and what each arm changes. */
import { Plus, Trash2 } from "lucide-react";
import type { Choice } from "../../../change/choices.ts";
import { ChooseField } from "../../../change/choose-field.tsx";
import { textOf } from "../../../change/form.tsx";
import { PromptField } from "../../../change/prompt-field.tsx";
import { Button } from "../../../ui/button.tsx";
import { Field, LongField, TextField } from "../../../ui/field.tsx";
import { Folded } from "../../../ui/folded.tsx";
import { Notice } from "../../../ui/marks.tsx";
import { namesOfTargets, TiersField } from "../../routes/tiers-field.tsx";
import type { StepProps } from "./design-dialog.tsx";
import { type ArmValues, newArm } from "./design-values.ts";
import { designNames as names } from "./names.ts";

export function ArmsStep({ form, route, experiment }: StepProps) {
  const { values, set, problem } = form;
  const setArm = (at: number, patch: Partial<ArmValues>) =>
    set(
      "arms",
      values.arms.map((one, index) => (index === at ? { ...one, ...patch } : one)),
    );
  const prompts = (experiment?.variants ?? []).flatMap(({ prompt }) => (prompt?.prompt == null ? [] : [prompt.prompt]));
  const backendNames = namesOfTargets((experiment?.variants ?? []).flatMap(({ tiers }) => tiers));
  return (
    <>
      <div className="field-grid">
        <TextField {...textOf(form, names, "key")} hint="Small letters, digits and -" />
        {experiment === undefined && (
          <ChooseField
            {...textOf(form, names, "routeId")}
            of="routes"
            named={values.routeId === route?.id ? route.name : undefined}
            onChange={({ id }) => set("routeId", id)}
          />
        )}
      </div>
      <LongField
        {...textOf(form, names, "hypothesis")}
        rows={2}
        hint="For whoever reads the result: what should change, by how much, and why"
      />
      {experiment?.status === "RUNNING" && <Notice tone="warn">Other arms or weights begin a new phase.</Notice>}
      {values.arms.map((arm, at) => (
        <Arm
          key={`arm ${at}`}
          at={at}
          arm={arm}
          prompts={prompts}
          names={backendNames}
          problem={(name) => problem(`variants[${at}].${name}`)}
          onChange={(patch) => setArm(at, patch)}
          onRemove={
            values.arms.length > 2
              ? () =>
                  set(
                    "arms",
                    values.arms.filter((_, index) => index !== at),
                  )
              : undefined
          }
        />
      ))}
      {problem("variants") !== undefined && <Notice tone="bad">{problem("variants")}</Notice>}
      <div>
        <Button small onClick={() => set("arms", [...values.arms, newArm(`treatment-${values.arms.length}`)])}>
          <Plus size={14} aria-hidden /> Add an arm
        </Button>
      </div>
    </>
  );
}

interface ArmProps {
  readonly at: number;
  readonly arm: ArmValues;
  /** Of the arms, as they were read. */
  readonly prompts: readonly Choice[];
  /** Of backends. */
  readonly names: ReadonlyMap<string, string>;
  readonly problem: (name: string) => string | undefined;
  readonly onChange: (patch: Partial<ArmValues>) => void;
  readonly onRemove: (() => void) | undefined;
}

function Arm({ at, arm, prompts, names, problem, onChange, onRemove }: ArmProps) {
  const [promptId = "", pointer = ""] = arm.prompt.split(" ");
  return (
    <fieldset className="stack tight">
      <legend>{at === 0 ? "Arm 1, what the others are compared with" : `Arm ${at + 1}`}</legend>
      <div className="field-grid">
        <TextField label="Name" value={arm.key} onChange={(key) => onChange({ key })} problem={problem("key")} />
        <TextField
          label="Weight"
          type="number"
          min={0}
          step="any"
          value={arm.weight}
          onChange={(weight) => onChange({ weight })}
          problem={problem("weight")}
        />
        <PromptField
          id={promptId}
          pointer={pointer}
          known={prompts}
          none="the route's own"
          onChange={({ id }, next) => onChange({ prompt: id === "" ? "" : `${id} ${next}` })}
          problem={problem("prompt")}
        />
        <Field label="Parameters (JSON)" problem={problem("parameters")}>
          {(wire) => (
            <input
              {...wire}
              className="mono"
              autoComplete="off"
              spellCheck={false}
              value={arm.parameters}
              onChange={(event) => onChange({ parameters: event.currentTarget.value })}
              placeholder='{"temperature": 0.2}'
            />
          )}
        </Field>
      </div>
      <Folded
        summary={arm.tiers.length === 0 ? "Backends: the route's own" : "Backends of its own"}
        filled={arm.tiers.length > 0}
        wrong={problem("tiers") !== undefined}
      >
        <TiersField
          legend="Backends of this arm"
          value={arm.tiers}
          onChange={(tiers) => onChange({ tiers })}
          names={names}
          problem={problem("tiers")}
        />
      </Folded>
      {onRemove !== undefined && (
        <div>
          <Button small look="plain" onClick={onRemove}>
            <Trash2 size={14} aria-hidden /> Remove this arm
          </Button>
        </div>
      )}
    </fieldset>
  );
}
