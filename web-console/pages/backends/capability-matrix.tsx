/** What each backend can, side by side: its own words, or its catalogue model's where it says nothing. */
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { useMemo } from "react";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { useOrderBy } from "../../ui/table-sort.ts";
import { ThingTable } from "../../ui/thing-table.tsx";

const query = graphql(`
  query Capabilities($search: String, $after: String, $orderBy: BackendOrder) {
    backends(first: 100, search: $search, after: $after, orderBy: $orderBy) {
      edges {
        cursor
        node {
          id
          key
          model
          capabilities
          catalogueModel {
            capabilities
            contextTokensMax
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type Row = ResultOf<typeof query>["backends"]["edges"][number]["node"];

/** Asked of every backend; what else is named anywhere gets a column too. */
const asked = ["tools", "structured-output", "logprobs", "several-answers", "vision", "reasoning", "embeddings"];
/** Words that people use for the same. */
const same: Readonly<Record<string, string>> = {
  json_schema: "structured-output",
  "json-schema": "structured-output",
  structured_output: "structured-output",
  n: "several-answers",
};

export const capabilitiesOf = ({ capabilities, catalogueModel }: Row): ReadonlySet<string> =>
  new Set((capabilities.length > 0 ? capabilities : (catalogueModel?.capabilities ?? [])).map((word) => same[word] ?? word));

const label = "Capabilities";

const keyColumn: Column<Row, "KEY"> = {
  id: "key",
  name: "Backend",
  order: "KEY",
  cell: ({ id, key, model }) => (
    <div>
      <Link to="/backends/$backendId" params={{ backendId: id }} className="strong">
        {key}
      </Link>
      <div className="quiet">{model}</div>
    </div>
  ),
};

export function CapabilityMatrix({ search }: { readonly search: string }) {
  const orderBy = useOrderBy({ label, columns: [keyColumn] });
  const { first, nodes, ...later } = useKeyset(query, { search, orderBy, after: null }, (data) => data.backends, { hold: true });
  const columns = useMemo(() => columnsOf(nodes), [nodes]);
  return (
    <Result of={first}>
      {() => (
        <>
          <ThingTable
            label={label}
            columns={columns}
            rows={nodes}
            later={later}
            empty={<Empty title={search === "" ? "No backend yet" : "None is called that"}>There is nothing to compare.</Empty>}
          />
          {nodes.length > 0 && (
            <p className="quiet">
              As named on each backend, else on its model of the catalogue. An empty cell says that nobody has named it, and not that the
              backend cannot.
            </p>
          )}
        </>
      )}
    </Result>
  );
}

function columnsOf(rows: readonly Row[]): readonly Column<Row>[] {
  const named = new Set(rows.flatMap((row) => [...capabilitiesOf(row)]));
  const words = [...asked, ...[...named].filter((word) => !asked.includes(word)).sort()];
  return [
    keyColumn,
    ...words.map(
      (word): Column<Row> => ({
        id: word,
        name: word.replaceAll(/[-_]/g, " "),
        by: (row) => (capabilitiesOf(row).has(word) ? 0 : 1),
        cell: (row) => capabilitiesOf(row).has(word) && <Check size={16} aria-label="yes" role="img" />,
      }),
    ),
  ];
}
