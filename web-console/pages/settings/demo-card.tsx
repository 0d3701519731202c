/** The demo that a new installation has behind it: what it is, and away with it. */
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { change, problemFragment } from "../../change/outcome.ts";
import { graphql } from "../../graphql/documents.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { When } from "../../ui/marks.tsx";

const removeDemoMutation = graphql(
  `
    mutation RemoveDemo {
      removeDemo(waitForPropagation: true) {
        ... on RemoveDemoPayload {
          callsRemoved
          configRevision {
            number
          }
          propagation {
            nodeId
            nodeName
            applied
            refusedReason
            waitedMs
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

export function DemoCard({ state, madeAt }: { readonly state: "LAYING" | "READY" | "REMOVED"; readonly madeAt: string }) {
  const [removing, setRemoving] = useState(false);
  const refusal = useRefusal();
  if (state === "REMOVED") return null;
  return (
    <Card title="Demo">
      <div className="stack">
        <p>
          The project “Storefront (demo)” and its week of calls are made up; they end <When at={madeAt} />
          {state === "LAYING" && ", and are still on their way into the ledger"}. What you make and call beside it is real.
        </p>
        <div>
          <Button look="danger" refused={refusal} onClick={() => setRemoving(true)}>
            Remove the demo
          </Button>
        </div>
      </div>
      {removing && (
        <DestroyDialog
          title="Remove the demo?"
          name="demo"
          verb="Remove the demo"
          done="The demo is gone"
          consequences={[
            "Its project, keys, backends, prompts, routes, quotas, budget and experiments are archived.",
            "Its calls leave the ledger, and every sum is made anew without them.",
            "demo-chat and the simulator stay, and so does all that is yours. It does not come back.",
          ]}
          act={() => change(removeDemoMutation, {})}
          onClose={() => setRemoving(false)}
        />
      )}
    </Card>
  );
}
