/** Who did what, when: never changed and never deleted. */
import { Link } from "@tanstack/react-router";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { Page } from "../../shell/page.tsx";
import { text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { AddressField } from "../../ui/field.tsx";
import { Code, Facts, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";

const query = graphql(`
  query Audit($after: String, $filter: AuditEntryFilter) {
    auditEntries(first: 50, after: $after, filter: $filter) {
      edges {
        cursor
        node {
          id
          at
          actor
          action
          targetKind
          targetId
          revisionNumber
          details
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type Entry = ResultOf<typeof query>["auditEntries"]["edges"][number]["node"];

const columns: readonly Column<Entry>[] = [
  { id: "at", name: "When", cell: (row) => <When at={row.at} /> },
  { id: "actor", name: "Who", cell: (row) => actorName(row.actor) },
  { id: "action", name: "Did", cell: (row) => <code>{row.action}</code> },
  { id: "target", name: "To", cell: (row) => `${row.targetKind.replace("_", " ")} ${nameIn(row.details)}` },
  {
    id: "revision",
    name: "Revision",
    end: true,
    cell: (row) => (row.revisionNumber === null ? "–" : <Link to={`/revisions/${row.revisionNumber}`}>{row.revisionNumber}</Link>),
  },
];

function nameIn(details: unknown): string {
  const bag = (details ?? {}) as Readonly<Record<string, unknown>>;
  const name = bag["name"] ?? bag["key"] ?? bag["summary"];
  return typeof name === "string" ? name : "";
}

export function Audit() {
  const [url, setUrl] = useUrlState({ actor: text, action: text, target: text, entry: text });
  const filter = {
    ...(url.actor && { actor: url.actor }),
    ...(url.action && { action: url.action }),
    ...(url.target && { targetId: url.target }),
  };
  const list = useKeyset(query, { after: null, filter }, (data) => data.auditEntries);
  const open = list.nodes.find(({ id }) => id === url.entry);
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page title="Audit" lead="Who did what, when. Entries are never changed and never deleted.">
      <div className="filters">
        <AddressField
          label="Who"
          value={url.actor ?? ""}
          onChange={(actor) => setUrl({ actor }, { replace: true })}
          placeholder="token:first-start"
          data-search
        />
        <AddressField
          label="Did"
          value={url.action ?? ""}
          onChange={(action) => setUrl({ action }, { replace: true })}
          placeholder="route.update"
        />
        <AddressField
          label="To the thing with the id"
          value={url.target ?? ""}
          onChange={(target) => setUrl({ target }, { replace: true })}
        />
        {filtered && (
          <Button look="plain" onClick={() => setUrl({ actor: undefined, action: undefined, target: undefined })}>
            Clear
          </Button>
        )}
      </div>
      <Result of={list.first}>
        {() =>
          list.nodes.length === 0 ? (
            <Empty title={filtered ? "Nothing fits" : "Nothing yet"}>
              {filtered ? "Filters must match whole words, such as token:first-start." : "Each change leaves an entry here."}
            </Empty>
          ) : (
            <>
              <div className="card flush">
                <DataTable
                  label="Audit entries"
                  columns={columns}
                  rows={list.nodes}
                  rowId={(row) => row.id}
                  selected={url.entry}
                  onOpen={(row) => setUrl({ entry: row.id })}
                />
              </div>
              <More {...list} />
            </>
          )
        }
      </Result>
      <Drawer open={open !== undefined} onClose={() => setUrl({ entry: undefined })} title={open?.action ?? ""}>
        {open !== undefined && (
          <>
            <Facts
              of={[
                ["Who", open.actor],
                ["When", <When key="when" at={open.at} exact />],
                ["To", `${open.targetKind.replace("_", " ")} ${nameIn(open.details)}`],
                ["Id of it", <code key="id">{open.targetId ?? "–"}</code>],
                open.revisionNumber !== null && [
                  "Revision",
                  <Link
                    key="revision"
                    to={`/revisions/${open.revisionNumber}`}
                  >{`${open.revisionNumber}: the difference, and the way back`}</Link>,
                ],
              ]}
            />
            <Code text={JSON.stringify(open.details, null, 2)} label="Details" />
          </>
        )}
      </Drawer>
    </Page>
  );
}
