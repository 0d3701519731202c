/** The organisation: its projects, who may administer it and as what, and, for the installation's administrators, all organisations. */
import { Plus } from "lucide-react";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { EditDialog } from "../../change/form.tsx";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Result } from "../../graphql/result.tsx";
import { actIn, actingOrganisation } from "../../session/organisation.ts";
import { useRefusal, useViewer } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { SecretDialog } from "../../ui/secret.tsx";
import { archiveProject, createOrganisation, createToken, revokeToken, saveProject } from "./changes.ts";

const query = graphql(`
  query Organisation($all: Boolean!) {
    organisation {
      id
      key
      name
    }
    projects(first: 100) {
      edges {
        node {
          id
          key
          name
          revision
          createdAt
        }
      }
    }
    apiKeys(first: 100) {
      edges {
        node {
          id
          revokedAt
          project {
            id
          }
        }
      }
    }
    adminTokens(first: 100) {
      edges {
        node {
          id
          name
          role
          publicId
          installation
          createdAt
          expiresAt
          revokedAt
        }
      }
    }
    organisations(first: 100) @include(if: $all) {
      edges {
        node {
          id
          key
          name
          createdAt
        }
      }
    }
  }
`);

type Data = ResultOf<typeof query>;
type Project = Data["projects"]["edges"][number]["node"];
type Token = Data["adminTokens"]["edges"][number]["node"];

export function OrganisationPage() {
  const viewer = useViewer();
  const [url, setUrl] = useUrlState({ make: oneOf("project", "member", "organisation") });
  const page = usePageQuery(query, { all: viewer.installation });
  const close = () => setUrl({ make: undefined }, { replace: true });
  const [secret, setSecret] = useState<string>();
  return (
    <Page
      title={page.data?.organisation?.name ?? "Organisation"}
      lead="Projects hold API keys. Members are admin tokens: a viewer looks, an admin changes."
    >
      <Result of={page}>
        {(data) => (
          <>
            <Projects data={data} onMake={() => setUrl({ make: "project" })} />
            <Members tokens={data.adminTokens.edges.map(({ node }) => node)} onMake={() => setUrl({ make: "member" })} />
            {data.organisations != null && <Organisations data={data} onMake={() => setUrl({ make: "organisation" })} />}
            {url.make === "project" && <ProjectDialog onClose={close} />}
            {url.make === "member" && <MemberDialog onClose={close} onSecret={setSecret} />}
            {url.make === "organisation" && (
              <EditDialog<{ key: string; name: string }>
                title="New organisation"
                start={{ key: "", name: "" }}
                names={{ key: "Key", name: "Name" }}
                submit="Make the organisation"
                done="The organisation is there"
                refuse={({ key, name }) => (key === "" || name === "" ? "Give it a key and a name" : undefined)}
                save={({ key, name }) => createOrganisation(key, name)}
                onClose={close}
              >
                {({ values, set, problem }) => (
                  <div className="field-grid">
                    <TextField
                      label="Key"
                      value={values.key}
                      onChange={(key) => set("key", key)}
                      problem={problem("key")}
                      hint="For machines"
                    />
                    <TextField
                      label="Name"
                      value={values.name}
                      onChange={(name) => set("name", name)}
                      problem={problem("name")}
                      hint="For people"
                    />
                  </div>
                )}
              </EditDialog>
            )}
          </>
        )}
      </Result>
      {secret !== undefined && <SecretDialog title="The new admin token" secret={secret} onClose={() => setSecret(undefined)} />}
    </Page>
  );
}

function Projects({ data, onMake }: { readonly data: Data; readonly onMake: () => void }) {
  const refusal = useRefusal();
  const [editing, setEditing] = useState<Project>();
  const [archiving, setArchiving] = useState<Project>();
  const keysOf = (id: string) => data.apiKeys.edges.filter(({ node }) => node.project?.id === id && node.revokedAt === null).length;
  const columns: readonly Column<Project>[] = [
    { id: "name", name: "Project", by: (row) => row.name, cell: (row) => <strong>{row.name}</strong> },
    { id: "key", name: "Key", by: (row) => row.key, cell: (row) => <code>{row.key}</code> },
    { id: "keys", name: "API keys", end: true, by: (row) => keysOf(row.id), cell: (row) => keysOf(row.id) },
    { id: "made", name: "Made", by: (row) => row.createdAt, cell: (row) => <When at={row.createdAt} /> },
    {
      id: "act",
      name: "",
      end: true,
      cell: (row) => (
        <span className="row" style={{ justifyContent: "flex-end" }}>
          <Button small refused={refusal} onClick={() => setEditing(row)}>
            Change
          </Button>
          <Button small look="plain" refused={refusal} onClick={() => setArchiving(row)}>
            Archive
          </Button>
        </span>
      ),
    },
  ];
  return (
    <Card
      title="Projects"
      flush
      actions={
        <Button small refused={refusal} onClick={onMake}>
          <Plus size={14} aria-hidden /> New project
        </Button>
      }
    >
      <DataTable label="Projects" columns={columns} rows={data.projects.edges.map(({ node }) => node)} rowId={(row) => row.id} />
      {editing !== undefined && <ProjectDialog project={editing} onClose={() => setEditing(undefined)} />}
      {archiving !== undefined && (
        <DestroyDialog
          title={`Archive ${archiving.name}?`}
          name={archiving.key}
          verb="Archive the project"
          done="The project is archived"
          consequences={[`${keysOf(archiving.id)} API keys belong to it; they must be revoked first.`]}
          act={() => archiveProject(archiving.id, archiving.revision)}
          onClose={() => setArchiving(undefined)}
        />
      )}
    </Card>
  );
}

