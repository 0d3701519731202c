/** Deploying is moving a label: what callers would get differently, who they are, and then all nodes at once. Rolling back is the same, backwards. */
import { useState } from "react";
import type { Outcome } from "../../change/outcome.ts";
import { tell } from "../../change/tell.ts";
import { counted } from "../../format/numbers.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Editor } from "../../ui/editor.tsx";
import { CheckField, TextField } from "../../ui/field.tsx";
import { Notice } from "../../ui/marks.tsx";
import { requestLabel, rollOutLabel, setLabel } from "./changes.ts";
import { asText } from "./compare.tsx";
import type { PromptData, VersionData } from "./prompt-page.tsx";

interface DeployDialogProps {
  readonly prompt: PromptData;
  readonly version: VersionData;
  readonly routes: readonly { readonly name: string; readonly prompt: { readonly label: string | null } | null }[];
  readonly onClose: () => void;
}

export function DeployDialog({ prompt, version, routes, onClose }: DeployDialogProps) {
  const [label, setLabelName] = useState("production");
  const [bySteps, setBySteps] = useState(false);
  const [comment, setComment] = useState("");
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const now = prompt.labels.find(({ name }) => name === label)?.version;
  const current = prompt.versions.find((one) => one.version === now);
  const asking = routes.filter((route) => route.prompt?.label === label).map(({ name }) => name);
  const back = now !== undefined && version.version < now;
  const guarded = prompt.protectedLabels.includes(label);
  const calls = prompt.versionMetrics.find((one) => one.version === now)?.calls ?? 0;
  const deploy = async () => {
    setBusy(true);
    const outcome: Outcome<unknown> = guarded
      ? await requestLabel(prompt.id, label, version.version, comment, bySteps)
      : await (bySteps ? rollOutLabel : setLabel)(prompt.id, label, version.version, prompt.revision);
    setBusy(false);
    if (outcome.kind !== "done") return setFailure(outcome.message);
    tell(
      guarded
        ? `Asked to move ${label}; another administrator has to approve`
        : bySteps
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
          <p>
            {now === undefined ? `${label} points nowhere yet.` : `${label} is at version ${now}.`}{" "}
            {asking.length === 0
              ? "No route asks for it by this label."
              : `It changes what ${asking.join(", ")} answers, from the next call on.`}{" "}
            {calls > 0 && `Version ${now} made ${counted(calls, "call")} in the last 24 hours.`}
          </p>
          <Editor label="What callers get differently" language="liquid" value={asText(version)} against={asText(current)} />
        </>
      )}
      {now !== version.version && asking.length > 0 && !back && (
        <CheckField
          label="By guarded steps: 1, 5, 10, 25 and 50 % of end users, an hour each, and back by itself where it does harm"
          value={bySteps}
          onChange={setBySteps}
        />
      )}
      {guarded && (
        <>
          <Notice>{label} is protected: it moves when another administrator approves.</Notice>
          <TextField label="Why" value={comment} onChange={setComment} hint="For whoever approves" />
        </>
      )}
      {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" disabled={busy || label.trim() === "" || now === version.version} onClick={() => void deploy()}>
          {guarded ? "Ask for approval" : back ? "Roll back" : "Deploy"}
        </Button>
      </div>
    </Dialog>
  );
}
