/** Making an alert rule, from nothing or from a chart, and changing one: what it looks at, when it tells, and whom. */
import { Link } from "@tanstack/react-router";
import { useQuery } from "urql";
import { ChooseField } from "../../../change/choose-field.tsx";
import { EditDialog, type Form, textOf } from "../../../change/form.tsx";
import { CheckField, SelectField, TextField } from "../../../ui/field.tsx";
import { type RuleDetails, readRuleAgain, saveRule } from "./changes.ts";
import { type MetricName, metricNames, metrics, typedThreshold, unitWords, windows, windowWords } from "./metrics.ts";
import { previewQuery, RulePreview } from "./preview.tsx";
import {
  type Asked,
  conditionOf,
  inputOf,
  newRule,
  type RuleValues,
  refusalOf,
  ruleValues,
  thresholdFault,
  withMetric,
} from "./rule-values.ts";

export interface Tellable {
  readonly webhooks: readonly { readonly id: string; readonly name: string; readonly enabled: boolean }[];
  /** Null: e-mail is not set up. */
  readonly emailSender: string | null;
}

const names = {
  name: "Name",
  metric: "What",
  projectId: "Project",
  apiKeyId: "Key",
  routeId: "Route",
  backendId: "Backend",
  comparison: "Tell when it is",
  threshold: "Threshold",
  windowMinutes: "Over the last",
  callsMin: "Calls, at least",
  holdMinutes: "Minutes, at least",
  webhookIds: "Webhooks",
  emails: "E-mail",
} as const;

interface NewRuleProps extends Tellable {
  readonly asked: Asked;
  readonly onClose: () => void;
}

/** Opens when the last week was read, with a threshold that its usual stays clear of. */
export function NewRule({ asked, onClose, ...tellable }: NewRuleProps) {
  const start = newRule(
    asked,
    tellable.webhooks.filter(({ enabled }) => enabled).map(({ id }) => id),
  );
  const [{ data, fetching }] = useQuery({ query: previewQuery, variables: { input: { ...conditionOf(start), span: "WEEK" } } });
  if (fetching && data === undefined) return null;
  const preview = data?.previewAlertRule;
  const { name, unit } = metrics[start.metric];
  const proposed = typedThreshold(preview !== undefined && "points" in preview ? preview.proposedThreshold : null, unit);
  return (
    <EditDialog<RuleValues>
      title={asked.metric === undefined ? "New alert rule" : `New alert rule: ${name.toLowerCase()}`}
      description="It tells once when the threshold is passed, and once when that is over."
      start={{ ...start, threshold: proposed }}
      names={names}
      submit="Make the rule"
      done="The rule is there; it is looked at within some seconds"
      large
      refuse={refusalOf}
      save={(values) => saveRule(undefined, inputOf(values), 0)}
      onClose={onClose}
    >
      {(form) => <Fields form={form} proposed={proposed} {...tellable} />}
    </EditDialog>
  );
}

interface ChangeRuleProps extends Tellable {
  readonly rule: RuleDetails;
  readonly onClose: () => void;
}

export const ChangeRule = ({ rule, onClose, ...tellable }: ChangeRuleProps) => (
  <EditDialog<RuleValues>
    title={`Change ${rule.name}`}
    start={ruleValues(rule)}
    revision={rule.revision}
    readAgain={async () => {
      const now = await readRuleAgain(rule.id);
      return now && { values: ruleValues(now), revision: now.revision };
    }}
    names={names}
    submit="Save"
    done="The rule is changed"
    large
    refuse={refusalOf}
    save={(values, revision) => saveRule(rule.id, inputOf(values), revision)}
    onClose={onClose}
  >
    {(form) => <Fields form={form} {...tellable} />}
  </EditDialog>
);

interface FieldsProps extends Tellable {
  readonly form: Form<RuleValues>;
  readonly proposed?: string;
}

