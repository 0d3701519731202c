/** The calls that run: how far each has come, and a way to end one. */
import { useState } from "react";
import { change, problemFragment } from "../../change/outcome.ts";
import { tell } from "../../change/tell.ts";
import { count, duration } from "../../format/numbers.ts";
import { graphql } from "../../graphql/documents.ts";
import type { RunningCall } from "../../graphql/traffic.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Badge, type Tone } from "../../ui/marks.tsx";

const endMutation = graphql(
  `
    mutation EndCall($callId: ID!) {
      endCall(input: { callId: $callId }) {
        __typename
        ... on EndCallPayload {
          callId
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const progress: Readonly<Record<string, readonly [words: string, tone: Tone]>> = {
  QUEUED: ["queued", "warn"],
  CONNECTING: ["connecting", "neutral"],
  FIRST_TOKEN: ["waits for the first token", "info"],
  STREAMING: ["streaming", "good"],
};

export function RunningCalls({ calls }: { readonly calls: readonly RunningCall[] }) {
  const refusal = useRefusal();
  const [ending, setEnding] = useState<RunningCall>();
  const columns: readonly Column<RunningCall>[] = [
    {
      id: "progress",
      name: "Now",
      cell: ({ progress: one }) => <Badge tone={progress[one]?.[1] ?? "neutral"}>{progress[one]?.[0] ?? one}</Badge>,
    },
    { id: "route", name: "Route", cell: (call) => call.routeName },
    { id: "backend", name: "Backend", cell: (call) => call.backendName ?? "none yet" },
    { id: "attempt", name: "Attempt", end: true, cell: (call) => call.attempts || "–" },
    { id: "runs", name: "Runs for", end: true, cell: (call) => duration(Math.max(0, Date.now() - Date.parse(call.since))) },
    { id: "tokens", name: "Tokens so far", end: true, cell: (call) => count(call.outputTokens) },
    {
      id: "end",
      name: "",
      cell: (call) => (
        <Button small refused={refusal} onClick={() => setEnding(call)}>
          End it
        </Button>
      ),
    },
  ];
  return (
    <Card title="Running" flush={calls.length > 0}>
      {calls.length === 0 ? (
        <p className="quiet">No call runs, or none for long enough to be seen: nodes tell every two seconds.</p>
      ) : (
        <DataTable label="Calls that run" columns={columns} rows={calls} rowId={({ callId }) => callId} />
      )}
      {ending !== undefined && <EndDialog call={ending} onClose={() => setEnding(undefined)} />}
    </Card>
  );
}

function EndDialog({ call, onClose }: { readonly call: RunningCall; readonly onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const end = async () => {
    setBusy(true);
    tell("The call is ended", await change(endMutation, { callId: call.callId }));
    onClose();
  };
  return (
    <Dialog open onClose={onClose} title={`End this call to ${call.routeName}?`}>
      <p>
        Its caller gets an error that says an operator ended it, and {count(call.outputTokens)} tokens by now are counted and paid for. It
        is one call; the next one of the same caller is served.
      </p>
      <p className="quiet">
        <code>{call.callId}</code>
      </p>
      <div className="dialog-foot">
        <Button onClick={onClose}>Let it run</Button>
        <Button look="danger solid" disabled={busy} onClick={() => void end()}>
          End the call
        </Button>
      </div>
    </Dialog>
  );
}
