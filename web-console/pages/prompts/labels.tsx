/** A prompt's labels: where each points, which are protected, who asked to move one, and the way back. */
import { useState } from "react";
import { tell } from "../../change/tell.ts";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useRefusal, useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { decideLabel, rollBackLabel } from "./changes.ts";

export const labelsFragment = graphql(`
  fragment LabelsOfPrompt on Prompt {
    id
    labels {
      name
      version
    }
    protectedLabels
    labelRequests {
      id
      label
      version
      bySteps
      comment
      requestedBy
      requestedAt
      decidedBy
      decidedAt
      state
    }
  }
`);

type Labelled = ResultOf<typeof labelsFragment>;
type Request = Labelled["labelRequests"][number];

export function LabelsCard({ prompt, onChanged }: { readonly prompt: Labelled; readonly onChanged: () => void }) {
  const [busy, setBusy] = useState(false);
  const refusal = useRefusal("developer");
  const open = prompt.labelRequests.filter(({ state }) => state === "OPEN");
  const decided = prompt.labelRequests.filter(({ state }) => state !== "OPEN").slice(0, 5);
  const act = async (done: string, work: ReturnType<typeof rollBackLabel> | ReturnType<typeof decideLabel>) => {
    setBusy(true);
    tell(done, await work);
    setBusy(false);
    onChanged();
  };
  return (
    <Card title="Labels">
      <div className="stack">
        <ul className="stack tight">
          {prompt.labels.map(({ name, version }) => (
            <li key={name} className="row apart">
              <span className="row">
                <strong>{name}</strong> <span className="quiet">version {version}</span>
                {prompt.protectedLabels.includes(name) && <Badge tone="accent">protected</Badge>}
              </span>
              {name !== "latest" && (
                <Button
                  small
                  disabled={busy}
                  refused={refusal}
                  onClick={() => void act(`${name} is where it was before`, rollBackLabel(prompt.id, name))}
                >
                  Undo the last move
                </Button>
              )}
            </li>
          ))}
        </ul>
        {open.map((request) => (
          <OpenRequest
            key={request.id}
            request={request}
            busy={busy}
            refusal={refusal}
            onDecide={(approve) =>
              void act(approve ? `${request.label} has moved` : "The move is declined", decideLabel(request.id, approve))
            }
          />
        ))}
        {decided.length > 0 && (
          <details>
            <summary>Decided before</summary>
            <ul className="stack tight">
              {decided.map((request) => (
                <li key={request.id} className="quiet">
                  {wish(request)}: {request.state.toLowerCase()} by {actorName(request.decidedBy ?? "")},{" "}
                  {request.decidedAt !== null && <When at={request.decidedAt} />}
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </Card>
  );
}

const wish = ({ label, version, bySteps }: Request): string =>
  version === null ? `${label} protected no longer` : `${label} to version ${version}${bySteps ? ", by guarded steps" : ""}`;

interface OpenRequestProps {
  readonly request: Request;
  readonly busy: boolean;
  readonly refusal: string | undefined;
  readonly onDecide: (approve: boolean) => void;
}

/** Who asked cannot approve. */
function OpenRequest({ request, busy, refusal, onDecide }: OpenRequestProps) {
  const own = useViewer().actor === request.requestedBy;
  return (
    <div className="notice info">
      <div className="wide stack tight">
        <p>
          <strong>{actorName(request.requestedBy)}</strong> asks to move {wish(request)}, <When at={request.requestedAt} />
          {request.comment !== "" && `: “${request.comment}”`}
        </p>
        <div className="row">
          <Button
            small
            look="primary"
            disabled={busy}
            refused={refusal ?? (own ? "You asked for it; another administrator has to approve." : undefined)}
            onClick={() => onDecide(true)}
          >
            Approve
          </Button>
          <Button small disabled={busy} refused={refusal} onClick={() => onDecide(false)}>
            Decline
          </Button>
        </div>
      </div>
    </div>
  );
}
