/** All experiments: what runs, on which route, since when. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { SearchField, useSearch } from "../../ui/search.tsx";
import { useOrderBy } from "../../ui/table-sort.ts";
import { ThingTable } from "../../ui/thing-table.tsx";
import { DesignDialog } from "./design/design-dialog.tsx";
import { outcomes, recommendations, statusTones } from "./words.ts";

const query = graphql(`
  query Experiments($search: String, $after: String, $orderBy: ExperimentOrder) {
    experiments(first: 50, search: $search, after: $after, orderBy: $orderBy) {
      edges {
        cursor
        node {
          id
          key
          status
          coverage
          unit
          phase
          startedAt
          stoppedAt
          conclusion {
            outcome
          }
          evaluation {
            verdict {
              recommendation
            }
          }
          route {
            id
            name
          }
          variants {
            key
            weight
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
    routes(first: 1) {
      edges {
        node {
          id
          name
        }
      }
    }
  }
`);

type Data = ResultOf<typeof query>;
type Row = Data["experiments"]["edges"][number]["node"];

const columns: readonly Column<Row, "KEY" | "STATUS" | "ROUTE" | "COVERAGE" | "STARTED_AT">[] = [
  {
    id: "key",
    name: "Experiment",
    order: "KEY",
    cell: (row) => (
      <Link to="/experiments/$experimentId" params={{ experimentId: row.id }} className="strong">
        {row.key}
      </Link>
    ),
  },
  {
    id: "status",
    name: "State",
    order: "STATUS",
    cell: (row) => {
      const ended = row.conclusion === null ? undefined : outcomes[row.conclusion.outcome];
      return <Badge tone={ended?.tone ?? statusTones[row.status] ?? "neutral"}>{ended?.name ?? row.status.toLowerCase()}</Badge>;
    },
  },
  {
    id: "advice",
    name: "Newest look says",
    by: (row) => row.evaluation?.verdict.recommendation ?? "",
    cell: (row) => {
      const advice = row.evaluation === null ? undefined : recommendations[row.evaluation.verdict.recommendation];
      return advice === undefined || row.status !== "RUNNING" ? (
        <span className="quiet">–</span>
      ) : (
        <Badge tone={advice.tone}>{advice.name}</Badge>
      );
    },
  },
  {
    id: "route",
    name: "On",
    order: "ROUTE",
    cell: (row) =>
      row.route === null ? (
        "gone"
      ) : (
        <Link to="/routes/$routeId" params={{ routeId: row.route.id }}>
          {row.route.name}
        </Link>
      ),
  },
  { id: "arms", name: "Arms", cell: (row) => row.variants.map(({ key }) => key).join(", ") },
  {
    id: "coverage",
    name: "Takes part",
    end: true,
    order: "COVERAGE",
    cell: (row) => `${percent(row.coverage)} of ${row.unit.toLowerCase().replace("_", " ")}s`,
  },
  {
    id: "since",
    name: "Since",
    end: true,
    order: "STARTED_AT",
    cell: (row) => (row.startedAt === null ? "–" : <When at={row.startedAt} />),
  },
];

const table = { label: "Experiments", columns };

export function Experiments() {
  const [{ make }, setUrl] = useUrlState({ make: flag });
  const search = useSearch();
  const orderBy = useOrderBy(table);
  const { first, nodes, ...later } = useKeyset(query, { search, orderBy, after: null }, (data) => data.experiments, { hold: true });
  const navigate = useNavigate();
  const refusal = useRefusal("developer");
  return (
    <Page
      title="Experiments"
      lead="Two or more arms on a route: other prompts, parameters or backends, and what each does to latency, cost and feedback."
      actions={
        <Button look="primary" refused={refusal} onClick={() => setUrl({ make: true })}>
          <Plus size={16} aria-hidden /> New experiment
        </Button>
      }
    >
      <div className="filters">
        <SearchField />
      </div>
      <Result of={first}>
        {(data) => (
          <>
            <ThingTable
              {...table}
              rows={nodes}
              later={later}
              under="/experiments"
              empty={
                search === "" ? (
                  <Empty title="No experiment yet">
                    Choose a route and two versions of its prompt; the same end user always meets the same arm.
                  </Empty>
                ) : (
                  <Empty title="None is called that">Names were searched, in upper and lower case.</Empty>
                )
              }
            />
            {make && (
              <DesignDialog
                route={data.routes.edges[0]?.node}
                onClose={(id) =>
                  id === undefined
                    ? setUrl({ make: undefined }, { replace: true })
                    : void navigate({ to: "/experiments/$experimentId", params: { experimentId: id } })
                }
              />
            )}
          </>
        )}
      </Result>
    </Page>
  );
}
