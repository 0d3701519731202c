/** Where a prompt is filed, which of its labels need a second person, and whether it is an endpoint of its own. */
import { ChooseField } from "../../change/choose-field.tsx";
import { EditDialog, textOf } from "../../change/form.tsx";
import { columnNames } from "../../change/words/column-names.ts";
import { client } from "../../graphql/client.ts";
import { graphql } from "../../graphql/documents.ts";
import { TextField } from "../../ui/field.tsx";
import { type PromptSettings, updatePrompt } from "./changes.ts";
import type { PromptData } from "./prompt-page.tsx";

const names = {
  folder: columnNames.PROMPT_FOLDER,
  protectedLabels: columnNames.PROMPT_PROTECTED_LABELS,
  runRouteId: columnNames.PROMPT_RUN_ROUTE_ID,
};

const readSettings = graphql(`
  query ReadPromptSettings($id: ID!) {
    prompt(id: $id) {
      folder
      protectedLabels
      runRouteId
      revision
    }
  }
`);

const valuesOf = ({
  folder,
  protectedLabels,
  runRouteId,
}: Pick<PromptData, "folder" | "protectedLabels" | "runRouteId">): PromptSettings => ({
  folder,
  protectedLabels: protectedLabels.join(", "),
  runRouteId: runRouteId ?? "",
});

async function readAgain(id: string) {
  const { data } = await client.query(readSettings, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.prompt == null ? undefined : { values: valuesOf(data.prompt), revision: data.prompt.revision };
}

export function SettingsDialog({ prompt, onClose }: { readonly prompt: PromptData; readonly onClose: () => void }) {
  return (
    <EditDialog<PromptSettings>
      title={`Settings of ${prompt.name}`}
      start={valuesOf(prompt)}
      revision={prompt.revision}
      readAgain={() => readAgain(prompt.id)}
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
          <ChooseField
            label={names.runRouteId}
            of="routes"
            value={form.values.runRouteId}
            none="none"
            onChange={({ id }) => form.set("runRouteId", id)}
            problem={form.problem("runRouteId")}
            hint={`POST /v1/prompts/${prompt.name}/run takes the variables alone.`}
          />
        </>
      )}
    </EditDialog>
  );
}
