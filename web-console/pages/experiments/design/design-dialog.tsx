/** Designing an experiment in four steps, each with defaults that are good for most: what is tried, on whom, how it is measured, how it goes on. */
import { useEffect, useState } from "react";
import type { Choice } from "../../../change/choices.ts";
import { EditDialog, type Form } from "../../../change/form.tsx";
import { Button } from "../../../ui/button.tsx";
import { createExperiment, updateExperiment } from "../changes.ts";
import { ArmsStep } from "./arms-step.tsx";
import { CourseStep } from "./course-step.tsx";
import { designValues, type ExperimentDesign, readDesignAgain } from "./design.ts";
import { changedExperimentInput, type DesignValues, designProblem, newDesign, newExperimentInput } from "./design-values.ts";
import { MeasuresStep } from "./measures-step.tsx";
import { designNames } from "./names.ts";
import { UnitsStep } from "./units-step.tsx";

interface DesignDialogProps {
  /** Undefined: a new one. */
  readonly experiment?: ExperimentDesign;
  /** What a new one is on at first. */
  readonly route?: Choice | undefined;
  readonly onClose: (madeId?: string) => void;
}

export function DesignDialog({ experiment, route, onClose }: DesignDialogProps) {
  const running = experiment?.status === "RUNNING";
  const close = () => onClose();
  const fields = (form: Form<DesignValues>) => <Steps form={form} route={route} experiment={experiment} />;
  if (experiment === undefined)
    return (
      <EditDialog<DesignValues>
        title="New experiment"
        description="It is made as a draft and does nothing until it is started."
        start={newDesign(route?.id ?? "")}
        names={designNames}
        submit="Make the draft"
        done="The experiment is there, as a draft"
        large
        refuse={designProblem}
        save={(values) => createExperiment(newExperimentInput(values))}
        onClose={(outcome) =>
          onClose(outcome?.kind === "done" ? (outcome.payload as { experiment: { id: string } }).experiment.id : undefined)
        }
      >
        {fields}
      </EditDialog>
    );
  return (
    <EditDialog<DesignValues>
      title={`Change ${experiment.key}`}
      description={
        running
          ? "It is running. Who takes part may be changed; other units or arms begin a new phase, whose numbers stand apart from those before."
          : undefined
      }
      start={designValues(experiment)}
      revision={experiment.revision}
      names={designNames}
      submit="Publish the change"
      done="The experiment is changed"
      large
      refuse={designProblem}
      save={(values, expectedRevision) =>
        updateExperiment({ ...changedExperimentInput(values, running), id: experiment.id, expectedRevision })
      }
      readAgain={() => readDesignAgain(experiment.id)}
      onClose={close}
    >
      {fields}
    </EditDialog>
  );
}

export interface StepProps {
  readonly form: Form<DesignValues>;
  readonly route: Choice | undefined;
  readonly experiment: ExperimentDesign | undefined;
}

/** Each step, and the paths of the input whose problems are to be mended there. */
const steps = [
  { name: "What is tried", of: ArmsStep, paths: ["key", "hypothesis", "routeId", "variants"] },
  {
    name: "On whom",
    of: UnitsStep,
    paths: ["unit", "fallbackUnit", "coverage", "targeting", "namespace", "holdout", "sticky", "seed", "hashVersion"],
  },
  { name: "How it is measured", of: MeasuresStep, paths: ["analysis"] },
  { name: "How it goes on", of: CourseStep, paths: ["rollout", "bandit", "endsAt"] },
] as const;

function Steps(props: StepProps) {
  const [at, setAt] = useState(0);
  const wrongs = steps.map(({ paths }) => paths.some((path) => props.form.problem(path) !== undefined));
  const firstWrong = wrongs[at] === true ? at : wrongs.indexOf(true);
  useEffect(() => {
    if (firstWrong >= 0) setAt(firstWrong);
  }, [firstWrong]);
  const step = steps[at] ?? steps[0];
  const Step = step.of;
  return (
    <>
      <nav className="tabs" aria-label="Steps of the design">
        {steps.map(({ name }, index) => (
          <button key={name} type="button" aria-current={index === at ? "step" : undefined} onClick={() => setAt(index)}>
            {index + 1}. {name}
            {wrongs[index] && " (something is wrong here)"}
          </button>
        ))}
      </nav>
      <Step {...props} />
      <div className="row">
        {at > 0 && (
          <Button small onClick={() => setAt(at - 1)}>
            Back
          </Button>
        )}
        {at < steps.length - 1 && (
          <Button small onClick={() => setAt(at + 1)}>
            Next: {steps[at + 1]?.name.toLowerCase()}
          </Button>
        )}
      </div>
    </>
  );
}
