/** All API keys: whose they are, what they may do, whether they still open anything, who has not used one for long. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { count } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, oneOf, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { AddressField, SelectField } from "../../ui/field.tsx";
import { Badge, type Tone, When } from "../../ui/marks.tsx";
import { restUrlOf } from "../developers/addresses.ts";
import { rangeChoices } from "../overview/ranges.ts";
import { type KeyDetails, keyFragment, stateOf } from "./changes.ts";
import { KeyDialog } from "./dialogs.tsx";

const query = graphql(
  `
    query Keys($range: UsageRange!) {
      apiKeys(first: 100) {
        edges {
          node {
            ...KeyDetails
          }
        }
      }
      projects(first: 100) {
        edges {
          node {
            id
            name
          }
        }
      }
      routes(first: 100) {
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
      usageSummary(range: $range, groupBy: KEY) {
        ... on QueryUsageSummarySuccess {
          groups {
            group
            requests
          }
        }
      }
    }
  `,
  [keyFragment],
);

type Row = KeyDetails & { readonly requests: number };
type Data = ResultOf<typeof query>;

export const stateTones: Record<ReturnType<typeof stateOf>, Tone> = { live: "good", expiring: "warn", expired: "neutral", revoked: "bad" };

const columns: readonly Column<Row>[] = [
  {
    id: "name",
    name: "Key",
    by: (row) => row.name,
    cell: (row) => (
      <div>
        <Link to={`/keys/${row.id}`} className="strong">
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
  { id: "project", name: "Project", by: (row) => row.project?.name ?? "", cell: (row) => row.project?.name ?? "gone" },
  { id: "routes", name: "May use", cell: (row) => (row.allowedRoutes.length === 0 ? "all routes" : row.allowedRoutes.join(", ")) },
  { id: "state", name: "State", by: stateOf, cell: (row) => <Badge tone={stateTones[stateOf(row)]}>{stateOf(row)}</Badge> },
  {
    id: "expires",
    name: "Expires",
    by: (row) => row.expiresAt ?? "",
    cell: (row) => (row.expiresAt === null ? <span className="quiet">never</span> : <When at={row.expiresAt} />),
  },
  {
    id: "requests",
    name: "Calls, 90 d",
    end: true,
    by: (row) => row.requests,
    cell: (row) =>
      row.requests === 0 && Date.parse(row.createdAt) < Date.now() - 90 * 86_400_000 ? (
        <Badge tone="warn">unused</Badge>
      ) : (
        count(row.requests)
      ),
  },
  { id: "made", name: "Made", by: (row) => row.createdAt, cell: (row) => <When at={row.createdAt} /> },
];

export function Keys() {
  const [{ q, show, make }, setUrl] = useUrlState({ q: text, show: oneOf("all"), make: flag });
  const [range] = useState(rangeChoices["90d"].of);
  const page = usePageQuery(query, { range });
  const refusal = useRefusal();
  const navigate = useNavigate();
  const rows = useMemo(() => (page.data === undefined ? [] : rowsOf(page.data, q ?? "", show === "all")), [page.data, q, show]);
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
        <AddressField
          label="Search"
          value={q ?? ""}
          onChange={(next) => setUrl({ q: next }, { replace: true })}
          data-search
          placeholder="Name, project or public part"
        />
        <SelectField
          label="Show"
          value={show ?? "live"}
          onChange={(next) => setUrl({ show: next === "all" ? "all" : undefined })}
          choices={[
            { value: "live", label: "Those that open something" },
            { value: "all", label: "Expired and revoked ones too" },
          ]}
        />
      </div>
      <Result of={page}>
        {(data) => (
          <>
            {rows.length === 0 ? (
              <Empty title={q === undefined ? "No key yet" : "No key fits"}>
                A caller needs a key to reach the data plane. Make one and copy it: it is shown once.
              </Empty>
            ) : (
              <div className="card flush">
                <DataTable
                  label="API keys"
                  columns={columns}
                  rows={rows}
                  rowId={(row) => row.id}
                  onOpen={(row) => void navigate({ to: `/keys/${row.id}` } as never)}
                />
              </div>
            )}
            {make && (
              <KeyDialog
                projects={data.projects.edges.map(({ node }) => node)}
                routes={data.routes.edges.map(({ node }) => node.name)}
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

function rowsOf(data: Data, q: string, all: boolean): readonly Row[] {
  const groups = "groups" in data.usageSummary ? (data.usageSummary.groups ?? []) : [];
  const used = new Map(groups.map((group) => [group.group, Number(group.requests)]));
  const wanted = q.toLowerCase();
  return data.apiKeys.edges
    .map(({ node }) => ({ ...node, requests: used.get(node.id) ?? 0 }))
    .filter((row) => all || ["live", "expiring"].includes(stateOf(row)))
    .filter((row) => `${row.name} ${row.project?.name} ${row.publicId}`.toLowerCase().includes(wanted));
}
