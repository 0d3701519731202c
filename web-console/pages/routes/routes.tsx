/** All routes: what callers can ask for, what each one leads to, how much it carried in a day. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { count, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { SearchField, useSearch } from "../../ui/search.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { useOrderBy } from "../../ui/table-sort.ts";
import { ThingTable } from "../../ui/thing-table.tsx";
import { barsOf, dayInWords, failedShareOf, lastDayFragment } from "../overview/last-day.ts";
import { RouteDialog } from "./route-dialog.tsx";

const query = graphql(
  `
    query Routes($search: String, $after: String, $orderBy: RouteOrder) {
      routes(first: 50, search: $search, after: $after, orderBy: $orderBy) {
        edges {
          cursor
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
            lastDay {
              ...LastDay
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [lastDayFragment],
);

type Row = ResultOf<typeof query>["routes"]["edges"][number]["node"];

const columns: readonly Column<Row, "NAME">[] = [
  {
    id: "name",
    name: "Route",
    order: "NAME",
    cell: (row) => (
      <div>
        <Link to="/routes/$routeId" params={{ routeId: row.id }} className="strong">
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
  { id: "day", name: "By the hour", cell: ({ lastDay }) => <Sparkline label={dayInWords(lastDay)} bars={barsOf(lastDay)} /> },
  {
    id: "requests",
    name: "Calls, 24 h",
    end: true,
    by: ({ lastDay }) => Number(lastDay.figures.calls),
    cell: ({ lastDay }) => count(lastDay.figures.calls),
  },
  {
    id: "failed",
    name: "Failed",
    end: true,
    by: ({ lastDay }) => failedShareOf(lastDay),
    cell: ({ lastDay }) => (lastDay.figures.calls === "0" ? "–" : percent(failedShareOf(lastDay))),
  },
];

const table = { label: "Routes", columns };

export function Routes() {
  const [{ make }, setUrl] = useUrlState({ make: flag });
  const search = useSearch();
  const orderBy = useOrderBy(table);
  const { first, nodes, ...later } = useKeyset(query, { search, orderBy, after: null }, (data) => data.routes, { hold: true });
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
      <div className="filters">
        <SearchField placeholder="Name or what it is for" />
      </div>
      <Result of={first}>
        {() => <ThingTable {...table} rows={nodes} under="/routes" later={later} empty={<NoRoute searched={search !== ""} />} />}
      </Result>
      {make && (
        <RouteDialog
          onClose={(id) =>
            id === undefined
              ? setUrl({ make: undefined }, { replace: true })
              : void navigate({ to: "/routes/$routeId", params: { routeId: id } })
          }
        />
      )}
    </Page>
  );
}

const NoRoute = ({ searched }: { readonly searched: boolean }) =>
  searched ? (
    <Empty title="None is called that">Names and purposes were searched, in upper and lower case.</Empty>
  ) : (
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
