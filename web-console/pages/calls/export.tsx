/** The calls that fit the filter as CSV: all of them up to a bound, page by page. */
import { Download } from "lucide-react";
import { useState } from "react";
import { csvOf } from "../../format/csv.ts";
import { count } from "../../format/numbers.ts";
import { client, failureOf } from "../../graphql/client.ts";
import { Button } from "../../ui/button.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { say } from "../../ui/toasts.tsx";
import type { CallFilter, CallOrder } from "./call-search.ts";
import { type CallRow, callsQuery } from "./calls.tsx";

const callsMax = 20_000;

export function ExportButton({
  filter,
  order,
  said,
  disabled,
}: {
  readonly filter: CallFilter;
  readonly order: CallOrder;
  readonly said: string | null;
  readonly disabled: boolean;
}) {
  const [read, setRead] = useState<number>();
  const run = async () => {
    const rows: CallRow[] = [];
    let after: string | null = null;
    setRead(0);
    do {
      const { data, error } = await client.query(callsQuery, { after, filter, order, said }, { requestPolicy: "network-only" }).toPromise();
      if (error !== undefined || data === undefined) {
        setRead(undefined);
        return say("Nothing was exported", error === undefined ? "No answer." : failureOf(error).message, "error");
      }
      rows.push(...data.usageEvents.edges.map(({ node }) => node));
      setRead(rows.length);
      after = data.usageEvents.pageInfo.hasNextPage ? data.usageEvents.pageInfo.endCursor : null;
    } while (after !== null && rows.length < callsMax);
    setRead(undefined);
    download(rows);
    if (after === null) say(`${count(rows.length)} calls are in the file`);
    else
      say(
        `The ${order.toLowerCase()} ${count(rows.length)} calls are in the file`,
        "There are more; for whole periods: npx penstock export",
        "warning",
      );
  };
  return (
    <Button onClick={() => void run()} disabled={disabled || read !== undefined}>
      <Download size={15} aria-hidden /> {read === undefined ? "Export" : `${count(read)} calls …`}
    </Button>
  );
}

/** Stable: new ones come at the end. */
const columns: readonly (readonly [name: string, of: (row: CallRow) => unknown])[] = [
  ["call_id", (row) => row.callId],
  ["started_at", (row) => row.startedAt],
  ["outcome", (row) => row.outcome],
  ["error_reason", (row) => row.errorReason],
  ["route", (row) => row.routeName],
  ["backend", (row) => row.backendName ?? row.backendId],
  ["api_key", (row) => row.apiKeyName ?? row.apiKeyId],
  ["input_tokens", (row) => row.inputTokens],
  ["output_tokens", (row) => row.outputTokens],
  ["cost_nanodollars", (row) => row.costNanodollars],
  ["time_to_first_token_ms", (row) => row.timeToFirstTokenMs],
  ["duration_ms", (row) => row.durationMs],
  ["request_id", (row) => row.requestId],
  ["project_id", (row) => row.projectId],
  ["model_asked", (row) => row.modelAsked],
  ["model_served", (row) => row.modelServed],
  ["price_version", (row) => row.priceVersion],
];

const download = (rows: readonly CallRow[]): void =>
  saveFile(
    "penstock-calls.csv",
    "text/csv",
    csvOf(
      columns.map(([name]) => name),
      rows.map((row) => columns.map(([, of]) => of(row))),
    ),
  );
