/** Takes away what was said in calls before a day: asked for in figures, and with a typed name. */
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { change, type Outcome, problemFragment } from "../../change/outcome.ts";
import { graphql } from "../../graphql/documents.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";

const deleteMutation = graphql(
  `
    mutation DeleteCallContent($input: DeleteCallContentInput!) {
      deleteCallContent(input: $input) {
        ... on DeletedCallContent {
          deleted
          more
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

/** A part at a time, until there is no more. */
async function deleteBefore(before: string): Promise<Outcome<unknown>> {
  for (;;) {
    const outcome = await change(deleteMutation, { input: { before } });
    if (outcome.kind !== "done" || !outcome.payload.more) return outcome;
  }
}

const today = (): string => new Date().toISOString().slice(0, 10);

export function DeleteContent({ organisationKey }: { readonly organisationKey: string }) {
  const refusal = useRefusal("admin");
  const [day, setDay] = useState(today);
  const [asking, setAsking] = useState(false);
  return (
    <Card title="Delete what was said">
      <div className="stack">
        <p className="quiet">What is kept goes by itself when its days are over. Here it goes at once, for all projects and routes.</p>
        <div className="filters">
          <TextField label="In calls before" type="date" value={day} max={today()} onChange={setDay} />
          <Button look="danger" refused={day === "" ? "Choose a day" : refusal} onClick={() => setAsking(true)}>
            Delete it
          </Button>
        </div>
      </div>
      {asking && (
        <DestroyDialog
          title={`Delete what was said before ${day}?`}
          name={organisationKey}
          verb="Delete it"
          done={`What was said before ${day} is deleted`}
          consequences={[
            "Requests and answers of those calls can no longer be read or tried again, and texts of replays that were made from them go too.",
            "Figures, costs and datasets stay. It cannot be undone.",
          ]}
          act={() => deleteBefore(`${day}T00:00:00Z`)}
          onClose={() => setAsking(false)}
        />
      )}
    </Card>
  );
}
