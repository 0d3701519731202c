/** The history of the configuration: each change, by whom, and how far it has come. Two of them can be compared. */
import { Link, useNavigate } from "@tanstack/react-router";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { useLive } from "../../graphql/live.ts";
import { Result } from "../../graphql/result.tsx";
import { Page } from "../../shell/page.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";

const query = graphql(`
  query Revisions($after: String) {
    revisions(first: 40, after: $after) {
      edges {
        cursor
        node {
          number
          createdAt
          publishedAt
          actor
          summary
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type Row = ResultOf<typeof query>["revisions"]["edges"][number]["node"];

const datedBackMs = 3_600_000;

export function Revisions() {
  const list = useKeyset(query, { after: null }, (data) => data.revisions);
  const { nodes } = useLive();
  const navigate = useNavigate();
  const alive = nodes.filter(({ state }) => state !== "gone");
  const newest = list.nodes[0]?.number;
  const columns: readonly Column<Row>[] = [
    {
      id: "number",
      name: "Revision",
      cell: (row) => (
        <Link to="/revisions/$number" params={{ number: row.number }} className="strong">
          {row.number}
        </Link>
      ),
    },
    { id: "summary", name: "What", cell: (row) => row.summary },
    { id: "actor", name: "Who", cell: (row) => actorName(row.actor) },
    {
      id: "at",
      name: "When",
      // In the order of their numbers: one that is dated back was made when it was handed on.
      cell: ({ createdAt, publishedAt }) =>
        publishedAt !== null && Date.parse(publishedAt) - Date.parse(createdAt) > datedBackMs ? (
          <>
            <When at={publishedAt} />, <span className="quiet">dated</span> <When at={createdAt} />
          </>
        ) : (
          <When at={createdAt} />
        ),
    },
    {
      id: "reach",
      name: "Reached",
      end: true,
      cell: (row) => {
        if (row.publishedAt === null) return <Badge tone="warn">not handed on yet</Badge>;
        const on = alive.filter(({ appliedNumber }) => appliedNumber !== null && BigInt(appliedNumber) >= BigInt(row.number)).length;
        if (alive.length === 0) return "–";
        const reached = `${on}/${alive.length} nodes`;
        if (row.number !== newest && on === alive.length) return <span className="quiet">{reached}</span>;
        return <Badge tone={on === alive.length ? "good" : "warn"}>{row.number === newest ? `serves on ${reached}` : reached}</Badge>;
      },
    },
  ];
  return (
    <Page
      title="Revisions"
      lead="Every change is one revision, whole or not at all. Any earlier state can be looked at, compared and restored."
    >
      <Result of={list.first}>
        {() => (
          <>
            <div className="card flush">
              <DataTable
                label="Revisions"
                columns={columns}
                rows={list.nodes}
                rowId={(row) => row.number}
                onOpen={(row) => void navigate({ to: "/revisions/$number", params: { number: row.number } })}
              />
            </div>
            <More {...list} />
          </>
        )}
      </Result>
    </Page>
  );
}