function Fields({ form, proposed, ...tellable }: FieldsProps) {
  const { values, set } = form;
  const setAll = (some: Partial<RuleValues>) => {
    for (const [name, value] of Object.entries(some)) set(name, value);
  };
  return (
    <>
      <TextField {...textOf(form, names, "name")} hint="Those who are told read it: Checkout is slow." />
      <SelectField
        {...textOf(form, names, "metric")}
        onChange={(metric) => setAll(withMetric(values, metric as MetricName))}
        choices={metricNames.map((value) => ({ value, label: metrics[value].name }))}
      />
      <Which form={form} />
      <Condition form={form} />
      <RulePreview values={values} proposed={proposed} onThreshold={(threshold) => set("threshold", threshold)} />
      <WhoIsTold form={form} {...tellable} />
    </>
  );
}

/** By project, key and route, or by project and backend: so sums are kept to the minute. */
function Which({ form: { values, set, problem } }: { readonly form: Form<RuleValues> }) {
  const byRoute = metrics[values.metric].byRoute && values.backendId === "";
  const byBackend = values.routeId === "" && values.apiKeyId === "";
  const field = (name: "projectId" | "routeId" | "apiKeyId" | "backendId", of: "projects" | "routes" | "apiKeys" | "backends") => (
    <ChooseField
      label={names[name]}
      of={of}
      value={values[name]}
      none="any"
      onChange={({ id }) => set(name, id)}
      problem={problem(`filter.${name}`)}
    />
  );
  return (
    <div className="field-grid">
      {field("projectId", "projects")}
      {byRoute && field("routeId", "routes")}
      {byRoute && field("apiKeyId", "apiKeys")}
      {byBackend && field("backendId", "backends")}
    </div>
  );
}

function Condition({ form }: { readonly form: Form<RuleValues> }) {
  const { values } = form;
  const known = Object.keys(windows).includes(values.windowMinutes) ? [] : [values.windowMinutes];
  return (
    <>
      <div className="field-grid">
        <SelectField
          {...textOf(form, names, "comparison")}
          choices={[
            { value: "ABOVE", label: "above" },
            { value: "BELOW", label: "below" },
          ]}
        />
        <TextField
          {...textOf(form, names, "threshold")}
          label={`Threshold, ${unitWords[metrics[values.metric].unit]}`}
          inputMode="decimal"
          problem={thresholdFault(values) ?? form.problem("threshold")}
        />
        <SelectField
          {...textOf(form, names, "windowMinutes")}
          choices={[...Object.keys(windows), ...known].map((value) => ({ value, label: windowWords(Number(value)) }))}
        />
      </div>
      <div className="field-grid">
        <TextField {...textOf(form, names, "holdMinutes")} inputMode="numeric" hint="How long it must last. 0: told at once." />
        <TextField {...textOf(form, names, "callsMin")} inputMode="numeric" hint="With fewer in that time it says nothing." />
      </div>
    </>
  );
}

function WhoIsTold({ form, webhooks, emailSender }: Tellable & { readonly form: Form<RuleValues> }) {
  const { values, set, problem } = form;
  const toggle = (id: string, on: boolean) =>
    set("webhookIds", on ? [...values.webhookIds, id] : values.webhookIds.filter((one) => one !== id));
  return (
    <>
      <fieldset>
        <legend>Who is told, besides everybody here</legend>
        {webhooks.map(({ id, name, enabled }) => (
          <CheckField
            key={id}
            label={enabled ? name : `${name} (off)`}
            value={values.webhookIds.includes(id)}
            onChange={(on) => toggle(id, on)}
          />
        ))}
        {webhooks.length === 0 && (
          <p className="quiet">
            There is no webhook yet.{" "}
            <Link to="/alerts" search={{ tab: "webhooks", make: true }}>
              Make one
            </Link>
          </p>
        )}
        {problem("webhookIds") !== undefined && (
          <span className="problem" role="alert">
            {problem("webhookIds")}
          </span>
        )}
      </fieldset>
      <TextField
        {...textOf(form, names, "emails")}
        label="E-mail addresses"
        disabled={emailSender === null && values.emails === ""}
        hint={
          emailSender === null
            ? "E-mail is not set up. Whoever runs the control plane sets PENSTOCK_SMTP_URL and PENSTOCK_SMTP_FROM."
            : `With commas between them. It comes from ${emailSender}.`
        }
      />
    </>
  );
}
