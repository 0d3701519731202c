/** Trying routes and prompt versions side by side, through the real data plane: what streams here is what callers get, quotas and all. */
import { Link } from "@tanstack/react-router";
import { Play, Plus, Square, Trash2 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { count, duration, money } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Editor } from "../../ui/editor.tsx";
import { LongField, SelectField, TextField } from "../../ui/field.tsx";
import { Badge, Facts, Notice } from "../../ui/marks.tsx";
import { estimateOf } from "./estimate.ts";
import { loggedRequest } from "./logged-request.ts";
import { type CallState, runCall } from "./run-call.ts";
import { SaveDialog } from "./save-dialog.tsx";

const query = graphql(`
  query Playground($from: ID!, $withCall: Boolean!) {
    callContent(callId: $from) @include(if: $withCall) {
      messages
      promptMessages
      request
      requestCut
    }
    routes(first: 50) {
      edges {
        node {
          id
          name
          prompt {
            promptId
            prompt {
              name
            }
          }
          tiers {
            targets {
              weight
              backend {
                key
                price {
                  inputNanodollarsPerMillion
                  outputNanodollarsPerMillion
                }
              }
            }
          }
        }
      }
    }
    prompts(first: 50) {
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

export type PlaygroundData = ResultOf<typeof query>;

/** "demo-chat" or "demo-chat~support-answer@2": a route, and a prompt in the place of the route's own. */
interface Column {
  readonly route: string;
  readonly prompt: string;
}

const columnsMax = 4;
const readColumns = (written: string): readonly Column[] =>
  written.split(",").map((one) => {
    const [route = "", prompt = ""] = one.split("~");
    return { route, prompt };
  });
const writeColumns = (columns: readonly Column[]): string =>
  columns.map(({ route, prompt }) => (prompt === "" ? route : `${route}~${prompt}`)).join(",");

export function Playground() {
  const [url, setUrl] = useUrlState({ m: text, from: text });
  // Each look at what was said is written down: one when the page opens, and none after it.
  const refusal = useRefusal("developer");
  const withCall = url.from !== undefined && refusal === undefined;
  const page = usePageQuery(query, { from: url.from ?? "", withCall }, { follow: !withCall });
  return (
    <Page
      title="Playground"
      lead="Calls go through a node like anyone's: routes, quotas and the ledger hold for them, and they spend money where the backend does."
    >
      <Result of={page}>
        {(data) => {
          const [first] = data.routes.edges;
          if (first === undefined)
            return (
              <Empty
                title="Nothing to call yet"
                action={
                  <Link className="button" to="/routes">
                    To the routes
                  </Link>
                }
              >
                A route is what is called here. Make one first.
              </Empty>
            );
          return (
            <Bench
              key={url.from ?? ""}
              data={data}
              loggedCall={url.from}
              columns={readColumns(url.m ?? first.node.name)}
              onColumns={(columns) => setUrl({ m: writeColumns(columns) }, { replace: true })}
            />
          );
        }}
      </Result>
    </Page>
  );
}

interface BenchProps {
  readonly data: PlaygroundData;
  /** The call that it was opened from. */
  readonly loggedCall: string | undefined;
  readonly columns: readonly Column[];
  readonly onColumns: (columns: readonly Column[]) => void;
}

function Bench({ data, loggedCall, columns, onColumns }: BenchProps) {
  const [logged] = useState(() => loggedRequest(data.callContent ?? null));
  const [system, setSystem] = useState(logged?.system ?? "");
  const [user, setUser] = useState(logged?.user ?? "What is a penstock?");
  const [variables, setVariables] = useState("{}");
  const [temperature, setTemperature] = useState("");
  const [maxTokens, setMaxTokens] = useState("");
  const [more, setMore] = useState(logged?.more ?? "");
  const [states, setStates] = useState<Readonly<Record<number, CallState>>>({});
  const [saving, setSaving] = useState(false);
  const running = useRef<AbortController | undefined>(undefined);
  const refusal = useRefusal("developer");
  useEffect(() => () => running.current?.abort(), []);

  const isBusy = Object.values(states).some(({ phase }) => phase === "waiting" || phase === "streaming");
  const problem = useMemo(() => problemOf(variables, more), [variables, more]);
  const run = () => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setStates({});
    columns.forEach((column, index) => {
      void runCall(
        {
          model: column.route,
          messages: [...(system.trim() === "" ? [] : [{ role: "system", content: system }]), { role: "user", content: user }],
          ...promptOf(column, data, JSON.parse(variables)),
          parameters: {
            ...(temperature === "" ? {} : { temperature: Number(temperature) }),
            ...(maxTokens === "" ? {} : { max_tokens: Number(maxTokens) }),
            ...(more.trim() === "" ? {} : JSON.parse(more)),
          },
        },
        controller.signal,
        (state) => {
          if (running.current === controller) setStates((before) => ({ ...before, [index]: state }));
        },
      );
    });
  };
  return (
    <>
      {loggedCall !== undefined && (
        <Notice tone={logged === undefined ? "warn" : "info"}>
          {logged === undefined
            ? "Its route and prompt version are those of the call; what was said in it is not kept, so the message is not."
            : "As the call was: its route, prompt version, messages and parameters."}{" "}
          <Link to={`/calls/${loggedCall}`}>The call</Link>
        </Notice>
      )}
      <Card>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
          onKeyDown={(event) =>
            (event.ctrlKey || event.metaKey) && event.key === "Enter" && !isBusy && refusal === undefined && problem === undefined && run()
          }
        >
          <LongField label="Message" value={user} onChange={setUser} rows={3} />
          <details>
            <summary>System message, variables and parameters</summary>
            <div className="stack" style={{ marginTop: "0.75rem" }}>
              <LongField label="System message" value={system} onChange={setSystem} rows={3} hint="Beside what the route's prompt brings" />
              <div className="field-grid">
                <TextField
                  label="Temperature"
                  type="number"
                  step="0.1"
                  min={0}
                  max={2}
                  value={temperature}
                  onChange={setTemperature}
                  hint="Empty: the route's"
                />
                <TextField label="Tokens at the most" type="number" min={1} value={maxTokens} onChange={setMaxTokens} hint="max_tokens" />
              </div>
              <div className="grid">
                <div className="field">
                  <span className="label">Variables of the prompt (JSON)</span>
                  <Editor label="Variables of the prompt" language="json" value={variables} onChange={setVariables} lines={4} />
                </div>
                <div className="field">
                  <span className="label">More parameters: tools, response_format, … (JSON)</span>
                  <Editor label="More parameters" language="json" value={more} onChange={setMore} lines={4} />
                </div>
              </div>
            </div>
          </details>
          <div className="row apart">
            <span className="row">
              {isBusy ? (
                <Button look="danger" onClick={() => running.current?.abort()}>
                  <Square size={15} aria-hidden /> Stop
                </Button>
              ) : (
                <Button type="submit" look="primary" refused={refusal ?? problem}>
                  <Play size={15} aria-hidden /> Run {columns.length > 1 ? `all ${columns.length}` : ""} <kbd>Ctrl Enter</kbd>
                </Button>
              )}
              <span className="quiet">
                {estimateOf(
                  data,
                  columns.map(({ route }) => route),
                  `${system}${user}`,
                  maxTokens,
                )}
              </span>
            </span>
            <span className="row">
              <Button onClick={() => setSaving(true)} disabled={data.prompts.edges.length === 0}>
                Save as a prompt version
              </Button>
              <Button
                disabled={columns.length >= columnsMax}
                onClick={() => onColumns([...columns, columns.at(-1) ?? { route: data.routes.edges[0]?.node.name ?? "", prompt: "" }])}
              >
                <Plus size={15} aria-hidden /> Compare
              </Button>
            </span>
          </div>
        </form>
      </Card>
      <div className="columns">
        {columns.map((column, index) => (
          <ColumnCard
            key={`column ${index}`}
            data={data}
            column={column}
            state={states[index]}
            onChange={(next) => onColumns(columns.map((one, at) => (at === index ? next : one)))}
            onRemove={columns.length > 1 ? () => onColumns(columns.filter((_, at) => at !== index)) : undefined}
          />
        ))}
      </div>
      {saving && (
        <SaveDialog prompts={data.prompts.edges.map(({ node }) => node)} system={system} user={user} onClose={() => setSaving(false)} />
      )}
    </>
  );
}

function problemOf(...written: readonly string[]): string | undefined {
  try {
    for (const one of written) if (one.trim() !== "") JSON.parse(one);
    return undefined;
  } catch (error) {
    return `Not JSON: ${error instanceof Error ? error.message : error}`;
  }
}

/** The prompt of the column, or the route's own where only variables are given. */
function promptOf(column: Column, data: PlaygroundData, variables: unknown) {
  if (column.prompt !== "") {
    const [name = "", pointer = ""] = column.prompt.split("@");
    return { prompt: { name, ...(/^\d+$/.test(pointer) ? { version: Number(pointer) } : { label: pointer }), variables } };
  }
  const own = data.routes.edges.find(({ node }) => node.name === column.route)?.node.prompt;
  return own == null || Object.keys(variables as object).length === 0 ? {} : { prompt: { variables } as never };
}

function promptChoices(data: PlaygroundData) {
  return data.prompts.edges.flatMap(({ node }) => {
    const newest = Math.max(0, ...node.labels.map(({ version }) => version));
    return [
      ...node.labels.map(({ name, version }) => ({ value: `${node.name}@${name}`, label: `${node.name}, ${name} (version ${version})` })),
      ...Array.from({ length: Math.min(newest, 20) }, (_, index) => ({
        value: `${node.name}@${newest - index}`,
        label: `${node.name}, version ${newest - index}`,
      })),
    ];
  });
}

interface ColumnCardProps {
  readonly data: PlaygroundData;
  readonly column: Column;
  readonly state: CallState | undefined;
  readonly onChange: (column: Column) => void;
  readonly onRemove: (() => void) | undefined;
}

const phaseTones = { waiting: "info", streaming: "info", done: "good", failed: "bad", stopped: "neutral" } as const;

function ColumnCard({ data, column, state, onChange, onRemove }: ColumnCardProps) {
  return (
    <section className="card stack" aria-label={`Answer of ${column.route}`}>
      <div className="row" style={{ alignItems: "end", flexWrap: "nowrap" }}>
        <div className="wide field-grid" style={{ gridTemplateColumns: "1fr 1fr" }}>
          <SelectField
            label="Route"
            value={column.route}
            onChange={(route) => onChange({ ...column, route })}
            choices={data.routes.edges.map(({ node }) => ({ value: node.name, label: node.name }))}
          />
          <SelectField
            label="Prompt"
            value={column.prompt}
            onChange={(prompt) => onChange({ ...column, prompt })}
            choices={[{ value: "", label: "the route's own" }, ...promptChoices(data)]}
          />
        </div>
        {onRemove !== undefined && (
          <Button look="plain" icon aria-label="Remove this column" onClick={onRemove}>
            <Trash2 size={16} aria-hidden />
          </Button>
        )}
      </div>
      <div className="answer" data-phase={state?.phase ?? "idle"} aria-busy={state?.phase === "streaming"}>
        {state === undefined ? <span className="quiet">The answer comes here.</span> : state.text}
        {state?.phase === "waiting" && <span className="quiet">Waiting for the first token …</span>}
        {state !== undefined && state.toolCalls !== "" && <pre className="mono">{state.toolCalls}</pre>}
      </div>
      {state?.failure !== undefined && <Notice tone="bad">{state.failure}</Notice>}
      {state !== undefined && <Account state={state} />}
    </section>
  );
}

function Account({ state }: { readonly state: CallState }) {
  return (
    <div className="stack tight">
      <div className="row" aria-live="polite">
        <Badge tone={phaseTones[state.phase]}>{state.phase}</Badge>
        {state.firstMs !== undefined && <span className="number">first token {duration(state.firstMs)}</span>}
        {state.totalMs !== undefined && <span className="number">all {duration(state.totalMs)}</span>}
      </div>
      {state.phase === "done" && (
        <Facts
          of={[
            ["Tokens in / out", `${count(state.inputTokens)} / ${count(state.outputTokens)}`],
            ["Cost", state.costNanodollars === undefined ? "not known" : money(state.costNanodollars)],
            ...state.made.map(([name, value]) => [name, <code key={name}>{value}</code>] as const),
            state.callId !== undefined && [
              "In the log",
              <Link key="log" to={`/calls/${state.callId}`}>
                {state.callId}
              </Link>,
            ],
          ]}
        />
      )}
    </div>
  );
}
