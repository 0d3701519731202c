/**
 * What is happening now: the calls that run and how far each has come, as the nodes report them, and those that have just ended, all
 * over the one live subscription. What is shown stands still while the pointer is on it, while somebody has scrolled down to read,
 * and where it was paused; what came meanwhile is counted.
 */
import { Link } from "@tanstack/react-router";
import { Pause, Play } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { count, counted, duration, money } from "../../format/numbers.ts";
import { graphql } from "../../graphql/documents.ts";
import { useLive, useTraffic } from "../../graphql/live.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { type EndedCall, endedCallFragment, type Traffic, together } from "../../graphql/traffic.ts";
import { Card, Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import { Tile, Tiles } from "../../ui/tile.tsx";
import { OutcomeBadge } from "../calls/outcome-badge.tsx";
import { RunningCalls } from "./running-calls.tsx";

const query = graphql(
  `
    query Live {
      usageEvents(first: 100) {
        edges {
          node {
            ...EndedCall
          }
        }
      }
    }
  `,
  [endedCallFragment],
);

export function LivePage() {
  const page = usePageQuery(query, {}, { follow: false });
  const live = useLive();
  const traffic = useTraffic();
  const [paused, setPaused] = useState(false);
  const [resting, setResting] = useState(false);
  const scrolled = useScrolled();
  const before = useMemo(() => page.data?.usageEvents.edges.map(({ node }) => node) ?? [], [page.data]);
  const now = useMemo(() => ({ ...traffic, ended: together(traffic.ended, before) }), [traffic, before]);
  const still = paused || resting || scrolled;
  const shown = useStill(now, still, page.data);
  const newer = newerThan(shown, now);
  const alive = live.nodes.filter(({ state }) => state !== "gone");
  const state = paused ? "paused" : still ? "resting while you read" : live.state;
  return (
    <Page
      title="Live traffic"
      lead="Calls that run, and those that have just ended."
      actions={
        <>
          <Badge tone={state === "live" ? "good" : "warn"}>{state}</Badge>
          {newer > 0 && <span className="quiet">{counted(newer, "call")} since</span>}
          <Button onClick={() => setPaused((was) => !was)}>
            {paused ? <Play size={15} aria-hidden /> : <Pause size={15} aria-hidden />} {paused ? "Go on" : "Pause"}
          </Button>
        </>
      }
    >
      <Tiles>
        <Tile name="Running" value={count(shown.running.length)} note="as listed below: at most 100 of a node" />
        {alive.map((node) => (
          <Tile
            key={node.id}
            to="/nodes"
            name={<span title={node.id}>node {node.name}</span>}
            value={count(shown.running.filter(({ nodeId }) => nodeId === node.id).length)}
            note={`of them, ${node.state}`}
          />
        ))}
      </Tiles>
      <Result of={page}>
        {() => (
          <Resting onChange={setResting}>
            <RunningCalls calls={shown.running} />
            <JustEnded traffic={shown} />
          </Resting>
        )}
      </Result>
    </Page>
  );
}

/** By the browser's own events: React's would also come from a dialog that was opened in here, and stands elsewhere. */
function Resting({ onChange, children }: { readonly onChange: (resting: boolean) => void; readonly children: ReactNode }) {
  const area = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const over = new AbortController();
    const on = (name: string, act: (event: Event) => void) => area.current?.addEventListener(name, act, { signal: over.signal });
    on("mouseenter", () => onChange(true));
    on("mouseleave", () => onChange(false));
    // Of a click the pointer tells enough; whoever comes by the keyboard sees where they are.
    on("focusin", ({ target }) => target instanceof Element && target.matches(":focus-visible") && onChange(true));
    on("focusout", () => onChange(false));
    return () => {
      over.abort();
      onChange(false);
    };
  }, [onChange]);
  return (
    <div ref={area} className="stack loose">
      {children}
    </div>
  );
}

function JustEnded({ traffic: { ended, skipped } }: { readonly traffic: Traffic }) {
  if (ended.length === 0)
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
    <Card title="Just ended" flush>
      <DataTable label="Calls that have just ended" columns={columns} rows={ended} rowId={(row) => row.callId} />
      {skipped > 0 && (
        <p className="quiet" style={{ padding: "0.6rem 1rem" }}>
          {counted(skipped, "call")} more ended than can be read while they come; <Link to="/calls">the log</Link> has all.
        </p>
      )}
    </Card>
  );
}

const columns: readonly Column<EndedCall>[] = [
  { id: "at", name: "Began", cell: (row) => <When at={row.startedAt} /> },
  {
    id: "route",
    name: "Route",
    cell: (row) => (
      <Link to="/calls/$callId" params={{ callId: row.callId }}>
        {row.routeName || row.modelAsked}
      </Link>
    ),
  },
  { id: "outcome", name: "Ended", cell: (row) => <OutcomeBadge of={row.outcome} /> },
  { id: "backend", name: "Backend", cell: (row) => row.backendName ?? (row.errorReason || "none") },
  { id: "attempts", name: "Attempts", end: true, cell: (row) => row.attempts.length },
  { id: "first", name: "First token", end: true, cell: (row) => duration(row.timeToFirstTokenMs) },
  { id: "took", name: "Took", end: true, cell: (row) => duration(row.durationMs) },
  { id: "tokens", name: "Tokens out", end: true, cell: (row) => count(row.outputTokens) },
  { id: "cost", name: "Cost", end: true, cell: (row) => money(row.costNanodollars) },
];

/** The value as it was when it began to stand still. @param base where that changes there is another value to stand still at. */
function useStill<Value>(value: Value, still: boolean, base: unknown): Value {
  const kept = useRef({ value, base });
  if (!still || kept.current.base !== base) kept.current = { value, base };
  return kept.current.value;
}

const newerThan = (shown: Traffic, now: Traffic): number => {
  if (shown === now) return 0;
  const known = new Set(shown.ended.map(({ callId }) => callId));
  return now.ended.filter(({ callId }) => !known.has(callId)).length + now.skipped - shown.skipped;
};

/** Further than this down somebody reads a row, in pixels. */
const readingFrom = 160;

function useScrolled(): boolean {
  const [scrolled, setScrolled] = useState(false);
  useEffect(() => {
    const look = () => setScrolled(window.scrollY > readingFrom);
    window.addEventListener("scroll", look, { passive: true });
    return () => window.removeEventListener("scroll", look);
  }, []);
  return scrolled;
}
