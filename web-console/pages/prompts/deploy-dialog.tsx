/** Deploying is moving a label: what callers would get differently, who they are, and then all nodes at once. Rolling back is the same, backwards. */
import { useState } from "react";
import { tell } from "../../change/tell.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Editor } from "../../ui/editor.tsx";
import { TextField } from "../../ui/field.tsx";
import { Notice } from "../../ui/marks.tsx";
import { setLabel } from "./changes.ts";
import { asText, type PromptData, type VersionData } from "./prompt-page.tsx";

interface DeployDialogProps {
  readonly prompt: PromptData;
  readonly version: VersionData;
  readonly routes: readonly { readonly name: string; readonly prompt: { readonly label: string | null } | null }[];
  readonly onClose: () => void;
}

export function DeployDialog({ prompt, version, routes, onClose }: DeployDialogProps) {
  const [label, setLabelName] = useState("production");
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const now = prompt.labels.find(({ name }) => name === label)?.version;
  const current = prompt.versions.find((one) => one.version === now);
  const asking = routes.filter((route) => route.prompt?.label === label).map(({ name }) => name);
  const back = now !== undefined && version.version < now;
  const deploy = async () => {
    setBusy(true);
    const outcome = await setLabel(prompt.id, label, version.version, prompt.revision);
    setBusy(false);
    if (outcome.kind !== "done") return setFailure(outcome.message);
    tell(`${label} is version ${version.version}${now === undefined ? "" : `, it was ${now}`}`, outcome);
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
              : `It changes what ${asking.join(", ")} answers, from the next call on.`}
          </p>
          <Editor label="What callers get differently" language="liquid" value={asText(version)} against={asText(current)} />
        </>
      )}
      {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" disabled={busy || label.trim() === "" || now === version.version} onClick={() => void deploy()}>
          {back ? "Roll back" : "Deploy"}
        </Button>
      </div>
    </Dialog>
  );
}
