/** How it is measured: what decides, what must not get worse, how sure one wants to be, and how many units that takes. */
import { Plus, Trash2 } from "lucide-react";
import { flagOf, textOf } from "../../../change/form.tsx";
import { Button } from "../../../ui/button.tsx";
import { CheckField, SelectField, TextField } from "../../../ui/field.tsx";
import { Notice } from "../../../ui/marks.tsx";
import type { StepProps } from "./design-dialog.tsx";
import { type MetricValues, newMetric, type Role } from "./design-values.ts";
import { FigureFields } from "./figure-fields.tsx";
import { type MetricName, marginUnits, metricWords } from "./metric-words.ts";
import { designNames as names } from "./names.ts";
import { Power } from "./power.tsx";

const roleWords: Readonly<Record<Role, string>> = {
  GOAL: "decides",
  GUARDRAIL: "must not get worse: rolls back",
  SIGNAL: "must not get worse: pauses a rollout",
  SECONDARY: "is shown",
};

export function MeasuresStep(props: StepProps) {
  const { form } = props;
  const { values, set, problem } = form;
  if (props.experiment?.status === "RUNNING") return <Notice>What is measured is settled while it runs. Stop it to change this.</Notice>;
  const setMetric = (at: number, patch: Partial<MetricValues>) =>
    set(
      "metrics",
      values.metrics.map((one, index) => (index === at ? { ...one, ...patch } : one)),
    );
  return (
    <>
      <fieldset className="stack tight">
        <legend>{names.metrics}</legend>
        {values.metrics.map((metric, at) => (
          <Metric
            key={`metric ${at}`}
            metric={metric}
            problem={(name) => problem(`analysis.metrics[${at}].${name}`)}
            onChange={(patch) => setMetric(at, patch)}
            onRemove={() =>
              set(
                "metrics",
                values.metrics.filter((_, index) => index !== at),
              )
            }
          />
        ))}
        {values.metrics.every(({ role }) => role !== "GOAL") && <Notice tone="warn">Without one that decides there is no verdict.</Notice>}
        <div>
          <Button small onClick={() => set("metrics", [...values.metrics, newMetric("FEEDBACK", "SECONDARY")])}>
            <Plus size={14} aria-hidden /> Add a metric
          </Button>
        </div>
      </fieldset>
      <div className="field-grid">
        <FigureFields form={props.form} of={aims} />
      </div>
      <Power values={values} />
      <details open={problem("analysis") !== undefined}>
        <summary>How the numbers are judged</summary>
        <Judging {...props} />
      </details>
    </>
  );
}

interface MetricProps {
  readonly metric: MetricValues;
  readonly problem: (name: string) => string | undefined;
  readonly onChange: (patch: Partial<MetricValues>) => void;
  readonly onRemove: () => void;
}

function Metric({ metric, problem, onChange, onRemove }: MetricProps) {
  const { name, unit, decides } = metricWords[metric.metric];
  const held = metric.role === "GUARDRAIL" || metric.role === "SIGNAL";
  return (
    <div className="row">
      <div className="wide field-grid">
        <SelectField
          label="Metric"
          value={metric.metric}
          onChange={(next) =>
            onChange({ metric: next as MetricName, ...(metricWords[next as MetricName].decides ? {} : { role: "SECONDARY" }) })
          }
          problem={problem("metric")}
          choices={Object.entries(metricWords).map(([value, words]) => ({ value, label: words.name }))}
        />
        <SelectField
          label="It"
          value={metric.role}
          onChange={(role) => onChange({ role: role as Role })}
          problem={problem("role")}
          choices={Object.entries(roleWords).map(([value, label]) => ({ value, label, disabled: !decides && value !== "SECONDARY" }))}
        />
        {held && (
          <TextField
            label={`Margin, ${marginUnits[unit]}`}
            value={metric.margin}
            onChange={(margin) => onChange({ margin })}
            problem={problem("margin")}
          />
        )}
        {metric.metric === "FEEDBACK" && (
          <>
            <TextField
              label="Feedback's name"
              value={metric.feedback}
              onChange={(feedback) => onChange({ feedback })}
              problem={problem("feedback")}
              hint="As callers send it, such as helpful"
            />
            <TextField
              label="Category"
              value={metric.category}
              onChange={(category) => onChange({ category })}
              problem={problem("category")}
              hint="Of feedback by category: the one whose share is measured"
            />
            <TextField
              label="Hours until it counts"
              type="number"
              min={0}
              step="any"
              value={metric.windowHours}
              onChange={(windowHours) => onChange({ windowHours })}
              problem={problem("windowHours")}
              hint="Feedback needs time: younger units are left out"
            />
          </>
        )}
      </div>
      <Button look="plain" icon aria-label={`Take out ${name}`} onClick={onRemove}>
        <Trash2 size={16} aria-hidden />
      </Button>
    </div>
  );
}

const aims = [
  { name: "targetEffect", path: "analysis.targetEffect", hint: "Of control's value" },
  { name: "latencyObjectiveMs", path: "analysis.latencyObjectiveMs", hint: "For a first token or a whole call: slower ones are over it" },
] as const;
const figures = [
  { name: "alpha", path: "analysis.alpha", hint: "Over all looks" },
  { name: "unitsPlanned", path: "analysis.unitsPlanned", hint: "When a decision is expected, of two arms together" },
  { name: "unitsMin", path: "analysis.unitsMin", hint: "Before that no verdict" },
  { name: "daysMin", path: "analysis.daysMin", hint: "Before that none is shipped" },
  { name: "winsoriseAt", path: "analysis.winsoriseAt", hint: "Of time and money; 100: as they are" },
] as const;

function Judging({ form }: StepProps) {
  const { values } = form;
  return (
    <div className="stack tight">
      <div className="field-grid">
        <SelectField
          {...textOf(form, names, "control", "analysis.control")}
          choices={[{ value: "", label: "the first arm" }, ...values.arms.map(({ key }) => ({ value: key, label: key }))]}
        />
        <SelectField
          {...textOf(form, names, "correction", "analysis.correction")}
          choices={[
            { value: "HOLM", label: "corrected, no false find at all (Holm)" },
            { value: "BENJAMINI_HOCHBERG", label: "corrected, few false finds (Benjamini-Hochberg)" },
            { value: "NONE", label: "not corrected" },
          ]}
        />
        <FigureFields form={form} of={figures} />
        <TextField {...textOf(form, names, "healthTag", "analysis.healthTag")} hint="Beside nodes and edges; empty: none" />
      </div>
      <CheckField {...flagOf(form, names, "cuped")} />
      <CheckField {...flagOf(form, names, "preExposureCheck")} />
    </div>
  );
}
