/**
 * What is happening now: calls in flight on each node, as the nodes report them, and the calls that have just ended. The list
 * follows the one live subscription: a report is the occasion to look again, at most every two seconds, and it stands still
 * while the pointer is on it.
 */
import { Link } from "@tanstack/react-router";
import { Pause, Play } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { count, duration, money } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useLive } from "../../graphql/live.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { Card, Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { OutcomeBadge } from "../calls/outcome-badge.tsx";

const query = graphql(`
  query Live {
    usageEvents(first: 40) {
      edges {
        node {
          callId
          startedAt
          outcome
          errorReason
          routeName
          modelAsked
          backendId
          nodeId
          durationMs
          timeToFirstTokenMs
          outputTokens
          costNanodollars
          attempts {
            result
          }
        }
      }
    }
    backends(first: 100, includeArchived: true) {
      edges {
        node {
          id
          key
        }
      }
    }
  }
`);

type Row = ResultOf<typeof query>["usageEvents"]["edges"][number]["node"];

const lookEveryMs = 2_000;

export function LivePage() {
  const page = usePageQuery(query, {}, { follow: false });
  const live = useLive();
  const [paused, setPaused] = useState(false);
  const [resting, setResting] = useState(false);
  const askedAt = useRef(Date.now());
  useEffect(() => {
    if (paused || resting || live.state !== "live" || Date.now() - askedAt.current < lookEveryMs) return;
    askedAt.current = Date.now();
    page.again();
  }, [live, paused, resting, page]);
  const alive = live.nodes.filter(({ state }) => state !== "gone");
  const state = paused ? "paused" : resting ? "resting while you read" : live.state;
  return (
    <Page
      title="Live traffic"
      lead="Calls in flight, and those that have just ended."
      actions={
        <>
          <Badge tone={state === "live" ? "good" : "warn"}>{state}</Badge>
          <Button onClick={() => setPaused((before) => !before)}>
            {paused ? <Play size={15} aria-hidden /> : <Pause size={15} aria-hidden />} {paused ? "Go on" : "Pause"}
          </Button>
        </>
      }
    >
      <div className="grid tiles">
        <div className="tile">
          <span className="name">In flight</span>
          <span className="value">{count(alive.reduce((sum, { callsInFlight }) => sum + callsInFlight, 0))}</span>
          <span className="note">on all nodes</span>
        </div>
        {alive.map((node) => (
          <Link key={node.id} to="/nodes" className="tile">
            <span className="name">{node.id}</span>
            <span className="value">{count(node.callsInFlight)}</span>
            <span className="note">{node.state}</span>
          </Link>
        ))}
      </div>
      <Result of={page}>
        {(data) => {
          const rows = data.usageEvents.edges.map(({ node }) => node);
          const names = new Map(data.backends.edges.map(({ node }) => [node.id, node.key]));
          if (rows.length === 0)
            return (
              <Empty
                title="Quiet"
                action={
                  <Link className="button" to="/playground">
                    To the playground
                  </Link>
                }
              >
                No call has ended yet. Make one, and watch it come in here.
              </Empty>
            );
          return (
            <div
              onMouseEnter={() => setResting(true)}
              onMouseLeave={() => setResting(false)}
              onFocus={() => setResting(true)}
              onBlur={() => setResting(false)}
            >
              <Card title="Just ended" flush>
                <DataTable label="Calls that have just ended" columns={columnsWith(names)} rows={rows} rowId={(row) => row.callId} />
              </Card>
            </div>
          );
        }}
      </Result>
    </Page>
  );
}

const columnsWith = (names: ReadonlyMap<string, string>): readonly Column<Row>[] => [
  { id: "at", name: "Began", cell: (row) => <When at={row.startedAt} /> },
  { id: "route", name: "Route", cell: (row) => <Link to={`/calls/${row.callId}`}>{row.routeName || row.modelAsked}</Link> },
  { id: "outcome", name: "Ended", cell: (row) => <OutcomeBadge of={row.outcome} /> },
  { id: "backend", name: "Backend", cell: (row) => names.get(row.backendId) ?? (row.errorReason || "none") },
  { id: "attempts", name: "Attempts", end: true, cell: (row) => row.attempts.length },
  { id: "first", name: "First token", end: true, cell: (row) => duration(row.timeToFirstTokenMs) },
  { id: "took", name: "Took", end: true, cell: (row) => duration(row.durationMs) },
  { id: "tokens", name: "Tokens out", end: true, cell: (row) => count(row.outputTokens) },
  { id: "cost", name: "Cost", end: true, cell: (row) => money(row.costNanodollars) },
];
