/** What was tried becomes a version of a prompt. */
import type { Choice } from "../../change/choices.ts";
import { ChooseField } from "../../change/choose-field.tsx";
import { EditDialog } from "../../change/form.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { createVersion, type MessageValues } from "../prompts/changes.ts";
import { jsonIn, parametersIn, type Sheet } from "./sheet.ts";

interface SaveDialogProps {
  /** What is chosen at first. */
  readonly prompt: Choice | undefined;
  readonly sheet: Sheet;
  readonly onClose: () => void;
}

export function SaveDialog({ prompt, sheet, onClose }: SaveDialogProps) {
  const { system, user } = sheet;
  const messagesOf = (what: string): readonly MessageValues[] => [
    ...(system.trim() === "" ? [] : [{ role: "SYSTEM" as const, template: system }]),
    ...(what === "both" || system.trim() === "" ? [{ role: "USER" as const, template: user }] : []),
  ];
  return (
    <EditDialog<{ promptId: string; what: string; commitMessage: string }>
      title="Save as a prompt version"
      description="With its tools, schema and parameters. It is saved without being deployed: labels other than latest stay where they are."
      start={{ promptId: prompt?.id ?? "", what: "system", commitMessage: "" }}
      names={{ promptId: "Prompt", what: "What", commitMessage: "What changed, and why" }}
      submit="Save the version"
      done="The version is saved"
      refuse={({ promptId }) => (promptId === "" ? "Choose a prompt" : undefined)}
      save={({ promptId, what, commitMessage }) =>
        createVersion(
          promptId,
          {
            messages: messagesOf(what),
            defaultParameters: defaultsIn(sheet),
            tools: jsonIn(sheet.tools),
            responseSchema: jsonIn(sheet.schema),
            inputs: null,
          },
          commitMessage,
        )
      }
      onClose={onClose}
    >
      {({ values, set, problem }) => (
        <>
          <ChooseField
            label="Prompt"
            of="prompts"
            value={values.promptId}
            named={values.promptId === prompt?.id ? prompt.name : undefined}
            onChange={({ id }) => set("promptId", id)}
            problem={problem("messages")}
          />
          <SelectField
            label="What"
            value={values.what}
            onChange={(what) => set("what", what)}
            choices={[
              { value: "system", label: "the system message (the message, where there is none)" },
              { value: "both", label: "both messages" },
            ]}
          />
          <TextField label="What changed, and why" value={values.commitMessage} onChange={(message) => set("commitMessage", message)} />
        </>
      )}
    </EditDialog>
  );
}

/** Tools and schema have places of their own; messages are the version's. Null: none are left. */
function defaultsIn(sheet: Sheet): unknown {
  const { messages: _, ...defaults } = parametersIn({ ...sheet, tools: "", schema: "" });
  return Object.keys(defaults).length === 0 ? null : defaults;
}
