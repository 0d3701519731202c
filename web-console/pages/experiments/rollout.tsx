/** A guarded rollout: its steps, where it stands, and what it waits for. */
import { percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Badge, Notice, type Tone, When } from "../../ui/marks.tsx";
import { spanOf } from "./quantities.ts";
import { lower } from "./words.ts";

export const rolloutFragment = graphql(`
  fragment RolloutNow on Experiment {
    rollout {
      shipAtEnd
      healthAction
      steps {
        share
        holdSeconds
        unitsMin
        approval
      }
    }
    rolloutState {
      state
      step
      stepStartedAt
      approved
      reason
    }
  }
`);

type RolloutNow = ResultOf<typeof rolloutFragment>;
const stateTones: Readonly<Record<string, Tone>> = { RUNNING: "good", PAUSED: "warn", COMPLETED: "good", ROLLED_BACK: "bad" };

interface RolloutProps {
  readonly of: RolloutNow;
  /** What the newest look says that it waits for. */
  readonly action: string;
  readonly refusal: string | undefined;
  readonly onApprove: () => void;
}

export function Rollout({ of: { rollout, rolloutState }, action, refusal, onApprove }: RolloutProps) {
  if (rollout === null) return null;
  const at = rolloutState?.step ?? -1;
  const waits = rolloutState !== null && rollout.steps[at]?.approval === true && !rolloutState.approved && rolloutState.state === "RUNNING";
  return (
    <Card
      title="Guarded rollout"
      actions={rolloutState !== null && <Badge tone={stateTones[rolloutState.state] ?? "neutral"}>{lower(rolloutState.state)}</Badge>}
    >
      <div className="stack tight">
        <ol className="steps">
          {rollout.steps.map((step, index) => (
            <li
              key={`${index} ${step.share}`}
              className={index < at ? "past" : index === at ? "now" : ""}
              aria-current={index === at ? "step" : undefined}
            >
              <strong>{percent(step.share)}</strong>
              <span className="quiet">
                {spanOf(step.holdSeconds)}, {step.unitsMin} units{step.approval && ", a person's yes"}
              </span>
            </li>
          ))}
        </ol>
        {rolloutState !== null && (
          <p className="quiet">
            {["COMPLETED", "ROLLED_BACK"].includes(rolloutState.state) ? "Its last step began" : "At this step since"}{" "}
            <When at={rolloutState.stepStartedAt} />.{rolloutState.state === "RUNNING" && action !== "" && ` Now: ${actionWords(action)}.`}
          </p>
        )}
        {rolloutState !== null && rolloutState.state !== "RUNNING" && rolloutState.reason !== "" && (
          <Notice tone={rolloutState.state === "ROLLED_BACK" ? "bad" : "warn"}>{rolloutState.reason}</Notice>
        )}
        {waits && (
          <div>
            <Button look="primary" refused={refusal} onClick={onApprove}>
              Approve the next step
            </Button>
          </div>
        )}
        <p className="quiet">
          A guardrail that fails rolls it back by itself. Bad health: {lower(rollout.healthAction)}. At the end it is{" "}
          {rollout.shipAtEnd ? "shipped" : "left to you"}.
        </p>
      </div>
    </Card>
  );
}

/** "waits for 10800 more seconds" says less than "waits for 3 h more". */
const actionWords = (action: string): string =>
  lower(action)
    .replaceAll("-", " ")
    .replace(/(\d+) more seconds/, (_, seconds: string) => `${spanOf(Number(seconds))} more`);
