/** Starting a replay: which calls, with what, judged how. */
import { EditDialog } from "../../change/form.tsx";
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
  const routes = choices.routes.edges.map(({ node }) => node);
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
        judgeRoute: routes[0]?.name ?? "",
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
      {({ values, set, problem }) => (
        <>
          <div className="field-grid">
            <TextField
              label={names.name}
              value={values.name}
              onChange={(name) => set("name", name)}
              problem={problem("name")}
              hint="Optional"
            />
            <SelectField
              label={names.source}
              value={values.source}
              onChange={(source) => set("source", source)}
              problem={problem("datasetId") ?? problem("calls")}
              choices={[
                { value: "", label: "the last ones that were kept" },
                ...choices.datasets.edges.map(({ node }) => ({ value: node.id, label: `dataset ${node.name}, ${node.casesCount} cases` })),
              ]}
            />
            {values.source === "" && (
              <>
                <TextField
                  label={names.limit}
                  inputMode="numeric"
                  value={values.limit}
                  onChange={(limit) => set("limit", limit)}
                  problem={problem("calls.limit")}
                />
                <SelectField
                  label={names.ofRoute}
                  value={values.ofRoute}
                  onChange={(route) => set("ofRoute", route)}
                  choices={[{ value: "", label: "any" }, ...routes.map(({ name }) => ({ value: name, label: name }))]}
                />
              </>
            )}
            <SelectField
              label={names.baseline}
              value={values.baseline}
              onChange={(baseline) => set("baseline", baseline as ReplayValues["baseline"])}
              problem={problem("baseline")}
              choices={[
                { value: "", label: values.source === "" ? "what was answered then" : "things as they are now" },
                values.source === ""
                  ? { value: "RERUN", label: "things as they are now: each is called twice" }
                  : { value: "LOGGED", label: "what was answered then, of cases made from calls" },
              ]}
            />
            <TextField
              label={names.concurrency}
              inputMode="numeric"
              value={values.concurrency}
              onChange={(concurrency) => set("concurrency", concurrency)}
              problem={problem("concurrency")}
              hint="1 to 16; empty: 4"
            />
          </div>
          <fieldset className="stack tight">
            <legend>Tried with; what is left empty is as it is now</legend>
            <div className="field-grid">
              <SelectField
                label={names.prompt}
                value={values.prompt}
                onChange={(prompt) => set("prompt", prompt)}
                problem={problem("candidate.version") ?? problem("candidate.promptId")}
                choices={[{ value: "", label: "the route's own" }, ...versionsOf(choices)]}
              />
              <SelectField
                label={names.route}
                value={values.route}
                onChange={(route) => set("route", route)}
                problem={problem("candidate.route")}
                choices={[{ value: "", label: "the call's own" }, ...routes.map(({ name }) => ({ value: name, label: name }))]}
              />
              <SelectField
                label={names.backendId}
                value={values.backendId}
                onChange={(id) => set("backendId", id)}
                problem={problem("candidate.backendId")}
                choices={[
                  { value: "", label: "the route's own" },
                  ...choices.backends.edges.map(({ node }) => ({ value: node.id, label: node.key })),
                ]}
              />
              <TextField
                label={names.variant}
                value={values.variant}
                onChange={(variant) => set("variant", variant)}
                problem={problem("candidate.variant")}
              />
              <TextField
                label={names.revision}
                inputMode="numeric"
                value={values.revision}
                onChange={(revision) => set("revision", revision)}
                problem={problem("candidate.revision")}
              />
              <TextField
                label={names.parameters}
                value={values.parameters}
                onChange={(parameters) => set("parameters", parameters)}
                problem={problem("candidate.parameters")}
                placeholder='{"temperature": 0}'
              />
            </div>
          </fieldset>
          <div className="field-grid">
            <SelectField
              label={names.judge}
              value={values.judge}
              onChange={(judge) => set("judge", judge as ReplayValues["judge"])}
              problem={problem("judge")}
              choices={[
                { value: "", label: "nobody: only compared" },
                { value: "EXACT", label: "being the same" },
                { value: "CONTAINS", label: "containing a text" },
                { value: "JSON_SCHEMA", label: "a JSON schema" },
                { value: "MODEL", label: "a model" },
              ]}
            />
            {values.judge === "MODEL" && (
              <SelectField
                label={names.judgeRoute}
                value={values.judgeRoute}
                onChange={(route) => set("judgeRoute", route)}
                problem={problem("judge.route")}
                choices={routes.map(({ name }) => ({ value: name, label: name }))}
              />
            )}
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
      )}
    </EditDialog>
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
