/** Making and changing a route: every part of it. What is seldom changed is folded away. */

import { useState } from "react";
import { CaptureFields } from "../../change/capture-fields.tsx";
import { captureRefusal } from "../../change/capture-values.ts";
import { EditDialog, type Form } from "../../change/form.tsx";
import { PromptField } from "../../change/prompt-field.tsx";
import { Editor } from "../../ui/editor.tsx";
import { Field, SelectField, TextField } from "../../ui/field.tsx";
import {
  emptyRoute,
  isNoJson,
  routeNames as names,
  type RouteDetails,
  type RouteValues,
  readRouteAgain,
  routeValues,
  saveRoute,
  timeoutLabels,
  timeoutNames,
} from "./changes.ts";
import { namesOfTargets, TiersField, tiersRefusal } from "./tiers-field.tsx";

interface RouteDialogProps {
  readonly route?: RouteDetails;
  readonly onClose: (madeId?: string) => void;
}

export function RouteDialog({ route, onClose }: RouteDialogProps) {
  return (
    <EditDialog<RouteValues>
      title={route === undefined ? "New route" : `Change ${route.name}`}
      description={route === undefined ? "A route is the name that callers ask for as model." : undefined}
      start={route === undefined ? emptyRoute : routeValues(route)}
      {...(route === undefined ? {} : { revision: route.revision })}
      names={names}
      submit={route === undefined ? "Make the route" : "Publish the change"}
      done={route === undefined ? "The route is there" : "The route is changed"}
      large
      refuse={refusalOf}
      save={(values, revision) => saveRoute(route?.id, values, revision)}
      {...(route === undefined ? {} : { readAgain: () => readRouteAgain(route.id) })}
      onClose={(outcome) => onClose(outcome?.kind === "done" ? (outcome.payload as { route?: { id: string } }).route?.id : undefined)}
    >
      {(form) => <RouteFields form={form} route={route} />}
    </EditDialog>
  );
}

function refusalOf(values: RouteValues): string | undefined {
  if (values.name.trim() === "") return "Give it a name";
  if (values.tiers.every((tier) => tier.length === 0)) return "Choose a backend";
  if (isNoJson(values.parameters)) return "The default parameters are not JSON";
  if (isNoJson(values.forcedParameters)) return "The forced parameters are not JSON";
  return tiersRefusal(values.tiers) ?? captureRefusal(values.capture);
}

interface PartProps {
  readonly form: Form<RouteValues>;
  readonly route: RouteDetails | undefined;
}

function RouteFields({ form, route }: PartProps) {
  const { values, set, problem } = form;
  return (
    <>
      <div className="field-grid">
        <TextField
          label={names.name}
          value={values.name}
          onChange={(name) => set("name", name)}
          problem={problem("name")}
          hint="Callers write it as model"
        />
        <TextField
          label={names.description}
          value={values.description}
          onChange={(text) => set("description", text)}
          problem={problem("description")}
        />
      </div>
      <TiersField
        legend={names.tiers}
        value={values.tiers}
        onChange={(tiers) => set("tiers", tiers)}
        names={namesOfTargets(route?.tiers ?? [])}
        problem={problem("tiers")}
      />
      <div className="field-grid">
        <PromptFields form={form} route={route} />
        <TextField
          label={names.attemptsMax}
          type="number"
          min={0}
          max={10}
          value={String(values.attemptsMax)}
          onChange={(text) => set("attemptsMax", Number(text))}
          problem={problem("attemptsMax")}
          hint="The first and those after it has failed; 0: up to 3"
        />
        <TextField
          label={names.cacheTtlSeconds}
          type="number"
          min={0}
          max={604_800}
          value={String(values.cacheTtlSeconds)}
          onChange={(text) => set("cacheTtlSeconds", Number(text))}
          problem={problem("cacheTtlSeconds")}
          hint="Seconds, for the next call that says the same; 0: off"
        />
      </div>
      <Folded name="Time limits" filled={timeoutNames.some((name) => values.timeouts[name] !== 0)}>
        <div className="field-grid">
          {timeoutNames.map((name) => (
            <TextField
              key={name}
              label={timeoutLabels[name][0]}
              type="number"
              min={0}
              value={String(values.timeouts[name])}
              onChange={(text) => set("timeouts", { ...values.timeouts, [name]: Number(text) })}
              problem={problem(`timeouts.${name}`)}
              hint={`ms; 0: ${timeoutLabels[name][1]}`}
            />
          ))}
        </div>
      </Folded>
      <Folded
        name="Parameters: filled in, forced, left out"
        filled={values.parameters !== "" || values.forcedParameters !== "" || values.dropParameters !== ""}
      >
        <ParameterFields form={form} />
      </Folded>
      <Folded name="Saving before a budget is spent" filled={values.economyPercent !== 0}>
        <EconomyFields form={form} />
      </Folded>
      <CaptureFields
        values={values.capture}
        onChange={(capture) => set("capture", capture)}
        above="As the caller's project says"
        problem={problem("contentCapture")}
      />
    </>
  );
}

