/** Starting an experiment: whom it reaches, what it does to them, and when it may be decided. */
import { EditDialog } from "../../change/form.tsx";
import { counted, percent } from "../../format/numbers.ts";
import { CheckField } from "../../ui/field.tsx";
import { Facts, Notice } from "../../ui/marks.tsx";
import { changesOf } from "./arms.tsx";
import { startExperiment } from "./changes.ts";
import { designValues } from "./design/design.ts";
import { Power } from "./design/power.tsx";
import type { Experiment } from "./experiment-query.ts";
import { areAlike, callsAnHour, shareAtStart } from "./reach.ts";

export function StartDialog({ experiment, onClose }: { readonly experiment: Experiment; readonly onClose: () => void }) {
  const { analysis, variants, route } = experiment;
  const alike = areAlike(variants);
  const all = variants.reduce((sum, { weight }) => sum + weight, 0);
  return (
    <EditDialog<{ aaTest: boolean }>
      title={`Start ${experiment.key}`}
      description="From the moment a node has it, calls are drawn into the arms. It can be stopped or rolled back at any time."
      start={{ aaTest: false }}
      names={{ aaTest: "A/A test" }}
      submit="Start it"
      done="The experiment is running"
      large
      refuse={({ aaTest }) =>
        alike && !aaTest ? "The arms are alike, so there is nothing to find: change one, or say that it is an A/A test" : undefined
      }
      save={({ aaTest }) => startExperiment(experiment.id, experiment.revision, aaTest)}
      onClose={onClose}
    >
      {({ values, set, problem }) => (
        <>
          <Facts
            of={[
              [`Route ${route?.name ?? ""}`, callsAnHour(route)],
              ["Takes part", `${shareAtStart(experiment)}${experiment.targeting === null ? "" : " of those it is for"}`],
              ...variants.map((arm) => [`${arm.key}, ${percent(arm.weight / all)}`, changesOf(arm)] as const),
              ["Decided", `not before ${counted(analysis.unitsMin, "unit")} in each arm and ${counted(analysis.daysMin, "day")}`],
            ]}
          />
          {alike && (
            <>
              <Notice tone="warn">All arms do the same.</Notice>
              <CheckField
                label="This is an A/A test: it is to show that nothing is found where nothing is"
                value={values.aaTest}
                onChange={(aaTest) => set("aaTest", aaTest)}
              />
            </>
          )}
          {problem("variants") !== undefined && <Notice tone="bad">The arms {problem("variants")}.</Notice>}
          <Power values={designValues(experiment)} />
        </>
      )}
    </EditDialog>
  );
}
