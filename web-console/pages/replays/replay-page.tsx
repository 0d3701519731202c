/** One replay: how far it is, both sides' sums, and each case with its two answers beside each other. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { tell } from "../../change/tell.ts";
import { count, counted, duration, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useLookAgain } from "../../graphql/look-again.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { number, oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, Code, Meter, Notice } from "../../ui/marks.tsx";
import { cancelReplay, deleteReplay } from "./changes.ts";
import { candidateFragment, candidateName, stateTones } from "./words.ts";

const answerFragment = graphql(`
  fragment Answered on ReplayedAnswer {
    callId
    backend
    content
    error
    costUsd
    durationMs
    outputTokens
    passed
    toolCalls {
      name
      arguments
    }
  }
`);

const sideFragment = graphql(`
  fragment Side on ReplayRunSide {
    costUsd
    durationMsP50
    durationMsP95
    inputTokens
    outputTokens
    errors
    failed
    passed
  }
`);

const query = graphql(
  `
    query Replay($id: ID!, $after: Int, $only: ReplayResultKind) {
      replayRun(id: $id) {
        id
        name
        state
        reason
        cases
        baseline
        candidate {
          ...Candidate
        }
        judge {
          kind
        }
        progress {
          done
          different
          skipped
          baseline {
            ...Side
          }
          candidate {
            ...Side
          }
        }
        results(first: 20, after: $after, only: $only) {
          position
          callId
          state
          skippedReason
          same
          expected
          baseline {
            ...Answered
          }
          candidate {
            ...Answered
          }
        }
      }
    }
  `,
  [candidateFragment, answerFragment, sideFragment],
);

type Run = NonNullable<ResultOf<typeof query>["replayRun"]>;
type Case = Run["results"][number];
type Answer = ResultOf<typeof answerFragment>;
type Side = ResultOf<typeof sideFragment>;

const lookEveryMs = 2_000;

export function ReplayPage() {
  const { replayId } = useParams({ strict: false }) as { replayId: string };
  const [url, setUrl] = useUrlState({ after: number, only: oneOf("DIFFERENT", "WORSE", "ERROR", "SKIPPED") });
  const [deleting, setDeleting] = useState(false);
  const page = usePageQuery(query, { id: replayId, after: url.after ?? null, only: url.only ?? null }, { follow: false });
  const run = page.data?.replayRun;
  const refusal = useRefusal("developer");
  const navigate = useNavigate();
  useLookAgain(run?.state === "RUNNING" ? lookEveryMs : undefined, page.again);
  return (
    <Page
      title={run == null ? "Replay" : run.name || candidateName(run.candidate)}
      lead={run == null ? undefined : `${counted(run.cases, "case")}, tried with ${candidateName(run.candidate)}`}
      under={{ to: "/replays", name: "Replays" }}
      actions={
        run != null &&
        (run.state === "RUNNING" ? (
          <Button refused={refusal} onClick={() => void cancelReplay(run.id).then((outcome) => tell("The replay is stopped", outcome))}>
            Stop
          </Button>
        ) : (
          <Button look="danger" refused={refusal} onClick={() => setDeleting(true)}>
            Delete
          </Button>
        ))
      }
    >
      <Result of={page}>
        {() =>
          run == null ? (
            <Empty title="There is no such replay">It was deleted, belongs to another organisation, or the address is mistyped.</Empty>
          ) : (
            <>
              <Summary run={run} />
              <div className="filters">
                <SelectField
                  label="Show"
                  value={url.only ?? ""}
                  onChange={(only) => setUrl({ only: (only || undefined) as typeof url.only, after: undefined })}
                  choices={[
                    { value: "", label: "all cases" },
                    { value: "DIFFERENT", label: "what differs" },
                    { value: "WORSE", label: "what was judged worse" },
                    { value: "ERROR", label: "errors" },
                    { value: "SKIPPED", label: "what could not be tried" },
                  ]}
                />
              </div>
              {run.results.length === 0 && <p className="quiet">No case is so.</p>}
              {run.results.map((one) => (
                <CaseCard key={one.position} of={one} baseline={run.baseline} />
              ))}
              <div className="row" style={{ justifyContent: "center" }}>
                {url.after !== undefined && <Button onClick={() => setUrl({ after: undefined })}>To the first</Button>}
                {run.results.length === 20 && (
                  <Button onClick={() => setUrl({ after: run.results.at(-1)?.position })}>The next ones</Button>
                )}
              </div>
              {deleting && (
                <DestroyDialog
                  title="Delete this replay?"
                  name={run.name || "replay"}
                  verb="Delete the replay"
                  done="The replay is deleted"
                  consequences={["Its answers are gone for good. The calls that it made stay in the ledger."]}
                  act={() => deleteReplay(run.id)}
                  onClose={(done) => (done ? void navigate({ to: "/replays" }) : setDeleting(false))}
                />
              )}
            </>
          )
        }
      </Result>
    </Page>
  );
}

function Summary({ run }: { readonly run: Run }) {
  const { progress } = run;
  const tried = Math.max(0, progress.done - progress.skipped);
  return (
    <Card
      title={
        <span className="row">
          <Badge tone={stateTones[run.state] ?? "neutral"}>{run.state.toLowerCase()}</Badge> How it went
        </span>
      }
    >
      <div className="stack">
        {run.state === "RUNNING" && (
          <Meter plain share={run.cases === 0 ? 1 : progress.done / run.cases} label={`${progress.done} of ${run.cases} cases are done`} />
        )}
        {run.reason !== "" && <Notice tone="bad">{run.reason}</Notice>}
        <p>
          {count(progress.done)} of {counted(run.cases, "case")} done; {count(progress.different)} answers differ
          {tried > 0 && `, ${percent(progress.different / tried)}`}
          {progress.skipped > 0 && `; ${count(progress.skipped)} could not be tried`}.
        </p>
        <div className="table-frame" tabIndex={0} role="region" aria-label="Both sides">
          <table className="cards" aria-label="Both sides">
            <thead>
              <tr>
                <th>Side</th>
                <th className="end">Cost</th>
                <th className="end">Took p50 / p95</th>
                <th className="end">Tokens out</th>
                <th className="end">Errors</th>
                <th className="end">Judged good / bad</th>
              </tr>
            </thead>
            <tbody>
              <SideRow
                name={run.baseline === "LOGGED" ? "as it was answered then" : "as things are now"}
                side={progress.baseline}
                judged={run.judge !== null}
              />
              <SideRow name="candidate" side={progress.candidate} judged={run.judge !== null} />
            </tbody>
          </table>
        </div>
      </div>
    </Card>
  );
}

const dollars = (value: number | null): string => (value === null ? "–" : `$${value.toPrecision(3)}`);

function SideRow({ name, side, judged }: { readonly name: string; readonly side: Side; readonly judged: boolean }) {
  return (
    <tr>
      <td data-name="Side">{name}</td>
      <td data-name="Cost" className="end">
        {dollars(side.costUsd)}
      </td>
      <td data-name="Took p50 / p95" className="end">
        {duration(side.durationMsP50)} / {duration(side.durationMsP95)}
      </td>
      <td data-name="Tokens out" className="end">
        {count(side.outputTokens)}
      </td>
      <td data-name="Errors" className="end">
        {count(side.errors)}
      </td>
      <td data-name="Judged good / bad" className="end">
        {judged ? `${count(side.passed)} / ${count(side.failed)}` : "–"}
      </td>
    </tr>
  );
}

function CaseCard({ of, baseline }: { readonly of: Case; readonly baseline: Run["baseline"] }) {
  return (
    <Card
      title={`Case ${of.position}`}
      actions={
        <span className="row">
          {of.same !== null && <Badge tone={of.same ? "good" : "warn"}>{of.same ? "the same" : "differs"}</Badge>}
          {of.state === "WAITING" && <Badge>waits</Badge>}
          {of.callId !== null && (
            <Link to="/calls/$callId" params={{ callId: of.callId }}>
              the call
            </Link>
          )}
        </span>
      }
    >
      {of.skippedReason !== "" && <Notice tone="warn">{of.skippedReason}</Notice>}
      {of.expected !== "" && <Code wrap text={of.expected} label="What is expected" />}
      <div className="grid">
        <AnswerSide name={baseline === "LOGGED" ? "then" : "now"} answer={of.baseline} />
        <AnswerSide name="candidate" answer={of.candidate} />
      </div>
    </Card>
  );
}

function AnswerSide({ name, answer }: { readonly name: string; readonly answer: Answer | null }) {
  if (answer === null) return <div />;
  return (
    <div className="stack tight">
      <h3 className="row">
        {name}
        {answer.passed !== null && <Badge tone={answer.passed ? "good" : "bad"}>{answer.passed ? "good" : "bad"}</Badge>}
      </h3>
      {answer.error !== null ? (
        <Notice tone="bad">{answer.error}</Notice>
      ) : (
        <Code wrap text={answer.content} label={`The answer, ${name}`} />
      )}
      {answer.toolCalls.map((call, index) => (
        <Code key={`${call.name} ${index}`} text={`${call.name}(${call.arguments})`} label="A tool call" />
      ))}
      <p className="quiet number">
        {answer.backend}, {duration(answer.durationMs)}, {dollars(answer.costUsd)}
        {answer.outputTokens !== null && `, ${count(answer.outputTokens)} tokens`}
      </p>
    </div>
  );
}
