/** What moving a label touches: who asks for it, and what the version that it leaves did of late. */
import { Link } from "@tanstack/react-router";
import { counted, duration, money, percent } from "../../format/numbers.ts";
import { thingPath } from "../../shell/thing-path.ts";
import { Notice } from "../../ui/marks.tsx";
import type { PromptData } from "./prompt-page.tsx";

interface AffectedProps {
  readonly prompt: PromptData;
  readonly label: string;
  /** Where it points; undefined: nowhere yet. */
  readonly now: number | undefined;
}

export function Affected({ prompt, label, now }: AffectedProps) {
  const users = prompt.usedBy.filter((user) => user.label === label);
  const metrics = prompt.versionMetrics.find(({ version }) => version === now);
  const climbing = prompt.experiments.find(
    ({ status, rollout }) => status === "RUNNING" && rollout?.deploys?.promptId === prompt.id && rollout.deploys.label === label,
  );
  return (
    <div className="stack tight">
      <p>
        {now === undefined ? `${label} points nowhere yet.` : `${label} is at version ${now}.`}{" "}
        {users.length === 0 ? (
          "No route asks for it by this label; callers that name it themselves do."
        ) : (
          <>
            It changes what{" "}
            {users.map(({ kind, id, name, variant }, index) => (
              <span key={`${id} ${variant}`}>
                {index > 0 && ", "}
                <Link to={thingPath(kind, id)}>{name}</Link>
                {variant !== null && ` (arm ${variant})`}
              </span>
            ))}{" "}
            answers, from the next call on.
          </>
        )}
      </p>
      {now !== undefined && (
        <p className="quiet">
          {metrics === undefined
            ? `Version ${now} made no call in the last 24 hours.`
            : `In the last 24 hours version ${now} made ${counted(metrics.calls, "call")} over ${metrics.routes.join(", ")}: ${percent(metrics.failedCalls / metrics.calls)} failed, first token after ${duration(metrics.timeToFirstTokenMsP50)}, ${money(BigInt(metrics.costNanodollars) / BigInt(metrics.calls))} a call.`}
        </p>
      )}
      {climbing !== undefined && (
        <Notice tone="warn">
          <Link to="/experiments/$experimentId" params={{ experimentId: climbing.id }}>
            {climbing.key}
          </Link>{" "}
          moves {label} to version {climbing.rollout?.deploys?.version} by guarded steps, and goes on with that whatever is done here. To
          end it, roll it back there.
        </Notice>
      )}
    </div>
  );
}
