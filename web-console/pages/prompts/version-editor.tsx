/** Writing the next version: the messages, their variables as they are typed, the difference before it is saved. */
import { Plus, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { same } from "../../change/merge-changes.ts";
import { tell } from "../../change/tell.ts";
import { forgetUnsaved, keepUnsaved } from "../../session/unsaved.ts";
import { useRefusal, useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Editor } from "../../ui/editor.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { Folded } from "../../ui/folded.tsx";
import { Badge, Notice, When } from "../../ui/marks.tsx";
import { TextDiff } from "../../ui/text-diff.tsx";
import { createVersion, type MessageValues, type NewVersion } from "./changes.ts";
import { asText } from "./compare.tsx";
import type { PromptData } from "./prompt-page.tsx";
import { draftFrom, draftProblem, keptDraft, placeOf, type VersionDraft, variablesIn, versionOf } from "./version-draft.ts";
import { useVersion, type VersionData } from "./version-query.ts";

const roles = ["SYSTEM", "DEVELOPER", "USER", "ASSISTANT"] as const;

interface VersionEditorProps {
  readonly prompt: PromptData;
  /** What it begins with; undefined: nothing. */
  readonly from: VersionData | undefined;
  readonly onSaved: (version: number) => void;
}

export function VersionEditor({ prompt, from, onSaved }: VersionEditorProps) {
  const place = placeOf(useViewer().tokenId, prompt.id);
  const [kept, setKept] = useState(() => keptDraft(place));
  const [draft, setDraft] = useState<VersionDraft>(() => kept?.content ?? draftFrom(from));
  const base = useVersion(prompt, draft.from > 0 ? draft.from : undefined) ?? undefined;
  const write = (patch: Partial<VersionDraft>) => {
    const next = { ...draft, ...patch };
    setDraft(next);
    if (same(next, draftFrom(base))) forgetUnsaved(place);
    else keepUnsaved(place, next);
  };
  const discard = () => {
    forgetUnsaved(place);
    setKept(undefined);
    setDraft(draftFrom(from));
  };
  const { messages } = draft;
  const [reviewing, setReviewing] = useState(false);
  const refusal = useRefusal("developer");
  const newest = prompt.versions[0]?.version ?? 0;
  const variables = useMemo(() => variablesIn(messages), [messages]);
  const problem = draftProblem(draft);
  const setMessage = (at: number, patch: Partial<MessageValues>) =>
    write({ messages: messages.map((one, index) => (index === at ? { ...one, ...patch } : one)) });
  return (
    <Card title={base === undefined ? "The first version" : `A new version, from version ${base.version}`}>
      <div className="stack">
        {kept !== undefined && (
          <Notice>
            <div className="row apart">
              <span>
                Your draft, kept in this browser <When at={kept.keptAt} />.
                {newest > draft.from && ` Version ${newest} was saved since it was begun.`}
              </span>
              <Button small onClick={discard}>
                Discard it
              </Button>
            </div>
          </Notice>
        )}
        {messages.map((message, at) => (
          <div key={`message ${at}`} className="stack tight">
            <div className="row apart">
              <div style={{ width: "12rem" }}>
                <SelectField
                  label={`Message ${at + 1} speaks as`}
                  value={message.role}
                  onChange={(role) => setMessage(at, { role: role as MessageValues["role"] })}
                  choices={roles.map((role) => ({ value: role, label: role.toLowerCase() }))}
                />
              </div>
              {messages.length > 1 && (
                <Button
                  look="plain"
                  icon
                  aria-label={`Remove message ${at + 1}`}
                  onClick={() => write({ messages: messages.filter((_, index) => index !== at) })}
                >
                  <Trash2 size={16} aria-hidden />
                </Button>
              )}
            </div>
            <Editor
              label={`Message ${at + 1}`}
              language="liquid"
              value={message.template}
              onChange={(template) => setMessage(at, { template })}
              variables={variables}
              lines={5}
            />
          </div>
        ))}
        <div>
          <Button small onClick={() => write({ messages: [...messages, { role: "USER", template: "" }] })}>
            <Plus size={14} aria-hidden /> Add a message
          </Button>
        </div>
        <div className="row">
          <span className="quiet">Variables:</span>
          {variables.length === 0 ? (
            <span className="quiet">
              none; write <code>{"{{ name }}"}</code> for what a call brings
            </span>
          ) : (
            variables.map((name) => <Badge key={name}>{name}</Badge>)
          )}
        </div>
        {parts.map(({ name, title, label }) => (
          <Folded key={name} summary={title} filled={draft[name] !== ""}>
            <Editor label={label} language="json" value={draft[name]} onChange={(text) => write({ [name]: text })} lines={3} />
          </Folded>
        ))}
        <div>
          <Button look="primary" refused={refusal ?? problem} onClick={() => setReviewing(true)}>
            Review and save
          </Button>
        </div>
      </div>
      {reviewing && problem === undefined && (
        <Review
          prompt={prompt}
          from={base}
          version={versionOf(draft)}
          onClose={() => setReviewing(false)}
          onSaved={(version) => {
            forgetUnsaved(place);
            onSaved(version);
          }}
        />
      )}
    </Card>
  );
}

/** Beside its messages. */
const parts = [
  { name: "parameters", title: "Default parameters", label: "Default parameters as JSON" },
  { name: "tools", title: "Tools", label: "Tools as JSON, a list as OpenAI's chat API has it" },
  { name: "responseSchema", title: "Schema of the answer", label: "JSON Schema of the answer" },
  { name: "inputs", title: "Schema of its variables: empty, it is derived from the messages", label: "JSON Schema of the variables" },
] as const;

interface ReviewProps extends VersionEditorProps {
  readonly version: NewVersion;
  readonly onClose: () => void;
}

function Review({ prompt, from, version, onClose, onSaved }: ReviewProps) {
  const [commitMessage, setCommitMessage] = useState("");
  const [label, setLabel] = useState("");
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    const outcome = await createVersion(prompt.id, version, commitMessage, label.trim() === "" ? [] : [label.trim()]);
    setBusy(false);
    if (outcome.kind !== "done") return setFailure(outcome.message);
    tell("The version is saved", outcome);
    onClose();
    onSaved((outcome.payload as { promptVersion: { version: number } }).promptVersion.version);
  };
  const text = asText({ ...version, messages: [...version.messages] });
  return (
    <Dialog
      open
      large
      onClose={onClose}
      title="Before it is saved"
      description="A version never changes once it is saved; the label latest moves to it by itself."
    >
      <div className="stack">
        {text === asText(from) ? (
          <Notice>Nothing differs from version {from?.version}.</Notice>
        ) : (
          <TextDiff label="What differs" before={asText(from)} after={text} />
        )}
        <TextField label="What changed, and why" value={commitMessage} onChange={setCommitMessage} maxLength={500} autoFocus />
        <TextField
          label="Label to move to it"
          value={label}
          onChange={setLabel}
          hint="Optional. Empty: saved without being deployed. production would deploy it at once."
        />
        {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
        <div className="dialog-foot">
          <Button onClick={onClose}>Back to the text</Button>
          <Button look="primary" disabled={busy} onClick={() => void save()}>
            Save the version
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
