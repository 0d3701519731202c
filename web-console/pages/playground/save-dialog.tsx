/** What was tried becomes a version of a prompt that is there, or of a new one; what would differ is shown before. */
import { useRef } from "react";
import { useQuery } from "urql";
import type { Choice } from "../../change/choices.ts";
import { ChooseField } from "../../change/choose-field.tsx";
import { EditDialog, textOf } from "../../change/form.tsx";
import { graphql } from "../../graphql/documents.ts";
import { SelectField, TextField } from "../../ui/field.tsx";
import { TextDiff } from "../../ui/text-diff.tsx";
import { createPrompt, createVersion, type NewVersion } from "../prompts/changes.ts";
import { asText } from "../prompts/compare.tsx";
import { type VersionData, versionFragment } from "../prompts/version-query.ts";
import { savedMessages, turnsIn } from "./saved-messages.ts";
import { jsonIn, parametersIn, type Sheet } from "./sheet.ts";

const newestQuery = graphql(
  `
    query NewestPromptVersion($id: ID!) {
      prompt(id: $id) {
        versions(first: 1) {
          ...WholeVersion
        }
      }
    }
  `,
  [versionFragment],
);

export interface SavedVersion {
  readonly prompt: { readonly id: string; readonly name: string };
  readonly promptVersion: { readonly version: number };
}

interface SaveDialogProps {
  /** What is chosen at first. */
  readonly prompt: Choice | undefined;
  /** Without a problem. */
  readonly sheet: Sheet;
  /** @param saved undefined: it was left. */
  readonly onClose: (saved: SavedVersion | undefined) => void;
}

interface SaveValues extends Readonly<Record<string, unknown>> {
  /** Empty: a new prompt, of that name. */
  readonly promptId: string;
  readonly name: string;
  readonly what: string;
  readonly commitMessage: string;
}

const names = { promptId: "Prompt", name: "Its name", what: "What", commitMessage: "What changed, and why" };

export function SaveDialog({ prompt, sheet, onClose }: SaveDialogProps) {
  /** Where the prompt was made and its version refused, the next try goes on from there. */
  const made = useRef<string>(undefined);
  const newest = useRef<VersionData>(undefined);
  const save = async ({ promptId, name, what, commitMessage }: SaveValues) => {
    let id = promptId === "" ? made.current : promptId;
    if (id === undefined) {
      const outcome = await createPrompt(name.trim(), "CHAT", "");
      if (outcome.kind !== "done") return outcome;
      id = (outcome.payload as { prompt: { id: string } }).prompt.id;
      made.current = id;
    }
    return createVersion(id, versionIn(sheet, what, newest.current), commitMessage);
  };
  return (
    <EditDialog<SaveValues>
      title="Save as a prompt version"
      description="With its tools, schema and parameters. It is saved without being deployed: labels other than latest stay where they are."
      start={{
        promptId: prompt?.id ?? "",
        name: "",
        what: sheet.system.trim() === "" && turnsIn(sheet) ? "turns" : "system",
        commitMessage: "",
      }}
      names={names}
      submit="Save the version"
      done="The version is saved"
      large
      refuse={({ promptId, name, what }) =>
        promptId === "" && name.trim() === ""
          ? "Choose a prompt, or name the new one"
          : savedMessages(sheet, what, newest.current?.messages ?? []).length === 0
            ? "There is no such message to save"
            : undefined
      }
      save={save}
      onClose={(outcome) => onClose(outcome?.kind === "done" ? (outcome.payload as SavedVersion) : undefined)}
    >
      {(form) => (
        <>
          <div className="field-grid">
            <ChooseField
              label={names.promptId}
              of="prompts"
              value={form.values.promptId}
              named={form.values.promptId === prompt?.id ? prompt.name : undefined}
              none="a new prompt"
              onChange={({ id }) => form.set("promptId", id)}
              problem={form.problem("messages") ?? form.problem("promptId")}
            />
            {form.values.promptId === "" && <TextField {...textOf(form, names, "name")} hint="Such as support-answer" />}
            <SelectField
              {...textOf(form, names, "what")}
              choices={[
                { value: "system", label: sheet.system.trim() === "" ? "the message" : "the system message" },
                { value: "both", label: "the system message and the message" },
                ...(form.values.promptId === "" ? [] : [{ value: "own", label: "the prompt's newest version, then the system message" }]),
                ...(turnsIn(sheet) === undefined ? [] : [{ value: "turns", label: "all messages under more parameters" }]),
              ]}
            />
          </div>
          <TextField {...textOf(form, names, "commitMessage")} maxLength={500} />
          <Difference promptId={form.values.promptId} what={form.values.what} sheet={sheet} newest={newest} />
        </>
      )}
    </EditDialog>
  );
}

interface DifferenceProps {
  readonly promptId: string;
  readonly what: string;
  readonly sheet: Sheet;
  /** Is told which version is the newest. */
  readonly newest: { current: VersionData | undefined };
}

function Difference({ promptId, what, sheet, newest }: DifferenceProps) {
  const [{ data, fetching }] = useQuery({ query: newestQuery, variables: { id: promptId }, pause: promptId === "" });
  const before = promptId === "" ? undefined : data?.prompt?.versions[0];
  newest.current = before;
  if (fetching && before === undefined) return <p className="quiet">Reading its newest version …</p>;
  const after = versionIn(sheet, what, before);
  return (
    <TextDiff
      label={before === undefined ? "What is saved" : `What differs from version ${before.version}`}
      before={asText(before)}
      after={asText({ ...after, messages: [...after.messages] })}
    />
  );
}

const versionIn = (sheet: Sheet, what: string, newest: VersionData | undefined): NewVersion => ({
  messages: savedMessages(sheet, what, newest?.messages ?? []),
  defaultParameters: defaultsIn(sheet),
  tools: jsonIn(sheet.tools),
  responseSchema: jsonIn(sheet.schema),
  inputs: null,
});

/** Tools and schema have places of their own; messages are the version's. Null: none are left. */
function defaultsIn(sheet: Sheet): unknown {
  const { messages: _, ...defaults } = parametersIn({ ...sheet, tools: "", schema: "" });
  return Object.keys(defaults).length === 0 ? null : defaults;
}
