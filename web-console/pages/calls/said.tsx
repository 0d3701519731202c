/** What was said in a call, where the organisation keeps that. It is asked for by a click, because each look is written down. */
import { useState } from "react";
import { useQuery } from "urql";
import { graphql } from "../../graphql/documents.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Button } from "../../ui/button.tsx";
import { Code, Notice, When } from "../../ui/marks.tsx";

const query = graphql(`
  query CallContent($callId: ID!) {
    callContent(callId: $callId) {
      messages
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
  return (
    <div className="stack">
      <Code wrap label="The messages" text={callContent.requestCut ? callContent.request : JSON.stringify(callContent.messages, null, 2)} />
      {callContent.requestCut && <p className="quiet">The request was longer than what is kept.</p>}
      <Code wrap label="The answers" text={JSON.stringify(callContent.answers, null, 2)} />
      {callContent.answerCut && <p className="quiet">The answer was longer than what is kept.</p>}
      <p className="quiet">
        Kept until <When at={callContent.keptUntil} exact />.
      </p>
    </div>
  );
}
