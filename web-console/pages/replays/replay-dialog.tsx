/** Starting a replay: which calls, with what, judged how. */
import type { Choice } from "../../change/choices.ts";
import { ChooseField } from "../../change/choose-field.tsx";
import { EditDialog, type Form, textOf } from "../../change/form.tsx";
import { PromptField } from "../../change/prompt-field.tsx";
import { RouteNameField } from "../../change/route-name-field.tsx";
import { LongField, SelectField, TextField } from "../../ui/field.tsx";
import { replayCalls } from "./changes.ts";

interface ReplayValues extends Readonly<Record<string, unknown>> {
  readonly name: string;
  /** "" the last logged calls, else a dataset's id. */
  readonly source: string;
  readonly limit: string;
  /** Of logged calls: those of this route; empty: of any. */
  readonly ofRoute: string;
  readonly baseline: "" | "LOGGED" | "RERUN";
  /** Calls at once; empty: the default. */
  readonly concurrency: string;
  readonly route: string;
  /** Empty: the route's own. */
  readonly promptId: string;
  /** "@" and a version. */
  readonly promptPointer: string;
  readonly backendId: string;
  /** Of the experiment that runs on the route. */
  readonly variant: string;
  readonly revision: string;
  readonly parameters: string;
  readonly judge: "" | "EXACT" | "CONTAINS" | "JSON_SCHEMA" | "MODEL";
  readonly text: string;
  readonly judgeRoute: string;
}

const names = {
  name: "Name",
  source: "Which calls",
  limit: "At most",
  ofRoute: "Of route",
  baseline: "Compared with",
  concurrency: "Calls at once",
  route: "On route",
  promptId: "Prompt",
  promptPointer: "Version",
  backendId: "Backend",
  variant: "Arm of the running experiment",
  revision: "As of revision",
  parameters: "Parameters (JSON)",
  judge: "Judged by",
  text: "What is looked for",
  judgeRoute: "Route that judges",
} as const;

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

interface ReplayDialogProps {
  /** What is tried again at first; undefined: logged calls. */
  readonly dataset: Choice | undefined;
  /** One logged call, in the place of all those. */
  readonly callId: string | undefined;
  readonly onClose: (id?: string) => void;
}

export function ReplayDialog({ dataset, callId, onClose }: ReplayDialogProps) {
  return (
    <EditDialog<ReplayValues>
      title={callId === undefined ? "New replay" : "Replay one call"}
      description="Each case is a real call: it costs what a call costs, stands in the ledger under the tag replay, and counts in no experiment."
      start={{
        name: "",
        source: dataset?.id ?? "",
        limit: "50",
        ofRoute: "",
        baseline: "",
        concurrency: "",
        route: "",
        promptId: "",
        promptPointer: "",
        backendId: "",
        variant: "",
        revision: "",
        parameters: "",
        judge: "",
        text: "",
        judgeRoute: "",
      }}
      names={names}
      submit="Replay"
      done="The replay is running"
      large
      refuse={({ concurrency, limit, revision, parameters, judge, judgeRoute, text }) =>
        !/^\d+$/.test(limit)
          ? "How many calls, at most?"
          : !/^\d*$/.test(concurrency)
            ? "Calls at once is a number"
            : !/^\d*$/.test(revision)
              ? "A revision is a number"
              : parameters.trim() !== "" && !isJson(parameters)
                ? "Parameters are JSON"
                : judge === "JSON_SCHEMA" && !isJson(text)
                  ? "The schema is JSON"
                  : judge === "MODEL" && judgeRoute === ""
                    ? "Choose the route that judges"
                    : undefined
      }
      save={(values) => replayCalls(inputOf(values, callId))}
      onClose={(outcome) => onClose(outcome?.kind === "done" ? (outcome.payload as { id: string }).id : undefined)}
    >
      {(form) => <Fields form={form} dataset={dataset} callId={callId} />}
    </EditDialog>
  );
}

interface FieldsProps extends Pick<ReplayDialogProps, "dataset" | "callId"> {
  readonly form: Form<ReplayValues>;
}

