/** All API keys: whose they are, what they are narrowed to, whether they still open anything, who has not used one for long. */
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { graphql } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, type Tone, When } from "../../ui/marks.tsx";
import { SearchField, useSearch } from "../../ui/search.tsx";
import { useOrderBy } from "../../ui/table-sort.ts";
import { ThingTable } from "../../ui/thing-table.tsx";
import { restUrlOf } from "../developers/addresses.ts";
import { isUnused, type KeyDetails, keyFragment, scopeWords, stateOf, unusedBefore } from "./changes.ts";
import { KeyDialog } from "./dialogs.tsx";
import { firstProjectOf } from "./first-project.ts";

const query = graphql(
  `
    query Keys($search: String, $after: String, $filter: ApiKeyFilter, $orderBy: ApiKeyOrder) {
      apiKeys(first: 100, search: $search, after: $after, filter: $filter, orderBy: $orderBy) {
        edges {
          cursor
          node {
            ...KeyDetails
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
      demo {
        projectId
      }
      projects(first: 2) {
        edges {
          node {
            id
            name
          }
        }
      }
      routes(first: 1) {
        edges {
          node {
            name
          }
        }
      }
      nodes {
        state
        restAddress
      }
    }
  `,
  [keyFragment],
);

export const stateTones: Record<ReturnType<typeof stateOf>, Tone> = { live: "good", expiring: "warn", expired: "neutral", revoked: "bad" };

export const opens = (key: KeyDetails): boolean => ["live", "expiring"].includes(stateOf(key));

const shows = {
  live: { name: "Those in force", filter: { inForce: true } },
  unused: { name: "Not used for 90 days", filter: { inForce: true, unusedSince: unusedBefore(Date.now()) } },
  all: { name: "Expired, revoked too", filter: null },
} as const;
type Show = keyof typeof shows;

const columns: readonly Column<KeyDetails, "NAME" | "PROJECT" | "OWNER" | "EXPIRES_AT">[] = [
  {
    id: "name",
    name: "Key",
    order: "NAME",
    cell: (row) => (
      <div>
        <Link to="/keys/$keyId" params={{ keyId: row.id }} className="strong">
          {row.name}
        </Link>
        <div className="quiet">
          <code>
            psk_{row.environment}_{row.publicId}…{row.lastFour}
          </code>
        </div>
      </div>
    ),
  },
  {
    id: "project",
    name: "Project",
    order: "PROJECT",
    cell: (row) =>
      row.project === null ? (
        "gone"
      ) : (
        <Link to="/projects/$projectId" params={{ projectId: row.project.id }}>
          {row.project.name}
        </Link>
      ),
  },
  {
    id: "owner",
    name: "Owner",
    order: "OWNER",
    cell: (row) => row.owner || <span className="quiet">nobody said</span>,
  },
  { id: "routes", name: "May be used for", cell: scopeWords },
  { id: "state", name: "State", cell: (row) => <Badge tone={stateTones[stateOf(row)]}>{stateOf(row)}</Badge> },
  {
    id: "expires",
    name: "Expires",
    order: "EXPIRES_AT",
    cell: (row) => (row.expiresAt === null ? <span className="quiet">never</span> : <When at={row.expiresAt} />),
  },
  {
    id: "used",
    name: "Last used",
    end: true,
    by: (row) => row.lastUsedAt ?? "",
    cell: (row) => (
      <span className="row" style={{ justifyContent: "flex-end" }}>
        {isUnused(row) && <Badge tone="warn">unused</Badge>}
        {row.lastUsedAt === null ? <span className="quiet">never</span> : <When at={row.lastUsedAt} />}
      </span>
    ),
  },
];

const table = { label: "API keys", columns };

export function Keys() {
  const [{ show = "live", make }, setUrl] = useUrlState({ show: oneOf(...(Object.keys(shows) as Show[])), make: flag });
  const search = useSearch();
  const variables = { search, filter: shows[show].filter, orderBy: useOrderBy(table), after: null };
  const { first, nodes, ...later } = useKeyset(query, variables, (data) => data.apiKeys, { hold: true });
  const refusal = useRefusal();
  return (
    <Page
      title="API keys"
      lead="What callers show on the data plane. Only hashes are kept, so a key is seen once, when it is made."
      actions={
        <Button look="primary" refused={refusal} onClick={() => setUrl({ make: true })}>
          <Plus size={16} aria-hidden /> New key
        </Button>
      }
    >
      <div className="filters">
        <SearchField placeholder="Name or public part" />
        <SelectField
          label="Show"
          value={show}
          onChange={(next) => setUrl({ show: next === "live" ? undefined : (next as Show) })}
          choices={Object.entries(shows).map(([value, { name }]) => ({ value, label: name }))}
        />
      </div>
      <Result of={first}>
        {(data) => (
          <>
            <ThingTable {...table} rows={nodes} under="/keys" later={later} empty={<NoKey show={show} searched={search !== ""} />} />
            {make && (
              <KeyDialog
                project={firstProjectOf(
                  data.projects.edges.map(({ node }) => node),
                  data.demo?.projectId,
                )}
                route={data.routes.edges[0]?.node.name ?? "demo-chat"}
                restUrl={restUrlOf(data.nodes)}
                onClose={() => setUrl({ make: undefined }, { replace: true })}
              />
            )}
          </>
        )}
      </Result>
    </Page>
  );
}

function NoKey({ show, searched }: { readonly show: Show; readonly searched: boolean }) {
  if (searched) return <Empty title="No key fits">Names and public parts were searched, in upper and lower case.</Empty>;
  if (show === "unused") return <Empty title="Every key is in use">No key that opens something has been left alone for 90 days.</Empty>;
  return (
    <Empty title={show === "live" ? "No key in force" : "No key yet"}>
      A caller needs a key to reach the data plane. Make one and copy it: it is shown once.
    </Empty>
  );
}
