/** Starting a replay: which calls, with what, judged how. */
import { EditDialog, type Form, textOf } from "../../change/form.tsx";
import { LongField, SelectField, TextField } from "../../ui/field.tsx";
import { replayCalls } from "./changes.ts";
import type { ReplayChoices } from "./replays.tsx";

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
  /** "<prompt id> <version>"; empty: the route's own. */
  readonly prompt: string;
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
  prompt: "Prompt",
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
  readonly choices: ReplayChoices;
  /** What is tried again at first; undefined: logged calls. */
  readonly dataset: string | undefined;
  readonly onClose: (id?: string) => void;
}

export function ReplayDialog({ choices, dataset, onClose }: ReplayDialogProps) {
  return (
    <EditDialog<ReplayValues>
      title="New replay"
      description="Each case is a real call: it costs what a call costs, stands in the ledger under the tag replay, and counts in no experiment."
      start={{
        name: "",
        source: dataset ?? "",
        limit: "50",
        ofRoute: "",
        baseline: "",
        concurrency: "",
        route: "",
        prompt: "",
        backendId: "",
        variant: "",
        revision: "",
        parameters: "",
        judge: "",
        text: "",
        judgeRoute: choices.routes.edges[0]?.node.name ?? "",
      }}
      names={names}
      submit="Replay"
      done="The replay is running"
      large
      refuse={({ concurrency, limit, revision, parameters, judge, text }) =>
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
                  : undefined
      }
      save={(values) => replayCalls(inputOf(values))}
      onClose={(outcome) => onClose(outcome?.kind === "done" ? (outcome.payload as { id: string }).id : undefined)}
    >
      {(form) => <Fields form={form} choices={choices} />}
    </EditDialog>
  );
}

function Fields({ form, choices }: { readonly form: Form<ReplayValues>; readonly choices: ReplayChoices }) {
  const { values, set, problem } = form;
  const routes = choices.routes.edges.map(({ node }) => ({ value: node.name, label: node.name }));
  return (
    <>
      <div className="field-grid">
        <TextField {...textOf(form, names, "name")} hint="Optional" />
        <SelectField
          {...textOf(form, names, "source")}
          problem={problem("datasetId") ?? problem("calls")}
          choices={[
            { value: "", label: "the last ones that were kept" },
            ...choices.datasets.edges.map(({ node }) => ({ value: node.id, label: `dataset ${node.name}, ${node.casesCount} cases` })),
          ]}
        />
        {values.source === "" && (
          <>
            <TextField {...textOf(form, names, "limit", "calls.limit")} inputMode="numeric" />
            <SelectField {...textOf(form, names, "ofRoute")} choices={[{ value: "", label: "any" }, ...routes]} />
          </>
        )}
        <SelectField
          {...textOf(form, names, "baseline")}
          choices={[
            { value: "", label: values.source === "" ? "what was answered then" : "things as they are now" },
            values.source === ""
              ? { value: "RERUN", label: "things as they are now: each is called twice" }
              : { value: "LOGGED", label: "what was answered then, of cases made from calls" },
          ]}
        />
        <TextField {...textOf(form, names, "concurrency")} inputMode="numeric" hint="1 to 16; empty: 4" />
      </div>
      <fieldset className="stack tight">
        <legend>Tried with; what is left empty is as it is now</legend>
        <div className="field-grid">
          <SelectField
            {...textOf(form, names, "prompt")}
            problem={problem("candidate.version") ?? problem("candidate.promptId")}
            choices={[{ value: "", label: "the route's own" }, ...versionsOf(choices)]}
          />
          <SelectField {...textOf(form, names, "route", "candidate.route")} choices={[{ value: "", label: "the call's own" }, ...routes]} />
          <SelectField
            {...textOf(form, names, "backendId", "candidate.backendId")}
            choices={[
              { value: "", label: "the route's own" },
              ...choices.backends.edges.map(({ node }) => ({ value: node.id, label: node.key })),
            ]}
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
        {values.judge === "MODEL" && <SelectField {...textOf(form, names, "judgeRoute", "judge.route")} choices={routes} />}
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

function inputOf(values: ReplayValues): Parameters<typeof replayCalls>[0] {
  const [promptId = "", version = ""] = values.prompt.split(" ");
  const given = <Value,>(text: string, value: Value): Value | null => (text.trim() === "" ? null : value);
  return {
    name: given(values.name, values.name),
    ...(values.source === ""
      ? {
          calls: {
            filter: { hasContent: true, ...(values.ofRoute === "" ? {} : { routeName: [values.ofRoute] }) },
            limit: Number(values.limit),
          },
        }
      : { datasetId: values.source }),
    baseline: values.baseline === "" ? null : values.baseline,
    concurrency: given(values.concurrency, Number(values.concurrency)),
    candidate: {
      variant: given(values.variant, values.variant.trim()),
      route: given(values.route, values.route),
      backendId: given(values.backendId, values.backendId),
      promptId: given(promptId, promptId),
      version: given(version, Number(version)),
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

/** Of each prompt the newest ten. */
const versionsOf = (choices: ReplayChoices) =>
  choices.prompts.edges.flatMap(({ node }) => {
    const newest = Math.max(0, ...node.labels.map(({ version }) => version));
    return Array.from({ length: Math.min(newest, 10) }, (_, index) => ({
      value: `${node.id} ${newest - index}`,
      label: `${node.name}, version ${newest - index}`,
    }));
  });
