/** Writing the next version: the messages, their variables as they are typed, the difference before it is saved. */
import { Plus, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { tell } from "../../change/tell.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Editor } from "../../ui/editor.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { Badge, Notice } from "../../ui/marks.tsx";
import { createVersion, type MessageValues, type NewVersion } from "./changes.ts";
import { asText } from "./compare.tsx";
import type { PromptData, VersionData } from "./prompt-page.tsx";

const roles = ["SYSTEM", "DEVELOPER", "USER", "ASSISTANT"] as const;

interface VersionEditorProps {
  readonly prompt: PromptData;
  /** What it begins with; undefined: nothing. */
  readonly from: VersionData | undefined;
  readonly onSaved: (version: number) => void;
}

export function VersionEditor({ prompt, from, onSaved }: VersionEditorProps) {
  const [messages, setMessages] = useState<readonly MessageValues[]>(
    () => from?.messages.map(({ role, template }) => ({ role, template })) ?? [{ role: "SYSTEM", template: "" }],
  );
  const [parameters, setParameters] = useState(() => jsonText(from?.defaultParameters));
  const [tools, setTools] = useState(() => jsonText(from?.tools));
  const [responseSchema, setResponseSchema] = useState(() => jsonText(from?.responseSchema));
  const [reviewing, setReviewing] = useState(false);
  const refusal = useRefusal("developer");
  const variables = useMemo(() => variablesIn(messages), [messages]);
  const problem = problemOf(messages, { "default parameters": parameters, tools, "schema of the answer": responseSchema });
  const setMessage = (at: number, patch: Partial<MessageValues>) =>
    setMessages((before) => before.map((one, index) => (index === at ? { ...one, ...patch } : one)));
  return (
    <Card title={from === undefined ? "The first version" : `A new version, from version ${from.version}`}>
      <div className="stack">
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
                  onClick={() => setMessages((before) => before.filter((_, index) => index !== at))}
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
          <Button small onClick={() => setMessages((before) => [...before, { role: "USER", template: "" }])}>
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
        <details>
          <summary>Default parameters</summary>
          <Editor label="Default parameters as JSON" language="json" value={parameters} onChange={setParameters} lines={3} />
        </details>
        <details open={tools !== ""}>
          <summary>Tools</summary>
          <Editor label="Tools as JSON, a list as OpenAI's chat API has it" language="json" value={tools} onChange={setTools} lines={3} />
        </details>
        <details open={responseSchema !== ""}>
          <summary>Schema of the answer</summary>
          <Editor label="JSON Schema of the answer" language="json" value={responseSchema} onChange={setResponseSchema} lines={3} />
        </details>
        <div>
          <Button look="primary" refused={refusal ?? problem} onClick={() => setReviewing(true)}>
            Review and save
          </Button>
        </div>
      </div>
      {reviewing && problem === undefined && (
        <Review
          prompt={prompt}
          from={from}
          version={{ messages, defaultParameters: jsonOf(parameters), tools: jsonOf(tools), responseSchema: jsonOf(responseSchema) }}
          onClose={() => setReviewing(false)}
          onSaved={onSaved}
        />
      )}
    </Card>
  );
}

/** A guide while typing; the control plane derives them truly when it is saved. */
function variablesIn(messages: readonly MessageValues[]): string[] {
  const found = messages.flatMap(({ template }) => [...template.matchAll(/\{\{-?\s*([A-Za-z_][\w]*)/g)].map(([, name = ""]) => name));
  return [...new Set(found)].sort();
}

const jsonText = (value: unknown): string => (value == null ? "" : JSON.stringify(value, null, 2));
/** @param text was found to be JSON, or empty. */
const jsonOf = (text: string): unknown => (text.trim() === "" ? null : JSON.parse(text));

function problemOf(messages: readonly MessageValues[], texts: Readonly<Record<string, string>>): string | undefined {
  if (messages.every(({ template }) => template.trim() === "")) return "Write something first";
  for (const [name, text] of Object.entries(texts)) {
    try {
      jsonOf(text);
    } catch {
      return `What stands under ${name} is not JSON`;
    }
  }
  return undefined;
}

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
          <Editor label="What differs" language="liquid" value={text} against={asText(from)} />
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
