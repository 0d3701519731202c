/** All organisations, for administrators of the installation: made, and acted in. */
import { Plus } from "lucide-react";
import { EditDialog } from "../../change/form.tsx";
import { act, actingOrganisation } from "../../session/acting.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { createOrganisation } from "./changes.ts";
import { NameFields, type NameValues, nameRefusal, names } from "./name-fields.tsx";
import type { OrganisationData } from "./organisation.tsx";

interface OrganisationsProps {
  readonly data: OrganisationData;
  readonly making: boolean;
  readonly onMake: () => void;
  readonly onClose: () => void;
}

export function Organisations({ data, making, onMake, onClose }: OrganisationsProps) {
  const acting = actingOrganisation() ?? data.organisation?.id;
  return (
    <Card
      title="All organisations of this installation"
      flush
      actions={
        <Button small onClick={onMake}>
          <Plus size={14} aria-hidden /> New organisation
        </Button>
      }
    >
      <DataTable
        label="Organisations"
        columns={[
          { id: "name", name: "Organisation", by: (row) => row.name, cell: (row) => <strong>{row.name}</strong> },
          { id: "key", name: "Key", by: (row) => row.key, cell: (row) => <code>{row.key}</code> },
          { id: "made", name: "Made", by: (row) => row.createdAt, cell: (row) => <When at={row.createdAt} /> },
          {
            id: "act",
            name: "",
            end: true,
            cell: (row) =>
              row.id === acting ? (
                <Badge tone="good">you act here</Badge>
              ) : (
                <Button small onClick={() => act("organisation", row.id)}>
                  Act here
                </Button>
              ),
          },
        ]}
        rows={data.organisations?.edges.map(({ node }) => node) ?? []}
        rowId={(row) => row.id}
      />
      {making && (
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
      )}
    </Card>
  );
}
