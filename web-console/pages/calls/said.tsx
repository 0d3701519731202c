/** What was said in a call, where the organisation keeps that. It is asked for by a click, because each look is written down. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useQuery } from "urql";
import { graphql } from "../../graphql/documents.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Button } from "../../ui/button.tsx";
import { Code, Notice, When } from "../../ui/marks.tsx";
import { pretty, turnsOf } from "./turns.ts";

const query = graphql(`
  query CallContent($callId: ID!) {
    callContent(callId: $callId) {
      messages
      promptMessages
      unmapped
      request
      requestCut
      answers
      answerCut
      keptUntil
    }
  }
`);

export function Said({ callId }: { readonly callId: string }) {
  const [asked, setAsked] = useState(false);
  const refusal = useRefusal("developer");
  return (
    <section className="stack tight">
      <h3>What was said</h3>
      {asked ? (
        <Content callId={callId} />
      ) : (
        <div className="row">
          <Button small refused={refusal} onClick={() => setAsked(true)}>
            Look
          </Button>
          <span className="quiet">Kept only where the organisation, project or route says so. Each look is in the audit log.</span>
        </div>
      )}
    </section>
  );
}

function Content({ callId }: { readonly callId: string }) {
  const [{ data, error, fetching }] = useQuery({ query, variables: { callId } });
  if (error !== undefined) return <Notice tone="bad">{error.message.replace(/^\[\w+\] /, "")}</Notice>;
  if (fetching || data === undefined) return <p className="quiet">Looking …</p>;
  const { callContent } = data;
  if (callContent === null) return <p className="quiet">It was not kept, or its day is over.</p>;
  const { request, requestCut, messages, promptMessages, answers, answerCut, unmapped, keptUntil } = callContent;
  return (
    <div className="stack">
      <ol className="stack tight">
        {turnsOf(messages, answers).map(({ role, text }, index) => (
          <li key={index} className="stage" style={{ maxWidth: "none" }}>
            <span className="stage-name">{role}</span>
            <span style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{text}</span>
          </li>
        ))}
      </ol>
      {!requestCut && (
        <div>
          <Link to="/replays" search={{ make: true, call: callId }} className="button small">
            Replay it with another prompt, arm or backend
          </Link>
        </div>
      )}
      <h3>Hop by hop, as it is kept</h3>
      <Hop
        title="The caller asked"
        text={requestCut ? request : pretty(request)}
        note={requestCut ? "It was longer than what is kept." : undefined}
      />
      <Hop
        title="The backend was asked"
        text={
          Array.isArray(promptMessages) && promptMessages.length > 0
            ? JSON.stringify(messages, null, 2)
            : "The same: no prompt's messages came before the caller's."
        }
        note="With the prompt's messages in front, in the chat API's form: a backend that speaks another dialect got the same in its words."
      />
      <Hop
        title="The backend answered, and the caller got"
        text={JSON.stringify(answers, null, 2)}
        note={answerCut ? "It was longer than what is kept." : undefined}
      />
      {unmapped.length > 0 && <p className="quiet">Not kept, because the chat API has no word for it: {unmapped.join(", ")}.</p>}
      <p className="quiet">
        Secrets and what the organisation's rules name were taken out before it was kept. Kept until <When at={keptUntil} exact />.
      </p>
    </div>
  );
}

function Hop({ title, text, note }: { readonly title: string; readonly text: string; readonly note?: string | undefined }) {
  return (
    <details>
      <summary>{title}</summary>
      <div className="stack tight">
        <Code wrap label={title} text={text} />
        {note !== undefined && <p className="quiet">{note}</p>}
      </div>
    </details>
  );
}
