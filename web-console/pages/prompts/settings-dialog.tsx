/** Where a prompt is filed, which of its labels need a second person, and whether it is an endpoint of its own. */
import { EditDialog, textOf } from "../../change/form.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { type PromptSettings, updatePrompt } from "./changes.ts";
import type { PromptData } from "./prompt-page.tsx";

const names = { folder: "Folder", protectedLabels: "Protected labels", runRouteId: "Endpoint of its own" };

export function SettingsDialog({
  prompt,
  routes,
  onClose,
}: {
  readonly prompt: PromptData;
  readonly routes: readonly { readonly id: string; readonly name: string }[];
  readonly onClose: () => void;
}) {
  return (
    <EditDialog<PromptSettings>
      title={`Settings of ${prompt.name}`}
      start={{ folder: prompt.folder, protectedLabels: prompt.protectedLabels.join(", "), runRouteId: prompt.runRouteId ?? "" }}
      revision={prompt.revision}
      names={names}
      submit="Publish the change"
      done="The prompt is changed"
      save={(values, revision) => updatePrompt(prompt.id, values, revision)}
      onClose={() => onClose()}
    >
      {(form) => (
        <>
          <TextField {...textOf(form, names, "folder")} hint="Such as support/email. Empty: at the top." />
          <TextField
            {...textOf(form, names, "protectedLabels")}
            hint="Between commas. They move only when a second person approves; taking the protection away needs that too."
          />
          <SelectField
            {...textOf(form, names, "runRouteId")}
            choices={[{ value: "", label: "none" }, ...routes.map(({ id, name }) => ({ value: id, label: `calls route ${name}` }))]}
            hint={`POST /v1/prompts/${prompt.name}/run takes the variables alone.`}
          />
        </>
      )}
    </EditDialog>
  );
}
