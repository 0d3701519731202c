/** Who may look at this console and change things, and as what: asked in, made with a token, revoked. */
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { EditDialog } from "../../change/form.tsx";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { act, mayAs, type Role, roles } from "../../session/acting.ts";
import { useRefusal, useViewer } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import { SecretDialog } from "../../ui/secret.tsx";
import { useOrderBy } from "../../ui/table-sort.ts";
import { createToken, inviteMember, type MemberValues, revokeToken } from "./changes.ts";

const mayDo: Readonly<Record<Role, string>> = {
  viewer: "sees all but what was said in calls, changes nothing",
  developer: "and writes prompts, runs experiments, replays and the playground, reads what was said",
  operator: "and changes routes, backends, models, keys, quotas, budgets and webhooks, restores revisions",
  admin: "and manages members, projects and what is kept",
};

const query = graphql(`
  query Members($after: String, $orderBy: AdminTokenOrder) {
    adminTokens(first: 100, after: $after, orderBy: $orderBy) {
      edges {
        cursor
        node {
          id
          name
          role
          publicId
          installation
          createdAt
          expiresAt
          revokedAt
          invitedUntil
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type Member = ResultOf<typeof query>["adminTokens"]["edges"][number]["node"];

export function Members() {
  const refusal = useRefusal("admin");
  return (
    <>
      {refusal === undefined ? <MemberList /> : <Empty title="Who is a member, administrators see">{refusal}</Empty>}
      <Roles />
    </>
  );
}

function MemberList() {
  const [{ make }, setUrl] = useUrlState({ make: oneOf("member", "invitation") });
  const [revoking, setRevoking] = useState<Member>();
  const [secret, setSecret] = useState<string>();
  const [path, setPath] = useState<string>();
  const table = useMemo(() => ({ label: "Members", columns: columnsFor(setRevoking) }), []);
  const orderBy = useOrderBy(table);
  const { first, nodes, ...later } = useKeyset(query, { orderBy, after: null }, (data) => data.adminTokens, { hold: true });
  const onClose = () => setUrl({ make: undefined }, { replace: true });
  return (
    <>
      <Result of={first}>
        {() => (
          <>
            <Card
              title="Members"
              flush
              actions={
                <span className="row">
                  <Button small onClick={() => setUrl({ make: "member" })}>
                    New token
                  </Button>
                  <Button small look="primary" onClick={() => setUrl({ make: "invitation" })}>
                    <Plus size={14} aria-hidden /> Invite
                  </Button>
                </span>
              }
            >
              <DataTable {...table} rows={nodes} rowId={(row) => row.id} hasMore={later.hasMore} />
            </Card>
            <More {...later} />
          </>
        )}
      </Result>
      {make === "member" && <MemberDialog kind="member" onClose={onClose} onDone={(payload) => setSecret(payload.credential)} />}
      {make === "invitation" && <MemberDialog kind="invitation" onClose={onClose} onDone={(payload) => setPath(payload.path)} />}
      {secret !== undefined && <SecretDialog as="hash" title="The new admin token" secret={secret} onClose={() => setSecret(undefined)} />}
      {path !== undefined && (
        <SecretDialog as="invitation" title="The invitation" secret={`${location.origin}${path}`} onClose={() => setPath(undefined)} />
      )}
      {revoking !== undefined && (
        <DestroyDialog
          title={`Revoke ${revoking.name}?`}
          name={revoking.name}
          verb="Revoke the token"
          done="The token is revoked"
          consequences={
            revoking.invitedUntil === null
              ? ["Its holder is signed out of the console and of GraphQL at once, wherever they are.", "If it is your own, that is you."]
              : ["The invitation can no longer be taken up."]
          }
          act={() => revokeToken(revoking.id)}
          onClose={() => setRevoking(undefined)}
        />
      )}
    </>
  );
}

const columnsFor = (onRevoke: (member: Member) => void): readonly Column<Member, "NAME" | "ROLE" | "CREATED_AT" | "ENDS_AT">[] => [
  {
    id: "name",
    name: "Member",
    order: "NAME",
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
    order: "ROLE",
    cell: (row) => (
      <span className="row">
        <Badge tone={row.role === "ADMIN" ? "accent" : "neutral"}>{row.role.toLowerCase()}</Badge>
        {row.installation && <Badge tone="info">whole installation</Badge>}
      </span>
    ),
  },
  { id: "made", name: "Made", order: "CREATED_AT", cell: (row) => <When at={row.createdAt} /> },
  { id: "ends", name: "Ends", order: "ENDS_AT", cell: (row) => <Ends member={row} /> },
  {
    id: "act",
    name: "",
    end: true,
    cell: (row) =>
      row.revokedAt === null && (
        <Button small look="plain" onClick={() => onRevoke(row)}>
          Revoke
        </Button>
      ),
  },
];

function Ends({ member: { revokedAt, invitedUntil, expiresAt } }: { readonly member: Member }) {
  if (revokedAt !== null) return <Badge tone="bad">revoked</Badge>;
  if (invitedUntil !== null)
    return Date.parse(invitedUntil) < Date.now() ? (
      <Badge tone="warn">invitation ran out</Badge>
    ) : (
      <>
        <Badge tone="info">invited</Badge> <When at={invitedUntil} />
      </>
    );
  return expiresAt === null ? <span className="quiet">never</span> : <When at={expiresAt} />;
}

/** What each role may, and a look at the console as one of them. */
function Roles() {
  const { role: mine } = useViewer();
  return (
    <Card title="Roles">
      <ul className="stack tight">
        {roles.map((role) => (
          <li key={role} className="row apart">
            <span>
              <strong>{role}</strong> <span className="quiet">{mayDo[role]}</span>
            </span>
            {role === mine ? (
              <Badge tone="good">yours</Badge>
            ) : (
              <Button
                small
                look="plain"
                refused={mayAs(mine, role) ? undefined : `Your role is ${mine}; nobody can look as a role above their own.`}
                onClick={() => act("role", role)}
              >
                View as {role}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <p className="quiet" style={{ marginTop: "0.75rem" }}>
        Each may what those above it may. When people sign in through your identity provider (OpenID Connect, to come), its groups will
        stand for these roles here.
      </p>
    </Card>
  );
}

interface MemberDialogProps {
  readonly kind: "member" | "invitation";
  readonly onClose: () => void;
  readonly onDone: (payload: { readonly credential?: string; readonly path?: string }) => void;
}

function MemberDialog({ kind, onClose, onDone }: MemberDialogProps) {
  const invites = kind === "invitation";
  return (
    <EditDialog<MemberValues>
      title={invites ? "Invite a member" : "New token"}
      description={
        invites
          ? "You get a link for them. The token is made when they open it, and nobody else ever sees it."
          : "An admin token that you see and hand on: for a program."
      }
      start={{ name: "", role: "VIEWER", expires: "" }}
      names={{ name: "Name", role: "Role", expires: "Last day" }}
      submit={invites ? "Make the link" : "Make the token"}
      done={invites ? "The invitation is there" : "The member is there"}
      refuse={({ name }) => (name.trim() === "" ? "Give it a name" : undefined)}
      save={(values) => (invites ? inviteMember(values) : createToken(values))}
      onClose={(outcome) => {
        onClose();
        if (outcome?.kind === "done") onDone(outcome.payload as { credential?: string; path?: string });
      }}
    >
      {({ values, set, problem }) => (
        <>
          <TextField label="Name" value={values.name} onChange={(name) => set("name", name)} problem={problem("name")} />
          <div className="field-grid">
            <SelectField
              label="Role"
              value={values.role}
              onChange={(role) => set("role", role as MemberValues["role"])}
              choices={roles.map((role) => ({ value: role.toUpperCase(), label: role }))}
              hint={mayDo[values.role.toLowerCase() as Role]}
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
