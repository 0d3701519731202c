/** One column: what is called, its answer, and what that took and cost. */
import { Link } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { Choice } from "../../change/choices.ts";
import { PromptField } from "../../change/prompt-field.tsx";
import { RouteNameField } from "../../change/route-name-field.tsx";
import { count, duration, money } from "../../format/numbers.ts";
import { Button } from "../../ui/button.tsx";
import { Badge, Facts, Notice } from "../../ui/marks.tsx";
import { type Column, namedIn } from "./columns.ts";
import { againstThen, type LoggedAnswer } from "./logged-answer.ts";
import type { CallState } from "./run-call.ts";
import { WordDiff } from "./word-diff.tsx";

interface ColumnCardProps {
  readonly column: Column;
  /** Its own, as it was read; undefined: it has none, or has yet to be read. */
  readonly prompt: Choice | undefined;
  readonly state: CallState | undefined;
  /** What its words are compared with; undefined: nothing. */
  readonly against: string | undefined;
  /** What the logged call was answered; undefined: it was not opened from one. */
  readonly then: LoggedAnswer | undefined;
  readonly onChange: (column: Column) => void;
  readonly onRemove: (() => void) | undefined;
}

/** As a field for a prompt has it. */
const pointerOf = ({ label, version }: ReturnType<typeof namedIn>): string => label ?? `@${version}`;

const phaseTones = { waiting: "info", streaming: "info", done: "good", failed: "bad", stopped: "neutral" } as const;

export function ColumnCard({ column, prompt, state, against, then, onChange, onRemove }: ColumnCardProps) {
  const [picked, setPicked] = useState<Choice>();
  const named = namedIn(column.prompt);
  const { name } = named;
  const now = [prompt, picked].find((one) => one?.name === name);
  return (
    <section className="card stack" aria-label={`Answer of ${column.route}`}>
      <div className="row" style={{ alignItems: "end", flexWrap: "nowrap" }}>
        <div className="wide field-grid" style={{ gridTemplateColumns: "1fr 1fr" }}>
          <RouteNameField label="Route" value={column.route} onChange={(route) => onChange({ ...column, route })} />
          <PromptField
            id={column.prompt === "" ? "" : (now?.id ?? name)}
            pointer={pointerOf(named)}
            known={[now ?? { id: name, name }]}
            none="the route's own"
            onChange={(choice, pointer) => {
              if (choice.labels !== undefined) setPicked(choice);
              onChange({ ...column, prompt: choice.id === "" ? "" : `${choice.name}@${pointer.replace(/^@/, "")}` });
            }}
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
      {state !== undefined && <Account state={state} then={then} />}
    </section>
  );
}

function Account({ state, then }: { readonly state: CallState; readonly then: LoggedAnswer | undefined }) {
  const compared = then === undefined || state.phase !== "done" ? undefined : againstThen(state, then);
  return (
    <div className="stack tight">
      <div className="row" aria-live="polite">
        <Badge tone={phaseTones[state.phase]}>{state.phase}</Badge>
        {state.firstMs !== undefined && <span className="number">first token {duration(state.firstMs)}</span>}
        {state.totalMs !== undefined && <span className="number">all {duration(state.totalMs)}</span>}
      </div>
      {compared !== undefined && <p>{compared}.</p>}
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
