/** A prompt's labels: where each points, which are protected, who asked to move one, and the way back. */
import { Link } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { tell } from "../../change/tell.ts";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useRefusal, useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { decideLabel, removeLabel } from "./changes.ts";
import type { PromptData } from "./prompt-page.tsx";
import { RollBackDialog } from "./roll-back-dialog.tsx";

export const labelsFragment = graphql(`
  fragment LabelsOfPrompt on Prompt {
    id
    revision
    labels {
      name
      version
      previousVersion
      previousUntil
    }
    protectedLabels
    usedBy {
      kind
      id
      name
      variant
      label
      version
    }
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

export function LabelsCard({ prompt, onChanged }: { readonly prompt: PromptData; readonly onChanged: () => void }) {
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState<string>();
  const [backing, setBacking] = useState<string>();
  const refusal = useRefusal("developer");
  const open = prompt.labelRequests.filter(({ state }) => state === "OPEN");
  const decided = prompt.labelRequests.filter(({ state }) => state !== "OPEN").slice(0, 5);
  const act = async (done: string, work: ReturnType<typeof decideLabel>) => {
    setBusy(true);
    tell(done, await work);
    setBusy(false);
    onChanged();
  };
  return (
    <Card title="Labels">
      <div className="stack">
        <ul className="stack tight">
          {prompt.labels.map(({ name, version, previousVersion }) => (
            <li key={name} className="row apart">
              <span className="row">
                <strong>{name}</strong>{" "}
                <Link to="." search={{ v: version }}>
                  version {version}
                </Link>
                {prompt.protectedLabels.includes(name) && <Badge tone="accent">protected</Badge>}
              </span>
              {name !== "latest" && (
                <span className="row">
                  <Button
                    small
                    refused={refusal ?? (previousVersion === null ? `${name} never stood at another version.` : undefined)}
                    aria-label={previousVersion === null ? `Roll back ${name}` : `${wayBack(version, previousVersion)}: ${name}`}
                    onClick={() => setBacking(name)}
                  >
                    {previousVersion === null ? "Roll back" : wayBack(version, previousVersion)}
                  </Button>
                  {!prompt.protectedLabels.includes(name) && (
                    <Button
                      small
                      look="plain"
                      icon
                      aria-label={`Remove the label ${name}`}
                      disabled={busy}
                      refused={refusal}
                      onClick={() => setRemoving(name)}
                    >
                      <Trash2 size={14} aria-hidden />
                    </Button>
                  )}
                </span>
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
        {backing !== undefined && (
          <RollBackDialog prompt={prompt} label={backing} onClose={() => setBacking(undefined)} onChanged={onChanged} />
        )}
        {removing !== undefined && (
          <DestroyDialog
            title={`Remove the label ${removing}?`}
            name={removing}
            verb="Remove the label"
            done="The label is gone"
            consequences={removal(prompt, removing)}
            act={() => removeLabel(prompt.id, removing, prompt.revision)}
            onClose={(done) => {
              setRemoving(undefined);
              if (done) onChanged();
            }}
          />
        )}
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

/** What was rolled back itself stood at a later version before. */
const wayBack = (from: number, to: number): string => `${to < from ? "Roll" : "Move"} back to ${to}`;

const removal = ({ usedBy }: Labelled, label: string): readonly string[] => {
  const asking = usedBy.filter((user) => user.label === label).map(({ name }) => name);
  return asking.length === 0
    ? ["No route and no running experiment asks for it. Callers that name it themselves are told that it is not there."]
    : [`${asking.join(", ")} ask for it and must let it go first.`];
};

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
