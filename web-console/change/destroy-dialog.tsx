/** Before something is taken away: what it carries now, who depends on it, and its name typed out. */
import { type ReactNode, useState } from "react";
import { useQuery } from "urql";
import { counted } from "../format/numbers.ts";
import { graphql } from "../graphql/documents.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/field.tsx";
import { Notice } from "../ui/marks.tsx";
import type { Outcome } from "./outcome.ts";
import { tell } from "./tell.ts";

const trafficQuery = graphql(`
  query BlastRadius($range: UsageRange!, $groupBy: UsageGrouping!) {
    usageSummary(range: $range, groupBy: $groupBy) {
      ... on QueryUsageSummarySuccess {
        groups {
          group
          requests
        }
      }
    }
  }
`);

const dayMs = 86_400_000;

export interface Traffic {
  readonly groupBy: "ROUTE" | "BACKEND" | "KEY";
  /** A route's name; the id of a backend or a key. */
  readonly group: string;
}

interface DestroyDialogProps {
  readonly title: string;
  readonly name: string;
  /** "Archive", "Revoke" */
  readonly verb: string;
  readonly done: string;
  readonly traffic?: Traffic;
  /** What stands on it, in words. */
  readonly consequences: readonly ReactNode[];
  /** Why there is nothing to be done. */
  readonly refused?: string | undefined;
  readonly act: () => Promise<Outcome<unknown>>;
  readonly onClose: (done: boolean) => void;
}

export function DestroyDialog({ title, name, verb, done, traffic, consequences, refused, act, onClose }: DestroyDialogProps) {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const refusal = refused ?? (typed === name ? undefined : `Type ${name} above to go on`);
  const send = async () => {
    setBusy(true);
    const outcome = await act();
    setBusy(false);
    if (outcome.kind !== "done") return setFailure(outcome.message);
    tell(done, outcome);
    onClose(true);
  };
  return (
    <Dialog open onClose={() => onClose(false)} title={title}>
      <ul className="stack tight">
        {traffic !== undefined && <TrafficLine {...traffic} />}
        {consequences.map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ul>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (refusal === undefined) void send();
        }}
      >
        <TextField
          label={
            <>
              Type <code>{name}</code> to go on
            </>
          }
          value={typed}
          onChange={setTyped}
        />
        {failure !== undefined && <Notice tone="bad">{failure}</Notice>}
        <div className="dialog-foot">
          <Button onClick={() => onClose(false)}>Cancel</Button>
          <Button type="submit" look="danger solid" disabled={busy} refused={refusal}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function TrafficLine({ groupBy, group }: Traffic) {
  const [variables] = useState(() => ({
    groupBy,
    range: { since: new Date(Date.now() - dayMs).toISOString(), until: new Date().toISOString() },
  }));
  const [{ data, error }] = useQuery({ query: trafficQuery, variables });
  const summary = data?.usageSummary;
  if (error !== undefined) return <li>How many calls it carries could not be read.</li>;
  if (summary === undefined) return <li className="quiet">Counting its calls …</li>;
  const requests = "groups" in summary ? Number(summary.groups?.find((one) => one.group === group)?.requests ?? 0) : 0;
  return (
    <li>
      {requests === 0 ? (
        "It carried no call in the last 24 hours."
      ) : (
        <strong>
          It carried {counted(requests, "call")} in the last 24 hours, about {counted(Math.max(1, Math.round(requests / 24)), "call")} an
          hour.
        </strong>
      )}
    </li>
  );
}
