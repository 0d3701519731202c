/** The entries that fit the filter as a file: all of them up to a bound, page by page. */
import { Download } from "lucide-react";
import { useState } from "react";
import { csvOf } from "../../format/csv.ts";
import { count } from "../../format/numbers.ts";
import { client, failureOf } from "../../graphql/client.ts";
import { Menu } from "../../ui/menu.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { say } from "../../ui/toasts.tsx";
import { auditQuery, type Entry, type EntryFilter } from "./entries.ts";

const entriesMax = 10_000;

const columns: readonly (readonly [string, (entry: Entry) => unknown])[] = [
  ["id", (entry) => entry.id],
  ["at", (entry) => entry.at],
  ["actor", (entry) => entry.actor],
  ["action", (entry) => entry.action],
  ["target_kind", (entry) => entry.targetKind],
  ["target_id", (entry) => entry.targetId],
  ["revision", (entry) => entry.revisionNumber],
  ["via", (entry) => entry.via],
  ["source_address", (entry) => entry.sourceAddress],
  ["request_id", (entry) => entry.requestId],
  ["details", (entry) => JSON.stringify(entry.details)],
];

export function ExportEntries({ filter, disabled }: { readonly filter: EntryFilter; readonly disabled: boolean }) {
  const [read, setRead] = useState<number>();
  const run = async (format: "csv" | "json") => {
    const entries: Entry[] = [];
    let after: string | null = null;
    do {
      setRead(entries.length);
      const { data, error } = await client.query(auditQuery, { after, filter }, { requestPolicy: "network-only" }).toPromise();
      if (error !== undefined || data === undefined) {
        setRead(undefined);
        return say("Nothing was exported", error === undefined ? "No answer." : failureOf(error).message, "error");
      }
      entries.push(...data.auditEntries.edges.map(({ node }) => node));
      after = data.auditEntries.pageInfo.hasNextPage ? data.auditEntries.pageInfo.endCursor : null;
    } while (after !== null && entries.length < entriesMax);
    setRead(undefined);
    if (format === "json") saveFile("penstock-audit.json", "application/json", JSON.stringify(entries, null, 2));
    else
      saveFile(
        "penstock-audit.csv",
        "text/csv",
        csvOf(
          columns.map(([name]) => name),
          entries.map((entry) => columns.map(([, of]) => of(entry))),
        ),
      );
    if (after === null) say(`${count(entries.length)} entries are in the file`);
    else say(`The newest ${count(entries.length)} entries are in the file`, "There are more: narrow the time.", "warning");
  };
  return (
    <Menu
      trigger={
        <button type="button" className="button" disabled={disabled || read !== undefined}>
          <Download size={15} aria-hidden /> {read === undefined ? "Export" : `${count(read)} entries …`}
        </button>
      }
      entries={[
        { label: "As CSV", act: () => void run("csv") },
        { label: "As JSON", act: () => void run("json") },
      ]}
    />
  );
}
