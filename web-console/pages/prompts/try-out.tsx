/** Trying a version: what a call with these variables would send, and what comes back when it is sent. */

import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Choice } from "../../change/choices.ts";
import { ChooseField } from "../../change/choose-field.tsx";
import { change, problemFragment } from "../../change/outcome.ts";
import { counted, duration } from "../../format/numbers.ts";
import { client, failureOf } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { LongField } from "../../ui/field.tsx";
import { Code, Notice } from "../../ui/marks.tsx";
import { type PromptInputs, type VariableTexts, variableFields, variablesFor } from "./variable-values.ts";
import { VariablesForm } from "./variables-form.tsx";

const renderQuery = graphql(`
  query RenderPrompt($promptId: ID!, $version: Int!, $variables: JSON) {
    renderPrompt(promptId: $promptId, version: $version, variables: $variables) {
      ... on RenderedPrompt {
        messages {
          role
          content
        }
      }
      ... on UserError {
        message
      }
    }
  }
`);

const testMutation = graphql(
  `
    mutation TestPrompt($input: TestPromptInput!) {
      testPrompt(input: $input) {
        ... on TestAnswer {
          callId
          backend
          status
          content
          error
          durationMs
          inputTokens
          outputTokens
          toolCalls {
            name
            arguments
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

type Rendered = Extract<ResultOf<typeof renderQuery>["renderPrompt"], { messages: unknown }>["messages"];
type Answer = Extract<ResultOf<typeof testMutation>["testPrompt"], { callId: string }>;
type Shown = { readonly messages: Rendered } | { readonly answer: Answer } | { readonly problem: string };

interface TryOutProps {
  readonly promptId: string;
  readonly version: PromptInputs & { readonly version: number };
  /** Proposed; undefined: there is none. */
  readonly route: Choice | undefined;
}

export function TryOut({ promptId, version, route: proposed }: TryOutProps) {
  const [values, setValues] = useState<VariableTexts>({});
  const [input, setInput] = useState("");
  const [route, setRoute] = useState(proposed);
  const [shown, setShown] = useState<Shown>();
  const [busy, setBusy] = useState(false);
  const refusal = useRefusal("developer");
  const given = variablesFor(version, values);
  const render = async () => {
    setBusy(true);
    const { data, error } = await client
      .query(renderQuery, { promptId, version: version.version, variables: given }, { requestPolicy: "network-only" })
      .toPromise();
    setBusy(false);
    const answer = data?.renderPrompt;
    if (answer === undefined) setShown({ problem: error === undefined ? "Nothing was answered." : failureOf(error).message });
    else
      setShown(
        "messages" in answer
          ? { messages: (answer as { messages: Rendered }).messages }
          : { problem: (answer as { message: string }).message },
      );
  };
  const test = async () => {
    setBusy(true);
    const outcome = await change(testMutation, {
      input: { promptId, version: version.version, route: route?.name ?? "", variables: given, ...(input === "" ? {} : { input }) },
    });
    setBusy(false);
    setShown(outcome.kind === "done" ? { answer: outcome.payload as Answer } : { problem: outcome.message });
  };
  return (
    <Card title="Try it">
      <div className="stack">
        <VariablesForm fields={variableFields([version])} values={values} onChange={setValues} />
        <LongField label="A user's message after it" value={input} onChange={setInput} rows={2} />
        <div className="row" style={{ alignItems: "end" }}>
          <ChooseField label="On route" of="routes" value={route?.id ?? ""} named={route?.name} onChange={setRoute} />
          <Button disabled={busy} onClick={() => void render()}>
            Only render
          </Button>
          <Button look="primary" disabled={busy || route === undefined} refused={refusal} onClick={() => void test()}>
            Call
          </Button>
        </div>
        <div aria-live="polite">{shown !== undefined && <Outcome shown={shown} />}</div>
      </div>
    </Card>
  );
}

function Outcome({ shown }: { readonly shown: Shown }) {
  if ("problem" in shown) return <Notice tone="bad">{shown.problem}</Notice>;
  if ("messages" in shown)
    return (
      <div className="stack tight">
        {shown.messages.map(({ role, content }, index) => (
          <div key={`${role} ${index}`}>
            <h3>{role.toLowerCase()}</h3>
            <Code wrap text={content} label={`The ${role.toLowerCase()} message`} />
          </div>
        ))}
      </div>
    );
  const { answer } = shown;
  return (
    <div className="stack tight">
      {answer.error !== null ? <Notice tone="bad">{answer.error}</Notice> : <Code wrap text={answer.content} label="The answer" />}
      {answer.toolCalls.map(({ name, arguments: given }, index) => (
        <Code key={`${name} ${index}`} text={`${name}(${given})`} label="A tool call" />
      ))}
      <p className="quiet">
        {answer.backend !== "" && `${answer.backend}, `}
        {duration(answer.durationMs)}
        {answer.outputTokens !== null &&
          `, ${counted(answer.inputTokens ?? 0, "token")} in and ${counted(answer.outputTokens, "token")} out`}
        .{" "}
        <Link to="/calls/$callId" params={{ callId: answer.callId }}>
          The call
        </Link>
      </p>
    </div>
  );
}