function Fields({ form, dataset, callId }: FieldsProps) {
  const { values, set, problem } = form;
  return (
    <>
      <div className="field-grid">
        <TextField {...textOf(form, names, "name")} hint="Optional" />
        {callId === undefined ? (
          <ChooseField
            {...textOf(form, names, "source")}
            of="datasets"
            named={values.source === dataset?.id ? dataset.name : undefined}
            none="the last ones kept"
            hint="These, or a dataset's cases"
            onChange={({ id }) => set("source", id)}
            problem={problem("datasetId") ?? problem("calls")}
          />
        ) : (
          <TextField label="The call" value={callId} onChange={() => {}} readOnly problem={problem("calls")} />
        )}
        {callId === undefined && values.source === "" && (
          <>
            <TextField {...textOf(form, names, "limit", "calls.limit")} inputMode="numeric" />
            <RouteNameField {...textOf(form, names, "ofRoute")} none="any" />
          </>
        )}
        <SelectField
          {...textOf(form, names, "baseline")}
          hint={values.source === "" ? "As now: each is called twice" : "Then: of cases made from calls"}
          choices={[
            { value: "", label: values.source === "" ? "the answer then" : "things as now" },
            values.source === "" ? { value: "RERUN", label: "things as now" } : { value: "LOGGED", label: "the answer then" },
          ]}
        />
        <TextField {...textOf(form, names, "concurrency")} inputMode="numeric" hint="1 to 16; empty: 4" />
      </div>
      <fieldset className="stack tight">
        <legend>Tried with; what is left empty is as it is now</legend>
        <div className="field-grid">
          <PromptField
            label={names.promptId}
            pointerLabel={names.promptPointer}
            id={values.promptId}
            pointer={values.promptPointer}
            none="the route's own"
            fixed
            onChange={({ id }, pointer) => {
              set("promptId", id);
              set("promptPointer", pointer);
            }}
            problem={problem("candidate.version") ?? problem("candidate.promptId")}
          />
          <RouteNameField {...textOf(form, names, "route", "candidate.route")} none="the call's own" />
          <ChooseField
            {...textOf(form, names, "backendId", "candidate.backendId")}
            of="backends"
            none="the route's own"
            onChange={({ id }) => set("backendId", id)}
          />
          <TextField {...textOf(form, names, "variant", "candidate.variant")} />
          <TextField {...textOf(form, names, "revision", "candidate.revision")} inputMode="numeric" />
          <TextField {...textOf(form, names, "parameters", "candidate.parameters")} placeholder='{"temperature": 0}' />
        </div>
      </fieldset>
      <div className="field-grid">
        <SelectField
          {...textOf(form, names, "judge")}
          choices={[
            { value: "", label: "nobody: only compared" },
            { value: "EXACT", label: "being the same" },
            { value: "CONTAINS", label: "containing a text" },
            { value: "JSON_SCHEMA", label: "a JSON schema" },
            { value: "MODEL", label: "a model" },
          ]}
        />
        {values.judge === "MODEL" && <RouteNameField {...textOf(form, names, "judgeRoute", "judge.route")} />}
      </div>
      {["CONTAINS", "JSON_SCHEMA", "MODEL"].includes(values.judge) && (
        <LongField
          label={values.judge === "MODEL" ? "What a good answer is" : values.judge === "JSON_SCHEMA" ? "The schema" : names.text}
          value={values.text}
          onChange={(text) => set("text", text)}
          rows={3}
          mono={values.judge === "JSON_SCHEMA"}
          problem={problem("judge.text") ?? problem("judge.schema") ?? problem("judge.criteria")}
        />
      )}
    </>
  );
}

const callsOf = ({ ofRoute, limit }: ReplayValues, callId: string | undefined) =>
  callId === undefined
    ? { filter: { hasContent: true, ...(ofRoute === "" ? {} : { routeName: [ofRoute] }) }, limit: Number(limit) }
    : { callIds: [callId] };

function inputOf(values: ReplayValues, callId: string | undefined): Parameters<typeof replayCalls>[0] {
  const given = <Value,>(text: string, value: Value): Value | null => (text.trim() === "" ? null : value);
  return {
    name: given(values.name, values.name),
    ...(values.source === "" ? { calls: callsOf(values, callId) } : { datasetId: values.source }),
    baseline: values.baseline === "" ? null : values.baseline,
    concurrency: given(values.concurrency, Number(values.concurrency)),
    candidate: {
      variant: given(values.variant, values.variant.trim()),
      route: given(values.route, values.route),
      backendId: given(values.backendId, values.backendId),
      promptId: given(values.promptId, values.promptId),
      version: given(values.promptPointer, Number(values.promptPointer.slice(1))),
      revision: given(values.revision, values.revision),
      parameters: values.parameters.trim() === "" ? null : JSON.parse(values.parameters),
    },
    judge:
      values.judge === ""
        ? null
        : {
            kind: values.judge,
            text: values.judge === "CONTAINS" ? given(values.text, values.text) : null,
            schema: values.judge === "JSON_SCHEMA" ? JSON.parse(values.text) : null,
            criteria: values.judge === "MODEL" ? values.text : null,
            route: values.judge === "MODEL" ? values.judgeRoute : null,
          },
  };
}
