/** One column: what is called, its answer, and what that took and cost. */
import { Link } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { count, duration, money } from "../../format/numbers.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, Facts, Notice } from "../../ui/marks.tsx";
import type { Column } from "./columns.ts";
import type { PlaygroundData } from "./playground.tsx";
import type { CallState } from "./run-call.ts";
import { WordDiff } from "./word-diff.tsx";

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
  /** What its words are compared with; undefined: nothing. */
  readonly against: string | undefined;
  readonly onChange: (column: Column) => void;
  readonly onRemove: (() => void) | undefined;
}

const phaseTones = { waiting: "info", streaming: "info", done: "good", failed: "bad", stopped: "neutral" } as const;

export function ColumnCard({ data, column, state, against, onChange, onRemove }: ColumnCardProps) {
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
        {state === undefined ? (
          <span className="quiet">The answer comes here.</span>
        ) : against !== undefined && state.phase === "done" ? (
          <WordDiff before={against} after={state.text} />
        ) : (
          state.text
        )}
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
              <Link key="log" to="/calls/$callId" params={{ callId: state.callId }}>
                {state.callId}
              </Link>,
            ],
          ]}
        />
      )}
    </div>
  );
}
