/** Both versions on the same cases, side by side: what each answers, in what time and for how much. */

import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Choice } from "../../change/choices.ts";
import { ChooseField } from "../../change/choose-field.tsx";
import { change, problemFragment } from "../../change/outcome.ts";
import { counted, duration } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { LongField, SelectField } from "../../ui/field.tsx";
import { Badge, Code, Notice } from "../../ui/marks.tsx";
import { casesIn, casesText } from "./cases.ts";

const mutation = graphql(
  `
    mutation ReplayPrompt($input: ReplayInput!) {
      replayPrompt(input: $input) {
        ... on Replay {
          baseline {
            ...ReplayedTotals
          }
          candidate {
            ...ReplayedTotals
          }
          cases {
            input
            expected
            variables
            baseline {
              ...ReplayedSide
            }
            candidate {
              ...ReplayedSide
            }
          }
        }
        ...Problem
      }
    }
  `,
  [
    problemFragment,
    graphql(`
      fragment ReplayedTotals on ReplayTotals {
        passed
        failed
        errors
        durationMsMean
        costUsd
      }
    `),
    graphql(`
      fragment ReplayedSide on ReplayedAnswer {
        callId
        content
        error
        durationMs
        passed
      }
    `),
  ],
);

type Replayed = Extract<ResultOf<typeof mutation>["replayPrompt"], { cases: unknown }>;
type Side = Replayed["cases"][number]["baseline"];

interface ReplayVersionsProps {
  readonly promptId: string;
  readonly baseline: number;
  readonly candidate: number;
  readonly variables: readonly string[];
  /** Proposed; undefined: there is none. */
  readonly route: Choice | undefined;
}

export function ReplayVersions({ promptId, baseline, candidate, variables, route: proposed }: ReplayVersionsProps) {
  const [text, setText] = useState(() => casesText(variables));
  const [route, setRoute] = useState(proposed);
  const [judge, setJudge] = useState<"" | "EXACT" | "CONTAINS">("");
  const [shown, setShown] = useState<{ readonly replayed: Replayed } | { readonly problem: string }>();
  const [busy, setBusy] = useState(false);
  const refusal = useRefusal("developer");
  const cases = casesIn(text);
  const run = async () => {
    if (cases === undefined) return;
    setBusy(true);
    const outcome = await change(mutation, {
      input: { promptId, baseline, candidate, route: route?.name ?? "", cases: [...cases], ...(judge === "" ? {} : { judge }) },
    });
    setBusy(false);
    setShown(outcome.kind === "done" ? { replayed: outcome.payload as Replayed } : { problem: outcome.message });
  };
  return (
    <Card title="Both on the same cases">
      <div className="stack">
        <LongField
          label="Cases"
          value={text}
          onChange={setText}
          rows={3}
          mono
          problem={cases === undefined ? "Each line is a JSON object with variables, input and expected, up to 50 lines" : undefined}
          hint="A line each: its variables, a user's message after the prompt, what is expected. Input and expected may be left out."
        />
        <div className="row" style={{ alignItems: "end" }}>
          <ChooseField label="On route" of="routes" value={route?.id ?? ""} named={route?.name} onChange={setRoute} />
          <SelectField
            label="Judged by"
            value={judge}
            onChange={(next) => setJudge(next as typeof judge)}
            choices={[
              { value: "", label: "nobody: only compared" },
              { value: "EXACT", label: "being what is expected" },
              { value: "CONTAINS", label: "containing what is expected" },
            ]}
          />
          <Button look="primary" disabled={busy || route === undefined || cases === undefined} refused={refusal} onClick={() => void run()}>
            Call both {cases !== undefined && `(${counted(2 * cases.length, "call")})`}
          </Button>
        </div>
        <p className="quiet">Each costs what a call costs. Logged calls and datasets are tried again on the page Replays.</p>
        <div aria-live="polite">
          {shown !== undefined &&
            ("problem" in shown ? (
              <Notice tone="bad">{shown.problem}</Notice>
            ) : (
              <Answers of={shown.replayed} names={[`version ${baseline}`, `version ${candidate}`]} />
            ))}
        </div>
      </div>
    </Card>
  );
}

function Answers({ of, names }: { readonly of: Replayed; readonly names: readonly [string, string] }) {
  return (
    <div className="stack">
      {([of.baseline, of.candidate] as const).map((totals, side) => (
        <p key={names[side]}>
          <strong>{names[side]}</strong>: {duration(totals.durationMsMean)} on average, ${totals.costUsd.toPrecision(3)}
          {totals.passed + totals.failed > 0 && `, ${totals.passed} good and ${totals.failed} bad`}
          {totals.errors > 0 && `, ${counted(totals.errors, "error")}`}
        </p>
      ))}
      {of.cases.map((one, at) => (
        <div key={`case ${at}`} className="stack tight">
          <h3>
            Case {at + 1} <span className="quiet">{one.input}</span>
          </h3>
          <div className="grid">
            <Answer of={one.baseline} name={names[0]} />
            <Answer of={one.candidate} name={names[1]} />
          </div>
        </div>
      ))}
    </div>
  );
}

const Answer = ({ of, name }: { readonly of: Side; readonly name: string }) => (
  <div className="stack tight">
    {of.error === null ? <Code wrap text={of.content} label={`The answer of ${name}`} /> : <Notice tone="bad">{of.error}</Notice>}
    <p className="quiet row">
      {name}, {duration(of.durationMs)}{" "}
      <Link to="/calls/$callId" params={{ callId: of.callId }}>
        the call
      </Link>
      {of.passed !== null && <Badge tone={of.passed ? "good" : "bad"}>{of.passed ? "good" : "bad"}</Badge>}
    </p>
  </div>
);
