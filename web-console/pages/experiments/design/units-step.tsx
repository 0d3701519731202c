/** On whom it is tried: the unit that stays in its arm, how many take part, and which calls do at all. */

import { ChooseMany } from "../../../change/choose-many.tsx";
import { flagOf, textOf } from "../../../change/form.tsx";
import { CheckField, LongField, SelectField, TextField } from "../../../ui/field.tsx";
import { Folded } from "../../../ui/folded.tsx";
import type { StepProps } from "./design-dialog.tsx";
import type { Unit } from "./design-values.ts";
import { FigureFields } from "./figure-fields.tsx";
import { designNames as names } from "./names.ts";

const unitWords: Readonly<Record<Unit, string>> = {
  END_USER: "an end user",
  SESSION: "a session",
  API_KEY: "an API key",
  REQUEST: "nobody: each call is drawn, to compare backends",
};

export function UnitsStep(props: StepProps) {
  const { form } = props;
  const { values } = form;
  const fallbacks = (["END_USER", "SESSION", "API_KEY"] as const).filter((unit) => unit !== values.unit);
  return (
    <>
      <div className="field-grid">
        <SelectField {...textOf(form, names, "unit")} choices={Object.entries(unitWords).map(([value, label]) => ({ value, label }))} />
        <SelectField
          {...textOf(form, names, "fallbackUnit")}
          choices={[
            { value: "", label: "take no part" },
            ...(values.unit === "REQUEST" ? [] : fallbacks.map((unit) => ({ value: unit, label: `are drawn by ${unitWords[unit]}` }))),
          ]}
        />
        <FigureFields form={props.form} of={[{ name: "coverage", path: "coverage", max: 100, hint: "Raising it later moves nobody" }]} />
      </div>
      <Targeting {...props} />
      <Neighbours {...props} />
      <details>
        <summary>How units are drawn</summary>
        <Draw {...props} />
      </details>
    </>
  );
}

const among = [
  { name: "projectIds", of: "projects", add: "Add a project" },
  { name: "apiKeyIds", of: "apiKeys", add: "Add an API key" },
] as const;

function Targeting({ form, experiment }: StepProps) {
  const { values, set, problem } = form;
  const read = experiment?.targeting;
  const narrowed =
    values.apiKeyIds.length + values.projectIds.length > 0 || `${values.tags}${values.headers}` !== "" || values.targetedShare !== "100";
  return (
    <Folded summary="Only some calls: by key, project, tag or header" filled={narrowed} wrong={problem("targeting") !== undefined}>
      <div className="stack">
        {among.map(({ name, of, add }) => (
          <ChooseMany
            key={name}
            legend={names[name]}
            add={add}
            of={of}
            ids={values[name]}
            known={(read?.[of] ?? []).filter((one) => one !== null)}
            none="None chosen: all."
            onChange={(ids) => set(name, ids)}
            problem={problem(`targeting.${name}`)}
          />
        ))}
        <div className="field-grid">
          <LongField
            {...textOf(form, names, "tags", "targeting.tags")}
            rows={2}
            mono
            hint="A line each: plan: pro, team. All lines must hold."
          />
          <LongField {...textOf(form, names, "headers", "targeting.headers")} rows={2} mono hint="Of the caller's request: x-app: mobile" />
          <FigureFields
            form={form}
            of={[{ name: "targetedShare", path: "targeting.share", max: 100, hint: "Drawn apart from who takes part" }]}
          />
        </div>
      </div>
    </Folded>
  );
}

const range = [
  { name: "namespaceFrom", path: "namespace.start", max: 100 },
  { name: "namespaceTo", path: "namespace.end", max: 100 },
] as const;

function Neighbours({ form }: StepProps) {
  const { values, problem } = form;
  return (
    <Folded
      summary="Beside other experiments: namespace and holdout"
      filled={values.namespace !== "" || values.holdout !== "0"}
      wrong={problem("namespace") !== undefined || problem("holdout") !== undefined}
    >
      <div className="field-grid">
        <TextField
          {...textOf(form, names, "namespace")}
          hint="Experiments of one namespace share no unit: each owns a range of it. Empty: none"
        />
        {values.namespace !== "" && <FigureFields form={form} of={range} />}
        <FigureFields
          form={form}
          of={[
            {
              name: "holdout",
              path: "holdout",
              max: 50,
              hint: "They see no arm of any experiment of the namespace, or of all where there is none",
            },
          ]}
        />
      </div>
    </Folded>
  );
}

function Draw({ form, experiment }: StepProps) {
  const { problem } = form;
  return (
    <div className="stack tight">
      <CheckField {...flagOf(form, names, "sticky")} />
      {problem("sticky") !== undefined && <p className="problem">{problem("sticky")}</p>}
      {experiment === undefined ? (
        <div className="field-grid">
          <TextField {...textOf(form, names, "seed")} hint="Empty: a random one. Give it to go on with an experiment from elsewhere" />
          <SelectField
            {...textOf(form, names, "hashVersion")}
            choices={[
              { value: "3", label: "Penstock's own" },
              { value: "2", label: "GrowthBook's, for experiments that began there" },
            ]}
          />
        </div>
      ) : (
        <SelectField
          {...textOf(form, names, "drawAnew", "bucketVersion")}
          choices={[
            { value: "", label: "stay in it" },
            { value: "all", label: "are drawn anew" },
            { value: "newcomers", label: "take no part any more; newcomers are drawn" },
          ]}
        />
      )}
    </div>
  );
}
