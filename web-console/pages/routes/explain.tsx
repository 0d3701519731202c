/**
 * "Explain": what would become of a pasted request, stage by stage and why, without sending it. The control plane reckons it by the
 * rules that nodes follow; where chance decides, shares are given.
 */
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useQuery } from "urql";
import { ChooseField } from "../../change/choose-field.tsx";
import { percent } from "../../format/numbers.ts";
import { failureOf } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { FailureNotice } from "../../graphql/result.tsx";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Editor } from "../../ui/editor.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { Badge, Facts, Notice } from "../../ui/marks.tsx";
import { useSettled } from "../../ui/settled.ts";

const query = graphql(`
  query Explain($request: JSON!, $apiKeyId: ID, $sessionId: String, $headers: [ExplainedHeaderInput!]) {
    explainCall(request: $request, apiKeyId: $apiKeyId, sessionId: $sessionId, headers: $headers) {
      ... on CallExplanation {
        dialect
        variantKey
        route {
          id
          name
        }
        stages {
          stage
          says
          refused
        }
        backends {
          tier
          share
          doubts
          backend {
            id
            key
            model
          }
        }
      }
      ... on ValidationError {
        issues {
          path
          message
        }
      }
    }
  }
`);

type Explanation = Extract<ResultOf<typeof query>["explainCall"], { stages: unknown }>;

const samples = {
  chat: (model: string) => ({ model, user: "ada", stream: true, messages: [{ role: "user", content: "Hello" }] }),
  responses: (model: string) => ({ model, user: "ada", stream: true, input: "Hello" }),
  messages: (model: string) => ({
    model,
    max_tokens: 100,
    stream: true,
    metadata: { user_id: "ada" },
    messages: [{ role: "user", content: "Hello" }],
  }),
} as const;
type Sample = keyof typeof samples;

const dialectNames = {
  CHAT: "an OpenAI chat completion",
  RESPONSES: "an OpenAI response",
  MESSAGES: "Anthropic's messages",
} as const satisfies Record<Explanation["dialect"], string>;

export function Explain({ routeName, routeId }: { readonly routeName: string; readonly routeId: string }) {
  const [text, setText] = useState(() => JSON.stringify(samples.chat(routeName), null, 2));
  const [apiKeyId, setApiKeyId] = useState("");
  const [session, setSession] = useState("");
  const [header, setHeader] = useState("");
  const [asked, setAsked] = useState(false);
  const settled = useSettled(text);
  const read = useMemo(() => jsonIn(settled), [settled]);
  const colon = header.indexOf(":");
  const variables = {
    request: read.value,
    apiKeyId: apiKeyId === "" ? null : apiKeyId,
    sessionId: useSettled(session),
    headers: colon < 1 ? [] : [{ name: header.slice(0, colon).trim(), value: header.slice(colon + 1).trim() }],
  };
  const [{ data, error, fetching }, again] = useQuery({ query, variables, pause: !asked || read.problem !== undefined });
  return (
    <div className="grid">
      <Card title="A request">
        <div className="stack">
          <p className="quiet">Paste the body of a call, in any dialect that callers speak. Nothing is sent and nothing is spent.</p>
          <SelectField
            label="Begin with"
            value=""
            onChange={(name) => name !== "" && setText(JSON.stringify(samples[name as Sample](routeName), null, 2))}
            choices={[
              { value: "", label: "what stands below" },
              { value: "chat", label: "a chat completion" },
              { value: "responses", label: "a response" },
              { value: "messages", label: "Anthropic's messages" },
            ]}
          />
          <Editor label="The request as JSON" language="json" value={text} onChange={setText} lines={10} />
          <div className="field-grid">
            <ChooseField
              label="With the key"
              of="apiKeys"
              value={apiKeyId}
              none="Any that may use it"
              onChange={({ id }) => setApiKeyId(id)}
            />
            <TextField label="In the session" value={session} onChange={setSession} hint="As the header x-penstock-session" />
            <TextField
              label="With a header"
              value={header}
              onChange={setHeader}
              placeholder="x-app: mobile"
              hint="That an experiment targets"
            />
          </div>
        </div>
      </Card>
      <Card title="What would become of it">
        <div className="stack" aria-live="polite">
          {read.problem !== undefined ? (
            <Notice tone="warn">{read.problem}</Notice>
          ) : !asked ? (
            <div>
              <Button look="primary" onClick={() => setAsked(true)}>
                Explain it
              </Button>
            </div>
          ) : error !== undefined ? (
            <FailureNotice failure={failureOf(error)} again={() => again({ requestPolicy: "network-only" })} />
          ) : data === undefined ? (
            <p className="quiet">{fetching ? "Reckoning …" : ""}</p>
          ) : "stages" in data.explainCall ? (
            <Explained of={data.explainCall as Explanation} routeId={routeId} />
          ) : (
            <Notice tone="warn">{"issues" in data.explainCall && data.explainCall.issues?.map(({ message }) => message).join("; ")}</Notice>
          )}
        </div>
      </Card>
    </div>
  );
}

function Explained({ of: { dialect, route, stages, backends }, routeId }: { readonly of: Explanation; readonly routeId: string }) {
  return (
    <>
      <p className="quiet">Read as {dialectNames[dialect]}.</p>
      {route !== null && route.id !== routeId && (
        <Notice>
          It asks for another route:{" "}
          <Link to="/routes/$routeId" params={{ routeId: route.id }}>
            {route.name}
          </Link>
          .
        </Notice>
      )}
      <Facts
        of={stages.map(({ stage, says, refused }) => [
          stage,
          <span key={stage}>
            {refused && <Badge tone="bad">ends here</Badge>} {says}
          </span>,
        ])}
      />
      {backends.length > 0 && (
        <ul className="stack tight" aria-label="Backends, in the order of tiers">
          {backends.map(({ tier, share, doubts, backend }) => (
            <li key={`${tier} ${backend.id}`} className="share">
              <span>
                <Badge>tier {tier}</Badge>{" "}
                <Link to="/backends/$backendId" params={{ backendId: backend.id }}>
                  {backend.key}
                </Link>{" "}
                <span className="quiet">{backend.model}</span>
                {doubts.length > 0 && <div className="quiet">But {doubts.join("; ")}.</div>}
              </span>
              <span className="number">{percent(share)} of draws</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function jsonIn(text: string): { readonly value: unknown; readonly problem?: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { value: null, problem: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
