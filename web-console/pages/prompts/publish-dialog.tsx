/** Publishing what was written: the difference from what it began with, why, and whether a label is to move to it next. */
import { useState } from "react";
import { type Issue, problemAt } from "../../change/issues.ts";
import { tell } from "../../change/tell.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { Notice } from "../../ui/marks.tsx";
import { TextDiff } from "../../ui/text-diff.tsx";
import { createVersion, type NewVersion } from "./changes.ts";
import { asText } from "./compare.tsx";
import type { PromptData } from "./prompt-page.tsx";
import type { VersionData } from "./version-query.ts";

interface PublishDialogProps {
  readonly prompt: PromptData;
  /** What it began with; undefined: nothing. */
  readonly from: VersionData | undefined;
  readonly version: NewVersion;
  /** @param deploy a label is to move to it next. */
  readonly onPublished: (version: number, deploy: boolean) => void;
  readonly onWrong: (issues: readonly Issue[]) => void;
  readonly onClose: () => void;
}

const labels = { commitMessage: "What changed, and why" };

export function PublishDialog({ prompt, from, version, onPublished, onWrong, onClose }: PublishDialogProps) {
  const [commitMessage, setCommitMessage] = useState("");
  const [issues, setIssues] = useState<readonly Issue[]>([]);
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const publish = async (deploy: boolean) => {
    setBusy(true);
    setFailure(undefined);
    const outcome = await createVersion(prompt.id, version, commitMessage);
    setBusy(false);
    if (outcome.kind === "invalid") {
      setIssues(outcome.issues);
      return outcome.issues.some(({ path }) => path === "commitMessage") ? undefined : onWrong(outcome.issues);
    }
    if (outcome.kind !== "done") return setFailure(outcome.message);
    const { promptVersion } = outcome.payload as { promptVersion: { version: number } };
    tell(`Version ${promptVersion.version} is published`, outcome);
    onPublished(promptVersion.version, deploy);
  };
  const text = asText({ ...version, messages: [...version.messages] });
  const atOnce = prompt.usedBy.filter(({ label }) => label === "latest").map(({ name }) => name);
  return (
    <Dialog
      open
      large
      holds={commitMessage !== ""}
      onClose={onClose}
      title={`Publish version ${(prompt.versions[0]?.version ?? 0) + 1}`}
      description="A version never changes once it is published. Callers get it when a label that they ask for moves to it."
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void publish(true);
        }}
      >
        {text === asText(from) ? (
          <Notice>Nothing differs from version {from?.version}.</Notice>
        ) : (
          <TextDiff label="What differs" before={asText(from)} after={text} />
        )}
        {atOnce.length > 0 && (
          <Notice tone="warn">The label latest moves to it by itself, so it changes at once what {atOnce.join(", ")} answers.</Notice>
        )}
        <TextField
          label={labels.commitMessage}
          value={commitMessage}
          onChange={setCommitMessage}
          maxLength={500}
          problem={problemAt(issues, "commitMessage", labels)}
        />
        {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
        <div className="dialog-foot">
          <Button onClick={onClose}>Back to the text</Button>
          <Button disabled={busy} onClick={() => void publish(false)}>
            Publish only
          </Button>
          <Button type="submit" look="primary" disabled={busy}>
            Publish, then deploy …
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
