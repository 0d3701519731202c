/** The data plane, node by node: alive or not, what each serves, how far behind; and how the newest revision is getting there. */
import { Link } from "@tanstack/react-router";
import { count, counted, duration } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { type LiveNode, useLive } from "../../graphql/live.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { isCurrent } from "../../shell/live-mark.tsx";
import { Card, Page } from "../../shell/page.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Badge, Meter, Notice, type Tone, When } from "../../ui/marks.tsx";
import { NodeName } from "../../ui/node-name.tsx";

const query = graphql(`
  query Nodes {
    nodes {
      id
      name
      version
      state
      startedAt
      reportedAt
      appliedNumber
      appliedAt
      revisionsBehind
      refusedNumber
      refusedReason
      callsInFlight
      eventLoopDelayMs
      usageEventsWaiting
      configSource
      restAddress
      grpcAddress
    }
    revisions(first: 5) {
      edges {
        node {
          number
          createdAt
          actor
          summary
        }
      }
    }
  }
`);

type Row = ResultOf<typeof query>["nodes"][number];

const stateTones: Readonly<Record<string, Tone>> = { ready: "good", starting: "info", draining: "warn", gone: "bad" };

/** From then on calls notice that the process has too much to do. */
const busyMs = 50;

const columns: readonly Column<Row>[] = [
  {
    id: "id",
    name: "Node",
    by: (row) => row.name,
    cell: (row) => (
      <div>
        <strong>
          <NodeName id={row.id} name={row.name} />
        </strong>
        <div className="quiet">version {row.version}</div>
      </div>
    ),
  },
  {
    id: "state",
    name: "State",
    by: (row) => row.state,
    cell: (row) => <Badge tone={stateTones[row.state] ?? "neutral"}>{row.state}</Badge>,
  },
  {
    id: "revision",
    name: "Serves revision",
    end: true,
    by: (row) => Number(row.appliedNumber ?? -1),
    cell: (row) => (
      <div>
        {row.appliedNumber === null ? (
          "none"
        ) : (
          <Link to="/revisions/$number" params={{ number: row.appliedNumber }}>
            {row.appliedNumber}
          </Link>
        )}
        <div className="quiet">{row.appliedAt !== null && <When at={row.appliedAt} />}</div>
      </div>
    ),
  },
  {
    id: "behind",
    name: "Behind",
    end: true,
    by: (row) => Number(row.revisionsBehind ?? 0),
    cell: (row) =>
      row.revisionsBehind === null ? (
        "–"
      ) : row.revisionsBehind === "0" ? (
        <Badge tone="good">current</Badge>
      ) : (
        <Badge tone="warn">{row.revisionsBehind}</Badge>
      ),
  },
  { id: "calls", name: "In flight", end: true, by: (row) => row.callsInFlight, cell: (row) => count(row.callsInFlight) },
  {
    id: "delay",
    name: "Timers late",
    end: true,
    by: (row) => row.eventLoopDelayMs,
    cell: (row) =>
      row.eventLoopDelayMs >= busyMs ? <Badge tone="warn">{duration(row.eventLoopDelayMs)}</Badge> : duration(row.eventLoopDelayMs),
  },
  {
    id: "waiting",
    name: "Usage waiting",
    end: true,
    by: (row) => Number(row.usageEventsWaiting),
    cell: (row) => count(row.usageEventsWaiting),
  },
  { id: "source", name: "Configured from", cell: (row) => row.configSource },
  { id: "up", name: "Up since", by: (row) => row.startedAt, cell: (row) => <When at={row.startedAt} /> },
  { id: "heard", name: "Heard", by: (row) => row.reportedAt, cell: (row) => <When at={row.reportedAt} /> },
];

