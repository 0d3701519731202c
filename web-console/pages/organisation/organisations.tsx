/** All organisations, for administrators of the installation: made, and acted in. */
import { Plus } from "lucide-react";
import { EditDialog } from "../../change/form.tsx";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { act, actingOrganisation } from "../../session/acting.ts";
import { useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import { useOrderBy } from "../../ui/table-sort.ts";
import { createOrganisation } from "./changes.ts";
import { NameFields, type NameValues, nameRefusal, names } from "./name-fields.tsx";

const query = graphql(`
  query Organisations($after: String, $orderBy: OrganisationOrder) {
    organisations(first: 100, after: $after, orderBy: $orderBy) {
      edges {
        cursor
        node {
          id
          key
          name
          createdAt
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type Row = ResultOf<typeof query>["organisations"]["edges"][number]["node"];

const columns: readonly Column<Row, "NAME" | "KEY" | "CREATED_AT">[] = [
  { id: "name", name: "Organisation", order: "NAME", cell: (row) => <strong>{row.name}</strong> },
  { id: "key", name: "Key", order: "KEY", cell: (row) => <code>{row.key}</code> },
  { id: "made", name: "Made", order: "CREATED_AT", cell: (row) => <When at={row.createdAt} /> },
  { id: "act", name: "", end: true, cell: (row) => <Act organisationId={row.id} /> },
];

const table = { label: "Organisations", columns };

export function Organisations() {
  const { installation } = useViewer();
  return installation ? (
    <OfInstallation />
  ) : (
    <Empty title="Which organisations there are, administrators of the installation see">You act in your own.</Empty>
  );
}

function OfInstallation() {
  const [{ make }, setUrl] = useUrlState({ make: oneOf("organisation") });
  const orderBy = useOrderBy(table);
  const { first, nodes, ...later } = useKeyset(query, { orderBy, after: null }, (data) => data.organisations, { hold: true });
  return (
    <Result of={first}>
      {() => (
        <>
          <Card
            title="All organisations of this installation"
            flush
            actions={
              <Button small onClick={() => setUrl({ make: "organisation" })}>
                <Plus size={14} aria-hidden /> New organisation
              </Button>
            }
          >
            <DataTable {...table} rows={nodes} rowId={(row) => row.id} hasMore={later.hasMore} />
          </Card>
          <More {...later} />
          {make && <OrganisationDialog onClose={() => setUrl({ make: undefined }, { replace: true })} />}
        </>
      )}
    </Result>
  );
}

function Act({ organisationId }: { readonly organisationId: string }) {
  const { organisation } = useViewer();
  return organisationId === (actingOrganisation() ?? organisation?.id) ? (
    <Badge tone="good">you act here</Badge>
  ) : (
    <Button small onClick={() => act("organisation", organisationId)}>
      Act here
    </Button>
  );
}

const OrganisationDialog = ({ onClose }: { readonly onClose: () => void }) => (
  <EditDialog<NameValues>
    title="New organisation"
    start={{ key: "", name: "" }}
    names={names}
    submit="Make the organisation"
    done="The organisation is there"
    refuse={nameRefusal}
    save={({ key, name }) => createOrganisation(key, name)}
    onClose={onClose}
  >
    {(form) => <NameFields {...form} />}
  </EditDialog>
);
