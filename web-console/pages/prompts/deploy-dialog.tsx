/** Deploying is moving a label: what callers would get differently, who they are, and then all nodes at once or step by step. Rolling back is the same, backwards. */

import { useState } from "react";
import { type Issue, problemAt } from "../../change/issues.ts";
import type { Outcome } from "../../change/outcome.ts";
import { tell } from "../../change/tell.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { CheckField, SelectField, TextField } from "../../ui/field.tsx";
import { Notice } from "../../ui/marks.tsx";
import { TextDiff } from "../../ui/text-diff.tsx";
import { defaultSteps, type StepValues, stepsInput } from "../experiments/design/design-values.ts";
import { RolloutSteps } from "../experiments/design/rollout-steps.tsx";
import { Affected } from "./affected.tsx";
import { type LabelRollout, requestLabel, rollOutLabel, setLabel } from "./changes.ts";
import { asText } from "./compare.tsx";
import type { PromptData } from "./prompt-page.tsx";
import { useVersion, type VersionData } from "./version-query.ts";

interface DeployDialogProps {
  readonly prompt: PromptData;
  readonly version: VersionData;
  readonly onClose: () => void;
}

interface Guarded {
  readonly unit: "END_USER" | "SESSION" | "API_KEY";
  readonly steps: readonly StepValues[];
}

export function DeployDialog({ prompt, version, onClose }: DeployDialogProps) {
  const [label, setLabelName] = useState("production");
  const [guarded, setGuarded] = useState<Guarded>();
  const [comment, setComment] = useState("");
  const [failure, setFailure] = useState<string>();
  const [issues, setIssues] = useState<readonly Issue[]>([]);
  const [busy, setBusy] = useState(false);
  const now = prompt.labels.find(({ name }) => name === label)?.version;
  const current = useVersion(prompt, now) ?? undefined;
  const users = prompt.usedBy.filter((user) => user.label === label);
  const back = now !== undefined && version.version < now;
  const isProtected = prompt.protectedLabels.includes(label);
  const canStep = now !== undefined && !back && users.some(({ kind }) => kind === "ROUTE");
  const rollout = canStep ? rolloutOf(guarded) : undefined;
  const deploy = async () => {
    setBusy(true);
    const outcome: Outcome<unknown> = await (isProtected
      ? requestLabel(prompt.id, label, version.version, comment, rollout)
      : rollout === undefined
        ? setLabel(prompt.id, label, version.version, comment, prompt.revision)
        : rollOutLabel(prompt.id, label, version.version, prompt.revision, rollout));
    setBusy(false);
    setIssues(outcome.kind === "invalid" ? outcome.issues : []);
    if (outcome.kind !== "done") return setFailure(outcome.message);
    tell(
      isProtected
        ? `Asked to move ${label}; another administrator has to approve`
        : rollout !== undefined
          ? `${label} moves by guarded steps; see Experiments`
          : `${label} is version ${version.version}${now === undefined ? "" : `, it was ${now}`}`,
      outcome,
    );
    onClose();
  };
  return (
    <Dialog
      open
      large
      onClose={onClose}
      title={back ? `Roll ${label} back to version ${version.version}` : `Deploy version ${version.version}`}
    >
      <TextField label="Label" value={label} onChange={setLabelName} list="prompt-labels" hint="The name that routes and callers ask for" />
      <datalist id="prompt-labels">
        {prompt.labels.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {now === version.version ? (
        <Notice>
          {label} is at version {now} already.
        </Notice>
      ) : (
        <>
          <Affected prompt={prompt} label={label} now={now} />
          {now !== undefined && current === undefined ? (
            <p className="quiet">Reading version {now} …</p>
          ) : (
            <TextDiff label="What callers get differently" before={asText(current)} after={asText(version)} />
          )}
          {canStep && <HowItMoves guarded={guarded} onChange={setGuarded} problem={(path) => problemAt(issues, path, {})} />}
        </>
      )}
      {isProtected && <Notice>{label} is protected: it moves when another administrator approves.</Notice>}
      {now !== version.version && (isProtected || rollout === undefined) && (
        <TextField
          label="Why"
          value={comment}
          onChange={setComment}
          maxLength={500}
          hint={isProtected ? "For whoever approves" : "Optional; kept in the label's history."}
        />
      )}
      {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" disabled={busy || label.trim() === "" || now === version.version} onClick={() => void deploy()}>
          {isProtected ? "Ask for approval" : back ? "Roll back" : rollout === undefined ? "Deploy" : "Begin the first step"}
        </Button>
      </div>
    </Dialog>
  );
}

const rolloutOf = (guarded: Guarded | undefined): LabelRollout | undefined =>
  guarded === undefined ? undefined : { unit: guarded.unit, steps: { steps: stepsInput(guarded.steps) } };

function HowItMoves({
  guarded,
  onChange,
  problem,
}: {
  readonly guarded: Guarded | undefined;
  readonly problem: (path: string) => string | undefined;
  readonly onChange: (next: Guarded | undefined) => void;
}) {
  return (
    <div className="stack tight">
      <CheckField
        label="By guarded steps: 1, 5, 10, 25 and 50 % of end users, an hour each, and back by itself where it does harm"
        value={guarded !== undefined}
        onChange={(on) => onChange(on ? { unit: "END_USER", steps: defaultSteps } : undefined)}
      />
      {guarded !== undefined && (
        <details open={problem("rollout") !== undefined}>
          <summary>Other steps</summary>
          <div className="stack tight">
            <SelectField
              label="Who gets it"
              value={guarded.unit}
              onChange={(unit) => onChange({ ...guarded, unit: unit as Guarded["unit"] })}
              choices={[
                { value: "END_USER", label: "end users, or sessions where a call names none" },
                { value: "SESSION", label: "sessions" },
                { value: "API_KEY", label: "API keys" },
              ]}
            />
            <RolloutSteps value={guarded.steps} onChange={(steps) => onChange({ ...guarded, steps })} problem={problem} />
          </div>
        </details>
      )}
    </div>
  );
}
