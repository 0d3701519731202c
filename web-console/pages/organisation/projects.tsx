/** The projects of the organisation. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { captureWords } from "../../change/capture-values.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import { useOrderBy } from "../../ui/table-sort.ts";
import { ProjectDialog, projectFragment } from "./project-dialog.tsx";

const query = graphql(
  `
    query Projects($after: String, $orderBy: ProjectOrder) {
      projects(first: 100, after: $after, orderBy: $orderBy) {
        edges {
          cursor
          node {
            ...ProjectDetails
            createdAt
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [projectFragment],
);

type Row = ResultOf<typeof query>["projects"]["edges"][number]["node"];

const columns: readonly Column<Row, "NAME" | "KEY" | "CREATED_AT">[] = [
  {
    id: "name",
    name: "Project",
    order: "NAME",
    cell: (row) => (
      <Link to="/projects/$projectId" params={{ projectId: row.id }} className="strong">
        {row.name}
      </Link>
    ),
  },
  { id: "key", name: "Key", order: "KEY", cell: (row) => <code>{row.key}</code> },
  { id: "keeps", name: "What is said", cell: (row) => captureWords(row.contentCapture, "as the organisation") },
  { id: "made", name: "Made", order: "CREATED_AT", cell: (row) => <When at={row.createdAt} /> },
];

const table = { label: "Projects", columns };

export function Projects() {
  const [{ make }, setUrl] = useUrlState({ make: oneOf("project") });
  const refusal = useRefusal("admin");
  const navigate = useNavigate();
  const orderBy = useOrderBy(table);
  const { first, nodes, ...later } = useKeyset(query, { orderBy, after: null }, (data) => data.projects, { hold: true });
  return (
    <Result of={first}>
      {() => (
        <>
          <Card
            title="Projects"
            flush
            actions={
              <Button small refused={refusal} onClick={() => setUrl({ make: "project" })}>
                <Plus size={14} aria-hidden /> New project
              </Button>
            }
          >
            <DataTable
              {...table}
              rows={nodes}
              rowId={(row) => row.id}
              onOpen={(row) => void navigate({ to: "/projects/$projectId", params: { projectId: row.id } })}
              hasMore={later.hasMore}
            />
          </Card>
          <More {...later} />
          {make && <ProjectDialog onClose={() => setUrl({ make: undefined }, { replace: true })} />}
        </>
      )}
    </Result>
  );
}
