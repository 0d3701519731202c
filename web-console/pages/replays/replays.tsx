/** Logged calls and datasets, tried again with something else: what was tried, and how it went. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, oneOf, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { useOrderBy } from "../../ui/table-sort.ts";
import { Tabs } from "../../ui/tabs.tsx";
import { ThingTable } from "../../ui/thing-table.tsx";
import { DatasetDialog, DatasetList } from "../datasets/datasets.tsx";
import { ReplayDialog } from "./replay-dialog.tsx";
import { candidateFragment, candidateName, stateTones } from "./words.ts";

const query = graphql(
  `
    query Replays($after: String, $dataset: ID!, $orderBy: ReplayRunOrder) {
      replayRuns(first: 50, after: $after, orderBy: $orderBy) {
        edges {
          cursor
          node {
            id
            name
            state
            createdAt
            createdBy
            cases
            candidate {
              ...Candidate
            }
            progress {
              done
              different
              skipped
              candidate {
                failed
                errors
              }
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
      chosen: dataset(id: $dataset) {
        id
        name
      }
    }
  `,
  [candidateFragment],
);

type Data = ResultOf<typeof query>;
type Row = Data["replayRuns"]["edges"][number]["node"];

const columns: readonly Column<Row, "NAME" | "STATE" | "CASES" | "CREATED_AT">[] = [
  {
    id: "name",
    name: "Replay",
    order: "NAME",
    cell: (row) => (
      <Link to="/replays/$replayId" params={{ replayId: row.id }} className="strong">
        {row.name || candidateName(row.candidate)}
      </Link>
    ),
  },
  {
    id: "state",
    name: "State",
    order: "STATE",
    cell: (row) => <Badge tone={stateTones[row.state] ?? "neutral"}>{row.state.toLowerCase()}</Badge>,
  },
  { id: "candidate", name: "Tried with", cell: (row) => candidateName(row.candidate) },
  { id: "cases", name: "Cases", end: true, order: "CASES", cell: (row) => `${row.progress.done} of ${row.cases}` },
  { id: "different", name: "Different", end: true, by: (row) => row.progress.different, cell: (row) => row.progress.different },
  {
    id: "failed",
    name: "Judged bad",
    end: true,
    by: (row) => row.progress.candidate.failed,
    cell: (row) => row.progress.candidate.failed + row.progress.candidate.errors,
  },
  {
    id: "at",
    name: "Made",
    end: true,
    order: "CREATED_AT",
    cell: (row) => (
      <>
        <When at={row.createdAt} /> <span className="quiet">by {actorName(row.createdBy)}</span>
      </>
    ),
  },
];

const table = { label: "Replays", columns };

export const address = { make: flag, tab: oneOf("replays", "datasets"), dataset: text, call: text, q: text };

export function Replays() {
  const [{ make, tab = "replays", dataset, call, q }, setUrl] = useUrlState(address);
  const navigate = useNavigate();
  const refusal = useRefusal("developer");
  const close = (page: "replays" | "datasets", madeId: string | undefined) =>
    madeId === undefined
      ? setUrl({ make: undefined, dataset: undefined, call: undefined }, { replace: true })
      : void navigate({ to: `/${page}/${madeId}` });
  return (
    <Page
      title="Replays"
      lead="Calls that were logged, or a dataset's cases, tried again with another version, route, revision or parameters, side by side."
      actions={
        <Button look="primary" refused={refusal} onClick={() => setUrl({ make: true })}>
          <Plus size={16} aria-hidden /> {tab === "replays" ? "New replay" : "New dataset"}
        </Button>
      }
    >
      <Tabs
        label="What is tried again"
        current={tab}
        tabs={[
          ["replays", "Replays"],
          ["datasets", "Datasets"],
        ]}
      />
      {tab === "datasets" ? (
        <DatasetList search={q ?? ""} onSearch={(next) => setUrl({ q: next }, { replace: true })} />
      ) : (
        <ReplayList make={make === true} dataset={dataset} callId={call} onMade={(id) => close("replays", id)} />
      )}
      {make && tab === "datasets" && <DatasetDialog onClose={(id) => close("datasets", id)} />}
    </Page>
  );
}

interface ReplayListProps {
  readonly make: boolean;
  /** Whose cases are to be tried. */
  readonly dataset: string | undefined;
  /** That alone is to be tried. */
  readonly callId: string | undefined;
  /** @param id undefined: it was left. */
  readonly onMade: (id: string | undefined) => void;
}

function ReplayList({ make, dataset, callId, onMade }: ReplayListProps) {
  const variables = { after: null, dataset: dataset ?? "", orderBy: useOrderBy(table) };
  const { first, nodes, ...later } = useKeyset(query, variables, (data) => data.replayRuns);
  return (
    <Result of={first}>
      {(data) => (
        <>
          <ThingTable
            {...table}
            rows={nodes}
            later={later}
            under="/replays"
            empty={
              <Empty title="Nothing was replayed yet">
                Let a route, project or the organisation keep what is said in calls; then try those calls with a candidate before callers
                meet it.
              </Empty>
            }
          />
          {make && <ReplayDialog dataset={data.chosen ?? undefined} callId={callId} onClose={onMade} />}
        </>
      )}
    </Result>
  );
}
