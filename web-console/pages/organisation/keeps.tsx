/** What the organisation is called, what it keeps of calls, what it is let off, and its end. */
import { useState } from "react";
import { CaptureFields } from "../../change/capture-fields.tsx";
import { type CaptureValues, captureInput, captureRefusal, captureValues, captureWords } from "../../change/capture-values.ts";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { EditDialog } from "../../change/form.tsx";
import { counted, percent } from "../../format/numbers.ts";
import { graphql } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Result } from "../../graphql/result.tsx";
import { useRefusal, useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Facts, When } from "../../ui/marks.tsx";
import { archiveOrganisation, updateOrganisation } from "./changes.ts";
import { DeleteContent } from "./delete-content.tsx";
import { type Organisation, organisationAgain, organisationFragment } from "./details.ts";
import { DiscountsDialog } from "./discounts.tsx";
import { NameFields, type NameValues, nameRefusal, names } from "./name-fields.tsx";

const query = graphql(
  `
    query Organisation($installation: Boolean!) {
      organisation {
        ...OrganisationDetails
      }
      projects(first: 100) {
        edges {
          node {
            id
          }
        }
        pageInfo {
          hasNextPage
        }
      }
      providers(first: 100) @include(if: $installation) {
        edges {
          node {
            id
            key
          }
        }
      }
    }
  `,
  [organisationFragment],
);

export function Keeps() {
  const { installation } = useViewer();
  const page = usePageQuery(query, { installation });
  return (
    <Result of={page}>
      {({ organisation, projects: { edges, pageInfo }, providers }) =>
        organisation !== null && (
          <Kept
            organisation={organisation}
            providers={providers?.edges.map(({ node }) => node)}
            projects={`${pageInfo.hasNextPage ? "more than " : ""}${counted(edges.length, "project")}`}
          />
        )
      }
    </Result>
  );
}

interface KeptProps {
  readonly organisation: Organisation;
  /** Undefined: who looks does not administer the installation. */
  readonly providers: readonly { readonly id: string; readonly key: string }[] | undefined;
  /** How many it has, in words. */
  readonly projects: string;
}

function Kept({ organisation, providers, projects }: KeptProps) {
  const { installation } = useViewer();
  const refusal = useRefusal("admin");
  const [open, setOpen] = useState<"change" | "archive">();
  return (
    <>
      <Card
        title="The organisation"
        actions={
          <span className="row">
            {installation && (
              <Button small look="plain" refused={refusal} onClick={() => setOpen("archive")}>
                Archive
              </Button>
            )}
            <Button small refused={refusal} onClick={() => setOpen("change")}>
              Change
            </Button>
          </span>
        }
      >
        <Facts
          of={[
            ["Name", organisation.name],
            ["Key", <code key="key">{organisation.key}</code>],
            ["What is said in calls", captureWords(organisation.contentCapture, "not kept")],
          ]}
        />
        <p className="quiet" style={{ marginTop: "0.75rem" }}>
          A project and a route can say otherwise; the nearest holds. The figures of each call are kept in any case.
        </p>
      </Card>
      <Discounts organisation={organisation} providers={providers} />
      <DeleteContent organisationKey={organisation.key} />
      {open === "change" && <OrganisationDialog organisation={organisation} onClose={() => setOpen(undefined)} />}
      {open === "archive" && (
        <DestroyDialog
          title={`Archive ${organisation.name}?`}
          name={organisation.key}
          verb="Archive the organisation"
          done="The organisation is archived"
          consequences={[
            `It has ${projects}; while anything in it is in use this is refused, and says what.`,
            "Its callers are refused from the moment a node has the change. Its ledger stays.",
          ]}
          act={() => archiveOrganisation(organisation.id, organisation.revision)}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  );
}

interface OrganisationValues extends NameValues {
  readonly capture: CaptureValues;
}

const valuesOf = ({ key, name, contentCapture }: Organisation): OrganisationValues => ({
  key,
  name,
  capture: captureValues(contentCapture),
});

function OrganisationDialog({ organisation, onClose }: { readonly organisation: Organisation; readonly onClose: () => void }) {
  return (
    <EditDialog<OrganisationValues>
      title={`Change ${organisation.name}`}
      start={valuesOf(organisation)}
      revision={organisation.revision}
      readAgain={() => organisationAgain(valuesOf)}
      names={{ ...names, capture: "What is said in calls" }}
      submit="Publish the change"
      done="The organisation is changed"
      refuse={(values) => nameRefusal(values) ?? captureRefusal(values.capture)}
      save={({ key, name, capture }, revision) => updateOrganisation({ key, name, contentCapture: captureInput(capture) }, revision)}
      onClose={() => onClose()}
    >
      {(form) => (
        <>
          <NameFields {...form} />
          <CaptureFields
            values={form.values.capture}
            onChange={(capture) => form.set("capture", capture)}
            problem={form.problem("contentCapture")}
          />
        </>
      )}
    </EditDialog>
  );
}

function Discounts({ organisation, providers }: Pick<KeptProps, "organisation" | "providers">) {
  const [editing, setEditing] = useState(false);
  const nameOf = (id: string | null) => (id === null ? "all providers" : (providers?.find((one) => one.id === id)?.key ?? "one provider"));
  return (
    <Card
      title="Discounts"
      actions={
        <Button
          small
          refused={providers === undefined ? "Only an administrator of the whole installation says who is let off how much." : undefined}
          onClick={() => setEditing(true)}
        >
          Change
        </Button>
      }
    >
      {organisation.discounts.length === 0 ? (
        <p className="quiet">None: calls cost what prices say.</p>
      ) : (
        <DataTable
          label="Discounts"
          columns={[
            { id: "off", name: "Off", cell: (row) => percent(row.basisPoints / 10_000) },
            { id: "of", name: "Of what", cell: (row) => nameOf(row.providerId) },
            { id: "from", name: "From", cell: (row) => (row.from === null ? "always" : <When at={row.from} />) },
            { id: "until", name: "Until", cell: (row) => (row.until === null ? "for good" : <When at={row.until} />) },
          ]}
          rows={organisation.discounts}
          rowId={(row) => `${row.providerId} ${row.from}`}
        />
      )}
      <p className="quiet" style={{ marginTop: "0.75rem" }}>
        A provider's own holds before the one for all. What was spent before stays as it was charged.
      </p>
      {editing && <DiscountsDialog organisation={organisation} providers={providers ?? []} onClose={() => setEditing(false)} />}
    </Card>
  );
}
