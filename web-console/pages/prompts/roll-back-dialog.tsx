/** A label goes back to where it stood: to which version, since when it is away from there, and what callers get differently. */
import { useState } from "react";
import { tell } from "../../change/tell.ts";
import { moment, useUtc } from "../../format/time.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { Notice } from "../../ui/marks.tsx";
import { TextDiff } from "../../ui/text-diff.tsx";
import { Affected } from "./affected.tsx";
import { rollBackLabel } from "./changes.ts";
import { asText } from "./compare.tsx";
import type { PromptData } from "./prompt-page.tsx";
import { useVersion } from "./version-query.ts";

interface RollBackDialogProps {
  readonly prompt: PromptData;
  readonly label: string;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

export function RollBackDialog({ prompt, label, onClose, onChanged }: RollBackDialogProps) {
  const standing = prompt.labels.find(({ name }) => name === label);
  const back = standing?.previousVersion ?? undefined;
  const from = useVersion(prompt, standing?.version);
  const to = useVersion(prompt, back);
  const [reason, setReason] = useState("");
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const utc = useUtc();
  const word = standing !== undefined && back !== undefined && back > standing.version ? "Move" : "Roll";
  const rollBack = async () => {
    setBusy(true);
    setFailure(undefined);
    const outcome = await rollBackLabel(prompt.id, label, reason, prompt.revision);
    setBusy(false);
    onChanged();
    if (outcome.kind === "conflict")
      return setFailure("Somebody else has just changed this prompt. This is what it would do now: look at it again before you go on.");
    if (outcome.kind !== "done") return setFailure(outcome.message);
    tell(`${label} is back at version ${back}`, outcome);
    onClose();
  };
  return (
    <Dialog
      open
      large
      onClose={onClose}
      title={back === undefined ? `${label} has nowhere to go back to` : `${word} ${label} back to version ${back}`}
      description={
        standing?.previousUntil == null
          ? "It never stood at another version."
          : `${label} goes back to version ${back}, where it stood until ${moment(standing.previousUntil, utc)}.`
      }
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void rollBack();
        }}
      >
        <Affected prompt={prompt} label={label} now={standing?.version} />
        {from == null || to == null ? (
          <p className="quiet">Reading both versions …</p>
        ) : (
          <TextDiff label="What callers get differently" before={asText(from)} after={asText(to)} />
        )}
        {prompt.protectedLabels.includes(label) && (
          <Notice>{label} is protected, but the way back needs nobody else: that version was approved before.</Notice>
        )}
        <TextField label="Why" value={reason} onChange={setReason} maxLength={500} hint="Optional; kept in the label's history." />
        {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
        <div className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={busy || back === undefined}>
            {word} back
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