function ProjectDialog({ project, onClose }: { readonly project?: Project; readonly onClose: () => void }) {
  return (
    <EditDialog<{ key: string; name: string }>
      title={project === undefined ? "New project" : `Change ${project.name}`}
      start={{ key: project?.key ?? "", name: project?.name ?? "" }}
      {...(project === undefined ? {} : { revision: project.revision })}
      names={{ key: "Key", name: "Name" }}
      submit={project === undefined ? "Make the project" : "Publish the change"}
      done={project === undefined ? "The project is there" : "The project is changed"}
      refuse={({ key, name }) => (key === "" || name === "" ? "Give it a key and a name" : undefined)}
      save={(values, revision) => saveProject(project?.id, values, revision)}
      onClose={onClose}
    >
      {({ values, set, problem }) => (
        <div className="field-grid">
          <TextField label="Key" value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} hint="For machines" />
          <TextField label="Name" value={values.name} onChange={(name) => set("name", name)} problem={problem("name")} hint="For people" />
        </div>
      )}
    </EditDialog>
  );
}

function Members({ tokens, onMake }: { readonly tokens: readonly Token[]; readonly onMake: () => void }) {
  const refusal = useRefusal();
  const [revoking, setRevoking] = useState<Token>();
  const columns: readonly Column<Token>[] = [
    {
      id: "name",
      name: "Member",
      by: (row) => row.name,
      cell: (row) => (
        <div>
          <strong>{row.name}</strong>
          <div className="quiet">
            <code>pat_…{row.publicId}</code>
          </div>
        </div>
      ),
    },
    {
      id: "role",
      name: "Role",
      by: (row) => row.role,
      cell: (row) => (
        <span className="row">
          <Badge tone={row.role === "ADMIN" ? "accent" : "neutral"}>{row.role.toLowerCase()}</Badge>
          {row.installation && <Badge tone="info">whole installation</Badge>}
        </span>
      ),
    },
    { id: "made", name: "Made", by: (row) => row.createdAt, cell: (row) => <When at={row.createdAt} /> },
    {
      id: "ends",
      name: "Ends",
      cell: (row) =>
        row.revokedAt !== null ? (
          <Badge tone="bad">revoked</Badge>
        ) : row.expiresAt === null ? (
          <span className="quiet">never</span>
        ) : (
          <When at={row.expiresAt} />
        ),
    },
    {
      id: "act",
      name: "",
      end: true,
      cell: (row) =>
        row.revokedAt === null && (
          <Button small look="plain" refused={refusal} onClick={() => setRevoking(row)}>
            Revoke
          </Button>
        ),
    },
  ];
  return (
    <Card
      title="Members"
      flush
      actions={
        <Button small refused={refusal} onClick={onMake}>
          <Plus size={14} aria-hidden /> New member
        </Button>
      }
    >
      <DataTable label="Members" columns={columns} rows={tokens} rowId={(row) => row.id} />
      {revoking !== undefined && (
        <DestroyDialog
          title={`Revoke ${revoking.name}?`}
          name={revoking.name}
          verb="Revoke the token"
          done="The token is revoked"
          consequences={[
            "Its holder is signed out of the console and of GraphQL at once, wherever they are.",
            "If it is your own, that is you.",
          ]}
          act={() => revokeToken(revoking.id)}
          onClose={() => setRevoking(undefined)}
        />
      )}
    </Card>
  );
}

function MemberDialog({ onClose, onSecret }: { readonly onClose: () => void; readonly onSecret: (secret: string) => void }) {
  return (
    <EditDialog<{ name: string; role: "ADMIN" | "VIEWER"; expires: string }>
      title="New member"
      description="An admin token for a person or a program. It signs in to this console and to GraphQL."
      start={{ name: "", role: "VIEWER", expires: "" }}
      names={{ name: "Name", role: "Role", expires: "Last day" }}
      submit="Make the token"
      done="The member is there"
      refuse={({ name }) => (name.trim() === "" ? "Give it a name" : undefined)}
      save={({ name, role, expires }) => createToken(name, role, expires === "" ? null : `${expires}T23:59:59Z`)}
      onClose={(outcome) => {
        onClose();
        if (outcome?.kind === "done") onSecret((outcome.payload as { credential: string }).credential);
      }}
    >
      {({ values, set, problem }) => (
        <>
          <TextField label="Name" value={values.name} onChange={(name) => set("name", name)} problem={problem("name")} />
          <div className="field-grid">
            <SelectField
              label="Role"
              value={values.role}
              onChange={(role) => set("role", role as "ADMIN" | "VIEWER")}
              choices={[
                { value: "VIEWER", label: "viewer: sees all, changes nothing" },
                { value: "ADMIN", label: "admin: changes and spends" },
              ]}
            />
            <TextField
              label="Last day"
              type="date"
              value={values.expires}
              onChange={(day) => set("expires", day)}
              problem={problem("expiresAt")}
              hint="Empty: it does not expire"
            />
          </div>
        </>
      )}
    </EditDialog>
  );
}

function Organisations({ data, onMake }: { readonly data: Data; readonly onMake: () => void }) {
  const acting = actingOrganisation() ?? data.organisation?.id;
  const go = (id: string) => {
    actIn(id);
    // Nothing of the one that is left may stay in the cache.
    location.assign("/");
  };
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
          {
            id: "act",
            name: "",
            end: true,
            cell: (row) =>
              row.id === acting ? (
                <Badge tone="good">you act here</Badge>
              ) : (
                <Button small onClick={() => go(row.id)}>
                  Act here
                </Button>
              ),
          },
        ]}
        rows={data.organisations?.edges.map(({ node }) => node) ?? []}
        rowId={(row) => row.id}
      />
    </Card>
  );
}
