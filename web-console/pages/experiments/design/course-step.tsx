/** How it goes on: compared until somebody decides, rolled out in guarded steps, or weights that follow what is learnt; and when it ends. */

import { flagOf, textOf } from "../../../change/form.tsx";
import { CheckField, SelectField, TextField } from "../../../ui/field.tsx";
import { Notice } from "../../../ui/marks.tsx";
import type { StepProps } from "./design-dialog.tsx";
import { FigureFields } from "./figure-fields.tsx";
import { designNames as names } from "./names.ts";
import { RolloutSteps } from "./rollout-steps.tsx";

export function CourseStep(props: StepProps) {
  const { form } = props;
  const { values, problem } = form;
  const running = props.experiment?.status === "RUNNING";
  return (
    <>
      {running ? (
        <Notice>Steps and weights that move are settled while it runs. Stop it to change them.</Notice>
      ) : (
        <SelectField
          {...textOf(form, names, "course")}
          problem={problem("rollout") ?? problem("bandit")}
          choices={[
            { value: "compare", label: "the arms are compared; a person ships or rolls back, and a broken guardrail rolls back by itself" },
            { value: "rollout", label: "a guarded rollout: step by step to more units, and back by itself where it harms" },
            { value: "bandit", label: "weights follow what is learnt: more calls for the arm that does best" },
          ]}
        />
      )}
      {!running && values.course === "rollout" && <RolloutFields {...props} />}
      {!running && values.course === "bandit" && <BanditFields {...props} />}
      <TextField
        {...textOf(form, names, "endsAt")}
        type="datetime-local"
        hint="In your own time zone. It stops then by itself, and callers get the route as it is. Empty: it has no end"
      />
    </>
  );
}

function RolloutFields({ form }: StepProps) {
  const { values, set, problem } = form;
  return (
    <fieldset className="stack tight">
      <legend>{names.steps}</legend>
      <p className="quiet">
        Of all units so many get the second arm, and as many stay with the first to be compared with; so 50 % is the most. A guardrail that
        is harmed rolls it back by itself.
      </p>
      <RolloutSteps value={values.steps} onChange={(steps) => set("steps", steps)} problem={problem} />
      <SelectField
        {...textOf(form, names, "healthAction", "rollout.healthAction")}
        choices={[
          { value: "HOLD", label: "it stays at its step" },
          { value: "ROLL_BACK", label: "it is rolled back" },
          { value: "WARN", label: "it goes on, with a warning" },
        ]}
      />
      <CheckField {...flagOf(form, names, "shipAtEnd")} />
    </fieldset>
  );
}

const figures = [
  { name: "floor", path: "bandit.floor", hint: "So that none is forgotten" },
  { name: "updateMinutes", path: "bandit.updateMinutes" },
  { name: "delta", path: "bandit.delta" },
  { name: "tolerance", path: "bandit.tolerance", hint: "In the unit of the metric that decides" },
] as const;

function BanditFields({ form }: StepProps) {
  return (
    <fieldset className="stack tight">
      <legend>Weights</legend>
      <Notice>More calls go to the best arm, and by how much it is better stays less well known. Units keep the arm they have.</Notice>
      <div className="field-grid">
        <SelectField
          {...textOf(form, names, "algorithm", "bandit.algorithm")}
          choices={[
            { value: "TOP_TWO", label: "the two best, to find the best soon" },
            { value: "THOMPSON", label: "the chance of being the best, to lose least meanwhile" },
          ]}
        />
        <FigureFields form={form} of={figures} />
      </div>
      <CheckField {...flagOf(form, names, "stopWhenFound")} />
    </fieldset>
  );
}