export function Nodes() {
  const page = usePageQuery(query, {});
  const live = useLive();
  return (
    <Page title="Nodes" lead="The processes that serve callers. They go on with what they have when this control plane is away.">
      <Result of={page}>
        {(data) => {
          const nodes = withLive(data.nodes, live.nodes);
          if (nodes.length === 0)
            return (
              <Empty title="No node has reported">
                Start one with <code>npx penstock data-plane</code>; it needs the same secrets and the address of this control plane.
              </Empty>
            );
          return (
            <>
              <FanOut
                nodes={nodes.filter(({ state }) => state !== "gone")}
                revision={live.revision}
                newest={data.revisions.edges[0]?.node}
              />
              <Incidents nodes={nodes} />
              <Card title={counted(nodes.length, "node")} flush>
                <DataTable label="Nodes" columns={columns} rows={nodes} rowId={(row) => row.id} />
              </Card>
            </>
          );
        }}
      </Result>
    </Page>
  );
}

/** What the subscription says is newer than the page. */
function withLive(nodes: readonly Row[], live: readonly LiveNode[]): readonly Row[] {
  const byId = new Map(live.map((node) => [node.id, node]));
  return nodes.map((node) => ({ ...node, ...byId.get(node.id) }));
}

type Revision = ResultOf<typeof query>["revisions"]["edges"][number]["node"];

function FanOut({
  nodes,
  revision,
  newest,
}: {
  readonly nodes: readonly Row[];
  readonly revision: bigint | undefined;
  readonly newest: Revision | undefined;
}) {
  const current = nodes.filter(isCurrent).length;
  const tookMs = newest === undefined ? undefined : arrivalMs(nodes, newest);
  const share = nodes.length === 0 ? 0 : current / nodes.length;
  return (
    <Card
      title={
        <>
          Revision {String(revision ?? "–")} is on {current} of {counted(nodes.length, "live node")}
        </>
      }
      actions={<Link to="/revisions">All revisions</Link>}
    >
      <div className="stack tight">
        <Meter share={share} plain label={`${current} of ${nodes.length} nodes serve the newest revision`} />
        {newest !== undefined && (
          <p className="quiet">
            The last change of yours:{" "}
            <Link to="/revisions/$number" params={{ number: newest.number }}>
              {newest.summary}
            </Link>
            , by {actorName(newest.actor)}, <When at={newest.createdAt} />
            {tookMs === undefined ? "." : `; ${nodes.length === 1 ? "its node had" : "the last node had"} it after ${duration(tookMs)}.`}
          </p>
        )}
      </div>
    </Card>
  );
}

/** From the change to when the last node served it, by their clocks. Undefined: one has not, or serves a later one already. */
export function arrivalMs(
  nodes: readonly Pick<Row, "appliedNumber" | "appliedAt">[],
  { number, createdAt }: Pick<Revision, "number" | "createdAt">,
): number | undefined {
  const arrivals = nodes.map(({ appliedNumber, appliedAt }) =>
    appliedNumber === number && appliedAt !== null ? Date.parse(appliedAt) : undefined,
  );
  if (arrivals.length === 0 || arrivals.includes(undefined)) return undefined;
  const last = Math.max(...arrivals.map(Number)) - Date.parse(createdAt);
  // A node that was started later applied it when it started.
  return last > restartedMs ? undefined : Math.max(0, last);
}

const restartedMs = 60_000;

function Incidents({ nodes }: { readonly nodes: readonly Row[] }) {
  const gone = nodes.filter(({ state }) => state === "gone");
  const refused = nodes.filter((node) => node.refusedReason !== null && node.state !== "gone");
  const behind = nodes.filter((node) => node.state !== "gone" && !isCurrent(node) && node.refusedReason === null);
  return (
    <>
      {refused.map((node) => (
        <Notice key={node.id} tone="bad">
          <strong>{node.name}</strong> refused revision {node.refusedNumber}: {node.refusedReason}. It goes on with revision{" "}
          {node.appliedNumber ?? "none"}.
        </Notice>
      ))}
      {gone.length > 0 && (
        <Notice tone="warn">
          {gone.map(({ name }) => name).join(", ")} {gone.length === 1 ? "has" : "have"} not been heard for ten seconds. What was not ended
          on purpose is worth a look at its log.
        </Notice>
      )}
      {behind.length > 0 && (
        <Notice tone="warn">
          {behind.map(({ name }) => name).join(", ")} {behind.length === 1 ? "does" : "do"} not serve the newest revision yet. It usually
          takes milliseconds, and six seconds with every hint lost.
        </Notice>
      )}
    </>
  );
}
