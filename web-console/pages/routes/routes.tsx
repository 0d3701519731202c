/** All routes: what callers can ask for, what each one leads to, how much it carried in a day. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { count, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { AddressField } from "../../ui/field.tsx";
import { lastDay } from "../overview/ranges.ts";
import { RouteDialog, routeChoicesFragment } from "./route-dialog.tsx";

const query = graphql(
  `
    query Routes($range: UsageRange!) {
      routes(first: 100) {
        edges {
          node {
            id
            name
            description
            prompt {
              label
              version
              prompt {
                name
              }
            }
            tiers {
              targets {
                weight
                backend {
                  key
                }
              }
            }
          }
        }
      }
      usageSummary(range: $range, groupBy: ROUTE) {
        ... on QueryUsageSummarySuccess {
          groups {
            group
            requests
            failedRequests
          }
        }
      }
      ...RouteChoices
    }
  `,
  [routeChoicesFragment],
);

type Data = ResultOf<typeof query>;
type Row = Data["routes"]["edges"][number]["node"] & { readonly requests: number; readonly failed: number };

const columns: readonly Column<Row>[] = [
  {
    id: "name",
    name: "Route",
    by: (row) => row.name,
    cell: (row) => (
      <div>
        <Link to={`/routes/${row.id}`} className="strong">
          {row.name}
        </Link>
        <div className="quiet">{row.description}</div>
      </div>
    ),
  },
  {
    id: "targets",
    name: "Leads to",
    cell: (row) =>
      row.tiers.map((tier) => tier.targets.map(({ backend }) => backend?.key ?? "gone").join(" or ")).join(", then ") || "nothing",
  },
  {
    id: "prompt",
    name: "Prompt",
    cell: (row) =>
      row.prompt === null ? (
        <span className="quiet">none</span>
      ) : (
        `${row.prompt.prompt?.name ?? "gone"} @ ${row.prompt.label ?? row.prompt.version}`
      ),
  },
  { id: "requests", name: "Calls, 24 h", end: true, by: (row) => row.requests, cell: (row) => count(row.requests) },
  {
    id: "failed",
    name: "Failed",
    end: true,
    by: (row) => (row.requests === 0 ? 0 : row.failed / row.requests),
    cell: (row) => (row.requests === 0 ? "–" : percent(row.failed / row.requests)),
  },
];

export function Routes() {
  const [{ q, make }, setUrl] = useUrlState({ q: text, make: flag });
  const [range] = useState(lastDay);
  const page = usePageQuery(query, { range });
  const navigate = useNavigate();
  const refusal = useRefusal();
  return (
    <Page
      title="Routes"
      lead="The names that callers ask for as model, and where their calls go."
      actions={
        <Button look="primary" refused={refusal} onClick={() => setUrl({ make: true })}>
          <Plus size={16} aria-hidden /> New route
        </Button>
      }
    >
      <Result of={page}>
        {(data) => (
          <>
            <RouteList data={data} q={q ?? ""} onSearch={(next) => setUrl({ q: next }, { replace: true })} />
            {make && (
              <RouteDialog
                choices={data}
                onClose={(id) =>
                  id === undefined ? setUrl({ make: undefined }, { replace: true }) : void navigate({ to: `/routes/${id}` } as never)
                }
              />
            )}
          </>
        )}
      </Result>
    </Page>
  );
}

function RouteList({ data, q, onSearch }: { readonly data: Data; readonly q: string; readonly onSearch: (q: string) => void }) {
  const navigate = useNavigate();
  const rows = useMemo(() => rowsOf(data, q), [data, q]);
  if (data.routes.edges.length === 0)
    return (
      <Empty
        title="No route yet"
        action={
          <Link className="button" to="/backends">
            To the backends
          </Link>
        }
      >
        Callers need a name to ask for. Make a provider and a backend first, then a route that leads to it.
      </Empty>
    );
  return (
    <>
      <div className="filters">
        <AddressField label="Search" value={q} onChange={onSearch} data-search placeholder="Name or what it is for" />
      </div>
      <div className="card flush">
        <DataTable
          label="Routes"
          columns={columns}
          rows={rows}
          rowId={(row) => row.id}
          onOpen={(row) => void navigate({ to: `/routes/${row.id}` } as never)}
        />
      </div>
    </>
  );
}

function rowsOf(data: Data, q: string): readonly Row[] {
  const groups = data.usageSummary !== null && "groups" in data.usageSummary ? (data.usageSummary.groups ?? []) : [];
  const carried = new Map(groups.map((group) => [group.group, group]));
  const wanted = q.toLowerCase();
  return data.routes.edges
    .map(({ node }) => ({
      ...node,
      requests: Number(carried.get(node.name)?.requests ?? 0),
      failed: Number(carried.get(node.name)?.failedRequests ?? 0),
    }))
    .filter((row) => `${row.name} ${row.description}`.toLowerCase().includes(wanted));
}
