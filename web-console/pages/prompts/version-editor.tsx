/** Writing the next version: the messages, their variables as they are typed, the difference before it is saved. */
import { Plus, Trash2 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { covers, type Issue, problemAt, sentenceOf, unplaced } from "../../change/issues.ts";
import { same } from "../../change/merge-changes.ts";
import { forgetUnsaved, keepUnsaved } from "../../session/unsaved.ts";
import { useRefusal, useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Editor } from "../../ui/editor.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Folded } from "../../ui/folded.tsx";
import { Badge, Notice, When } from "../../ui/marks.tsx";
import type { MessageValues } from "./changes.ts";
import type { PromptData } from "./prompt-page.tsx";
import { PublishDialog } from "./publish-dialog.tsx";
import { draftFrom, draftProblem, keptDraft, placeOf, type VersionDraft, variablesIn, versionOf } from "./version-draft.ts";
import { useVersion, type VersionData } from "./version-query.ts";

const roles = ["SYSTEM", "DEVELOPER", "USER", "ASSISTANT"] as const;

interface VersionEditorProps {
  readonly prompt: PromptData;
  /** What it begins with; undefined: nothing. */
  readonly from: VersionData | undefined;
  /** @param deploy a label is to move to it next. */
  readonly onPublished: (version: number, deploy: boolean) => void;
}

export function VersionEditor({ prompt, from, onPublished }: VersionEditorProps) {
  const place = placeOf(useViewer().tokenId, prompt.id);
  const [kept, setKept] = useState(() => keptDraft(place));
  const [draft, setDraft] = useState<VersionDraft>(() => kept?.content ?? draftFrom(from, prompt.kind));
  const base = useVersion(prompt, draft.from > 0 ? draft.from : undefined) ?? undefined;
  const [issues, setIssues] = useState<readonly Issue[]>([]);
  const wrong = (path: string) => problemAt(issues, path, labels);
  const form = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (issues.length === 0) return;
    // The dialog that has just closed gives the focus back in the next frame; this is the one after it.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
    });
    return () => cancelAnimationFrame(frame);
  }, [issues]);
  /** @param path what of it is another than the control plane has looked at. */
  const write = (path: string, patch: Partial<VersionDraft>) => {
    const next = { ...draft, ...patch };
    setDraft(next);
    if (issues.some((issue) => covers(path, issue.path))) setIssues(issues.filter((issue) => !covers(path, issue.path)));
    if (same(next, draftFrom(base, prompt.kind))) forgetUnsaved(place);
    else keepUnsaved(place, next);
  };
  const discard = () => {
    forgetUnsaved(place);
    setKept(undefined);
    setDraft(draftFrom(from, prompt.kind));
    setIssues([]);
  };
  const { messages } = draft;
  const [reviewing, setReviewing] = useState(false);
  const refusal = useRefusal("developer");
  const newest = prompt.versions[0]?.version ?? 0;
  const variables = useMemo(() => variablesIn(messages), [messages]);
  const problem = draftProblem(draft);
  const setMessage = (at: number, patch: Partial<MessageValues>) =>
    write(`messages[${at}]`, { messages: messages.map((one, index) => (index === at ? { ...one, ...patch } : one)) });
  const rest = unplaced(issues, new Set([...messages.map((_, at) => `messages[${at}]`), ...parts.map(({ path }) => path)]));
  return (
    <Card title={draft.from === 0 ? "The first version" : `A new version, from version ${draft.from}`}>
      <div className="stack" ref={form}>
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
              {prompt.kind === "CHAT" && (
                <div style={{ width: "12rem" }}>
                  <SelectField
                    label={`Message ${at + 1} speaks as`}
                    value={message.role}
                    onChange={(role) => setMessage(at, { role: role as MessageValues["role"] })}
                    choices={roles.map((role) => ({ value: role, label: role.toLowerCase() }))}
                    problem={wrong(`messages[${at}].role`)}
                  />
                </div>
              )}
              {messages.length > 1 && (
                <Button
                  look="plain"
                  icon
                  aria-label={`Remove message ${at + 1}`}
                  onClick={() => write("messages", { messages: messages.filter((_, index) => index !== at) })}
                >
                  <Trash2 size={16} aria-hidden />
                </Button>
              )}
            </div>
            <Editor
              label={prompt.kind === "CHAT" ? `Message ${at + 1}` : "Template"}
              problem={wrong(`messages[${at}].template`)}
              language="liquid"
              value={message.template}
              onChange={(template) => setMessage(at, { template })}
              variables={variables}
              lines={5}
            />
          </div>
        ))}
        {prompt.kind === "CHAT" && (
          <div>
            <Button small onClick={() => write("messages", { messages: [...messages, { role: "USER", template: "" }] })}>
              <Plus size={14} aria-hidden /> Add a message
            </Button>
          </div>
        )}
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
        {parts.map(({ name, path, title, label }) => (
          <Folded key={name} summary={title} filled={draft[name] !== ""} wrong={wrong(path) !== undefined}>
            <Editor
              label={label}
              language="json"
              value={draft[name]}
              onChange={(text) => write(path, { [name]: text })}
              problem={wrong(path)}
              lines={3}
            />
          </Folded>
        ))}
        {issues.length > 0 && (
          <Notice tone="bad">
            It is not published. {rest.length > 0 ? sentenceOf(rest, labels) : "What is wrong is said at its place."}
          </Notice>
        )}
        <div className="row">
          <Button look="primary" refused={refusal ?? problem} onClick={() => setReviewing(true)}>
            Publish version {newest + 1}
          </Button>
          <span className="quiet">What differs is shown before anything is published.</span>
        </div>
      </div>
      {reviewing && problem === undefined && (
        <PublishDialog
          prompt={prompt}
          from={base}
          version={versionOf(draft)}
          onClose={() => setReviewing(false)}
          onWrong={(found) => {
            setReviewing(false);
            setIssues(found);
          }}
          onPublished={(version, deploy) => {
            forgetUnsaved(place);
            onPublished(version, deploy);
          }}
        />
      )}
    </Card>
  );
}

/** Beside its messages. */
const parts = [
  { name: "parameters", path: "defaultParameters", title: "Default parameters", label: "Default parameters as JSON" },
  { name: "tools", path: "tools", title: "Tools", label: "Tools as JSON, a list as OpenAI's chat API has it" },
  { name: "responseSchema", path: "responseSchema", title: "Schema of the answer", label: "JSON Schema of the answer" },
  {
    name: "inputs",
    path: "inputs",
    title: "Schema of its variables: empty, it is derived from the messages",
    label: "JSON Schema of the variables",
  },
] as const;

/** Where a problem of the whole speaks of one. */
const labels = { ...Object.fromEntries(parts.map(({ path, title }) => [path, title])), inputs: "Schema of its variables" };
