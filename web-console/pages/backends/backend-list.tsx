/** The backends, page by page: how each does, what it costs, what it did in a day. */
import { Link } from "@tanstack/react-router";
import { count, duration, money, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { Badge } from "../../ui/marks.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { useOrderBy } from "../../ui/table-sort.ts";
import { ThingTable } from "../../ui/thing-table.tsx";
import { barsOf, dayInWords, failedShareOf, lastDayFragment } from "../overview/last-day.ts";
import { HealthBadge, healthFragment } from "./health-badge.tsx";
import { costInWords, seenBy } from "./in-words.ts";

const query = graphql(
  `
    query Backends($search: String, $after: String, $orderBy: BackendOrder) {
      backends(first: 50, search: $search, after: $after, orderBy: $orderBy) {
        edges {
          cursor
          node {
            id
            key
            model
            provider {
              key
            }
            price {
              inputNanodollarsPerMillion
              outputNanodollarsPerMillion
            }
            ...BackendHealth
            lastDay {
              ...LastDay
              figures {
                costNanodollars
                unpricedCalls
                duration {
                  p95Ms
                }
              }
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
  [healthFragment, lastDayFragment],
);

type Row = ResultOf<typeof query>["backends"]["edges"][number]["node"];

const columns: readonly Column<Row, "KEY">[] = [
  {
    id: "key",
    name: "Backend",
    order: "KEY",
    cell: (row) => (
      <div>
        <Link to="/backends/$backendId" params={{ backendId: row.id }} className="strong">
          {row.key}
        </Link>
        <div className="quiet">
          {row.model} at {row.provider?.key ?? "a provider that is gone"}
        </div>
      </div>
    ),
  },
  { id: "health", name: "Health", by: (row) => seenBy(row).rank, cell: (row) => <HealthBadge of={row} /> },
  {
    id: "price",
    name: "In / out a million",
    end: true,
    cell: (row) =>
      row.price === null ? (
        <Badge tone="warn">unknown</Badge>
      ) : (
        `${money(row.price.inputNanodollarsPerMillion)} / ${money(row.price.outputNanodollarsPerMillion)}`
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
    cell: ({ lastDay }) => <FailedShare share={lastDay.figures.calls === "0" ? undefined : failedShareOf(lastDay)} />,
  },
  {
    id: "p95",
    name: "p95",
    end: true,
    by: ({ lastDay }) => lastDay.figures.duration.p95Ms ?? 0,
    cell: ({ lastDay }) => duration(lastDay.figures.duration.p95Ms),
  },
  {
    id: "cost",
    name: "Cost",
    end: true,
    by: ({ lastDay }) => Number(lastDay.figures.costNanodollars),
    cell: ({ lastDay }) => costInWords(lastDay.figures),
  },
];

const alarmingShare = 0.05;

const FailedShare = ({ share }: { readonly share: number | undefined }) =>
  share !== undefined && share > alarmingShare ? <Badge tone="bad">{percent(share)}</Badge> : percent(share);

const table = { label: "Backends", columns };

export function BackendList({ search }: { readonly search: string }) {
  const orderBy = useOrderBy(table);
  const { first, nodes, ...later } = useKeyset(query, { search, orderBy, after: null }, (data) => data.backends, { hold: true });
  return (
    <Result of={first}>
      {() => <ThingTable {...table} rows={nodes} under="/backends" later={later} empty={<NoBackend searched={search !== ""} />} />}
    </Result>
  );
}

const NoBackend = ({ searched }: { readonly searched: boolean }) =>
  searched ? (
    <Empty title="None is called that">Names and models were searched, in upper and lower case.</Empty>
  ) : (
    <Empty title="No backend yet">
      Begin with a provider: an account at OpenAI, or your own vLLM, Ollama or llama.cpp server. Then name a model that it serves.
    </Empty>
  );