/** Open where it holds something when the dialog opens. */
function Folded({ name, filled, children }: { readonly name: string; readonly filled: boolean; readonly children: React.ReactNode }) {
  const [open] = useState(filled);
  return (
    <details open={open}>
      <summary>{name}</summary>
      <div className="stack" style={{ marginTop: "0.75rem" }}>
        {children}
      </div>
    </details>
  );
}

function PromptFields({ form: { values, set, problem }, route }: PartProps) {
  const bound = route?.prompt;
  return (
    <PromptField
      label={names.promptId}
      pointerLabel={names.promptPointer}
      id={values.promptId}
      pointer={values.promptPointer}
      known={bound?.prompt == null ? [] : [{ ...bound.prompt, id: bound.promptId }]}
      none="None: callers send all"
      onChange={({ id }, pointer) => {
        set("promptId", id);
        if (id !== "") set("promptPointer", pointer);
      }}
      problem={problem("prompt")}
    />
  );
}

function ParameterFields({ form: { values, set, problem } }: { readonly form: Form<RouteValues> }) {
  return (
    <>
      {(
        [
          ["parameters", "defaultParameters", "As in the OpenAI chat API, for example temperature; used where the caller gave none"],
          ["forcedParameters", "forcedParameters", "The same names; they hold whatever the caller gave"],
        ] as const
      ).map(([name, path, hint]) => (
        <Field key={name} label={names[name]} hint={hint} problem={problem(path)}>
          {() => <Editor label={names[name]} language="json" value={values[name]} onChange={(text) => set(name, text)} lines={3} />}
        </Field>
      ))}
      <TextField
        label={names.dropParameters}
        value={values.dropParameters}
        onChange={(text) => set("dropParameters", text)}
        problem={problem("dropParameters")}
        hint="Fields that are left out where a backend cannot take them, separated by commas, such as seed, messages.name; others are refused by name"
      />
    </>
  );
}

function EconomyFields({ form: { values, set, problem } }: { readonly form: Form<RouteValues> }) {
  return (
    <>
      <div className="field-grid">
        <TextField
          label={names.economyPercent}
          type="number"
          min={0}
          max={100}
          value={String(values.economyPercent)}
          onChange={(text) => set("economyPercent", Number(text))}
          problem={problem("economy.budgetPercent") ?? problem("economy")}
          hint="Percent, of the caller's organisation, project or key; 0: budgets change nothing"
        />
        {values.economyPercent !== 0 && (
          <SelectField
            label={names.economyTier}
            value={String(values.economyTier)}
            onChange={(text) => set("economyTier", Number(text))}
            problem={problem("economy.firstTier")}
            choices={values.tiers.slice(1).map((_, index) => ({ value: String(index + 1), label: `tier ${index + 2}` }))}
          />
        )}
      </div>
      {values.economyPercent !== 0 && values.tiers.length < 2 && (
        <p className="quiet">It needs a second tier, of cheaper backends: add one above.</p>
      )}
    </>
  );
}
