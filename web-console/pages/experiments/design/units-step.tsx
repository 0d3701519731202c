/** On whom it is tried: the unit that stays in its arm, how many take part, and which calls do at all. */
import { CheckField, LongField, SelectField, TextField } from "../../../ui/field.tsx";
import { Folded } from "../../../ui/folded.tsx";
import type { StepProps } from "./design-dialog.tsx";
import type { DesignValues, Unit } from "./design-values.ts";
import { FigureFields } from "./figure-fields.tsx";
import { designNames as names } from "./names.ts";

const unitWords: Readonly<Record<Unit, string>> = {
  END_USER: "an end user",
  SESSION: "a session",
  API_KEY: "an API key",
  REQUEST: "nobody: each call is drawn, to compare backends",
};

export function UnitsStep(props: StepProps) {
  const { values, set, problem } = props.form;
  const fallbacks = (["END_USER", "SESSION", "API_KEY"] as const).filter((unit) => unit !== values.unit);
  return (
    <>
      <div className="field-grid">
        <SelectField
          label={names.unit}
          value={values.unit}
          onChange={(unit) => set("unit", unit as Unit)}
          problem={problem("unit")}
          choices={Object.entries(unitWords).map(([value, label]) => ({ value, label }))}
        />
        <SelectField
          label={names.fallbackUnit}
          value={values.fallbackUnit}
          onChange={(unit) => set("fallbackUnit", unit as DesignValues["fallbackUnit"])}
          problem={problem("fallbackUnit")}
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

function Targeting({ form, choices }: StepProps) {
  const { values, set, problem } = form;
  const among = (name: "apiKeyIds" | "projectIds", things: readonly { readonly id: string; readonly name: string }[]) => (
    <fieldset>
      <legend>{names[name]}</legend>
      <p className="quiet">None chosen: all.</p>
      <div className="field-grid" style={{ gap: "0 1rem" }}>
        {things.map((thing) => (
          <CheckField
            key={thing.id}
            label={thing.name}
            value={values[name].includes(thing.id)}
            onChange={(on) => set(name, on ? [...values[name], thing.id] : values[name].filter((id) => id !== thing.id))}
          />
        ))}
      </div>
    </fieldset>
  );
  const narrowed =
    values.apiKeyIds.length + values.projectIds.length > 0 || `${values.tags}${values.headers}` !== "" || values.targetedShare !== "100";
  return (
    <Folded summary="Only some calls: by key, project, tag or header" filled={narrowed} wrong={problem("targeting") !== undefined}>
      <div className="stack">
        {among(
          "projectIds",
          choices.projects.edges.map(({ node }) => node),
        )}
        {among(
          "apiKeyIds",
          choices.apiKeys.edges.map(({ node }) => node),
        )}
        <div className="field-grid">
          <LongField
            label={names.tags}
            value={values.tags}
            onChange={(tags) => set("tags", tags)}
            problem={problem("targeting.tags")}
            rows={2}
            mono
            hint="A line each: plan: pro, team. All lines must hold."
          />
          <LongField
            label={names.headers}
            value={values.headers}
            onChange={(headers) => set("headers", headers)}
            problem={problem("targeting.headers")}
            rows={2}
            mono
            hint="Of the caller's request: x-app: mobile"
          />
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
  const { values, set, problem } = form;
  return (
    <Folded
      summary="Beside other experiments: namespace and holdout"
      filled={values.namespace !== "" || values.holdout !== "0"}
      wrong={problem("namespace") !== undefined || problem("holdout") !== undefined}
    >
      <div className="field-grid">
        <TextField
          label={names.namespace}
          value={values.namespace}
          onChange={(name) => set("namespace", name)}
          problem={problem("namespace")}
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

function Draw({ form: { values, set, problem }, experiment }: StepProps) {
  return (
    <div className="stack tight">
      <CheckField label={names.sticky} value={values.sticky} onChange={(sticky) => set("sticky", sticky)} />
      {problem("sticky") !== undefined && <p className="problem">{problem("sticky")}</p>}
      {experiment === undefined ? (
        <div className="field-grid">
          <TextField
            label={names.seed}
            value={values.seed}
            onChange={(seed) => set("seed", seed)}
            problem={problem("seed")}
            hint="Empty: a random one. Give it to go on with an experiment from elsewhere"
          />
          <SelectField
            label={names.hashVersion}
            value={values.hashVersion}
            onChange={(version) => set("hashVersion", version as DesignValues["hashVersion"])}
            problem={problem("hashVersion")}
            choices={[
              { value: "3", label: "Penstock's own" },
              { value: "2", label: "GrowthBook's, for experiments that began there" },
            ]}
          />
        </div>
      ) : (
        <SelectField
          label={names.drawAnew}
          value={values.drawAnew}
          onChange={(draw) => set("drawAnew", draw as DesignValues["drawAnew"])}
          problem={problem("bucketVersion")}
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
