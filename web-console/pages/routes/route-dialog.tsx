/** Making and changing a route. */
import { EditDialog, type Form } from "../../change/form.tsx";
import { graphql } from "../../graphql/documents.ts";
import { Editor } from "../../ui/editor.tsx";
import { Field, SelectField, TextField } from "../../ui/field.tsx";
import { emptyRoute, type RouteDetails, type RouteValues, readRouteAgain, routeValues, saveRoute, timeoutNames } from "./changes.ts";
import { TiersField } from "./tiers-field.tsx";

export const routeChoicesFragment = graphql(`
  fragment RouteChoices on Query {
    backends(first: 100) {
      edges {
        node {
          id
          key
          model
        }
      }
    }
    prompts(first: 100) {
      edges {
        node {
          id
          name
          labels {
            name
            version
          }
        }
      }
    }
  }
`);

export interface RouteChoices {
  readonly backends: {
    readonly edges: readonly { readonly node: { readonly id: string; readonly key: string; readonly model: string } }[];
  };
  readonly prompts: {
    readonly edges: readonly {
      readonly node: {
        readonly id: string;
        readonly name: string;
        readonly labels: readonly { readonly name: string; readonly version: number }[];
      };
    }[];
  };
}

const names = {
  name: "Name",
  description: "What it is for",
  tiers: "Backends",
  promptId: "Prompt",
  promptPointer: "Label or version",
  attemptsMax: "Backends tried at the most",
  cacheTtlSeconds: "Keep answers for",
  parameters: "Default parameters",
  timeouts: "Time limits",
} as const;

const timeoutLabels: Record<(typeof timeoutNames)[number], readonly [string, number]> = {
  queueMs: ["Wait for a place", 5_000],
  connectMs: ["Connect", 1_000],
  firstByteMs: ["First content", 30_000],
  idleMs: ["Between two events", 30_000],
  writeStallMs: ["A caller who does not read", 30_000],
  totalMs: ["All of it", 900_000],
};

interface RouteDialogProps {
  readonly route?: RouteDetails;
  readonly choices: RouteChoices;
  readonly onClose: (madeId?: string) => void;
}

export function RouteDialog({ route, choices, onClose }: RouteDialogProps) {
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
      {(form) => <RouteFields form={form} choices={choices} />}
    </EditDialog>
  );
}

function refusalOf(values: RouteValues): string | undefined {
  if (values.name.trim() === "") return "Give it a name";
  if (values.tiers.every((tier) => tier.length === 0)) return "Choose a backend";
  try {
    if (values.parameters.trim() !== "") JSON.parse(values.parameters);
  } catch {
    return "The default parameters are not JSON";
  }
  return undefined;
}

function RouteFields({ form, choices }: { readonly form: Form<RouteValues>; readonly choices: RouteChoices }) {
  const { values, set, problem } = form;
  const prompt = choices.prompts.edges.find(({ node }) => node.id === values.promptId)?.node;
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
        backends={choices.backends.edges.map(({ node }) => node)}
        problem={problem("tiers")}
      />
      <div className="field-grid">
        <SelectField
          label={names.promptId}
          value={values.promptId}
          onChange={(id) => set("promptId", id)}
          problem={problem("prompt")}
          choices={[
            { value: "", label: "None: callers send all messages" },
            ...choices.prompts.edges.map(({ node }) => ({ value: node.id, label: node.name })),
          ]}
        />
        {values.promptId !== "" && (
          <SelectField
            label={names.promptPointer}
            value={values.promptPointer}
            onChange={(pointer) => set("promptPointer", pointer)}
            choices={[
              ...(prompt?.labels ?? []).map((label) => ({ value: label.name, label: `${label.name} (now version ${label.version})` })),
              ...versionsOf(prompt?.labels, values.promptPointer).map((version) => ({
                value: `@${version}`,
                label: `version ${version}, fixed`,
              })),
            ]}
          />
        )}
        <TextField
          label={names.attemptsMax}
          type="number"
          min={0}
          max={10}
          value={String(values.attemptsMax)}
          onChange={(text) => set("attemptsMax", Number(text))}
          problem={problem("attemptsMax")}
          hint="0: up to 3"
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
      <details>
        <summary>Time limits and default parameters</summary>
        <div className="stack" style={{ marginTop: "0.75rem" }}>
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
          <Field
            label={names.parameters}
            hint="As in the OpenAI chat API, for example temperature; used where the caller gave none"
            problem={problem("defaultParameters")}
          >
            {() => (
              <Editor
                label={names.parameters}
                language="json"
                value={values.parameters}
                onChange={(text) => set("parameters", text)}
                lines={3}
              />
            )}
          </Field>
        </div>
      </details>
    </>
  );
}

const versionsOf = (labels: readonly { readonly version: number }[] | undefined, pointer: string): number[] => {
  const newest = Math.max(0, ...(labels ?? []).map(({ version }) => version), pointer.startsWith("@") ? Number(pointer.slice(1)) : 0);
  return Array.from({ length: Math.min(newest, 50) }, (_, index) => newest - index);
};
