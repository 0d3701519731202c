/** All experiments: what runs, on which route, since when. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { ThingTable } from "../../ui/thing-table.tsx";
import { designChoicesFragment } from "./design/choices.ts";
import { DesignDialog } from "./design/design-dialog.tsx";
import { outcomes, recommendations, statusTones } from "./words.ts";

const query = graphql(
  `
  query Experiments {
    experiments(first: 100) {
      edges {
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
    }
    ...DesignChoices
  }
`,
  [designChoicesFragment],
);

type Data = ResultOf<typeof query>;
type Row = Data["experiments"]["edges"][number]["node"];

const columns: readonly Column<Row>[] = [
  {
    id: "key",
    name: "Experiment",
    by: (row) => row.key,
    cell: (row) => (
      <Link to={`/experiments/${row.id}`} className="strong">
        {row.key}
      </Link>
    ),
  },
  {
    id: "status",
    name: "State",
    by: (row) => row.status,
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
    by: (row) => row.route?.name ?? "",
    cell: (row) => (row.route === null ? "gone" : <Link to={`/routes/${row.route.id}`}>{row.route.name}</Link>),
  },
  { id: "arms", name: "Arms", cell: (row) => row.variants.map(({ key }) => key).join(", ") },
  {
    id: "coverage",
    name: "Takes part",
    end: true,
    by: (row) => row.coverage,
    cell: (row) => `${percent(row.coverage)} of ${row.unit.toLowerCase().replace("_", " ")}s`,
  },
  {
    id: "since",
    name: "Since",
    end: true,
    by: (row) => row.startedAt ?? "",
    cell: (row) => (row.startedAt === null ? "–" : <When at={row.startedAt} />),
  },
];

export function Experiments() {
  const [{ make }, setUrl] = useUrlState({ make: flag });
  const page = usePageQuery(query, {});
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
      <Result of={page}>
        {(data) => (
          <>
            <ThingTable
              label="Experiments"
              columns={columns}
              rows={data.experiments.edges.map(({ node }) => node)}
              under="/experiments"
              empty={
                <Empty title="No experiment yet">
                  Choose a route and two versions of its prompt; the same end user always meets the same arm.
                </Empty>
              }
            />
            {make && (
              <DesignDialog
                choices={data}
                onClose={(id) =>
                  id === undefined ? setUrl({ make: undefined }, { replace: true }) : void navigate({ to: `/experiments/${id}` } as never)
                }
              />
            )}
          </>
        )}
      </Result>
    </Page>
  );
}
