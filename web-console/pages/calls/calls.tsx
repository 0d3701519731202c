/** The call log: filters that are the address, pages by key, rows placed as one scrolls, a drawer that j and k walk through. */
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, RefreshCw } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { count, duration, money } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { isTyping } from "../../shell/keys.ts";
import { Page } from "../../shell/page.tsx";
import { useUrlState } from "../../shell/url-state.ts";
import { Button, CopyButton } from "../../ui/button.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { When } from "../../ui/marks.tsx";
import { CallDetail, callQuery, playgroundSearch, useUntilThere } from "./call-detail.tsx";
import { type CallFilterState, callSearch, filterOf, orderOf } from "./call-search.ts";
import { ExportButton } from "./export.tsx";
import { Filters } from "./filters.tsx";
import { OutcomeBadge } from "./outcome-badge.tsx";

export const callsQuery = graphql(`
  query Calls($after: String, $filter: UsageEventFilter, $order: UsageEventOrder!, $said: String) {
    usageEvents(first: 100, after: $after, filter: $filter, orderBy: $order, said: $said) {
      edges {
        cursor
        node {
          callId
          startedAt
          outcome
          errorReason
          routeName
          modelAsked
          backendId
          backendName
          apiKeyId
          apiKeyName
          durationMs
          timeToFirstTokenMs
          inputTokens
          outputTokens
          costNanodollars
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
    savedViews(page: "calls") {
      id
      name
      search
      owner
      mine
      shared
    }
  }
`);

export type CallsData = ResultOf<typeof callsQuery>;
export type CallRow = CallsData["usageEvents"]["edges"][number]["node"];

const shortPage = 20;

export function Calls() {
  const [url, setUrl] = useUrlState(callSearch);
  const key = JSON.stringify({ ...url, call: undefined });
  const filter = useMemo(() => filterOf(JSON.parse(key) as CallFilterState), [key]);
  const list = useKeyset(callsQuery, { after: null, filter, order: orderOf(url), said: url.said ?? null }, (data) => data.usageEvents, {
    follow: false,
  });
  const { hasMore, reached, more } = list;
  const isShort = list.nodes.length < shortPage;
  const asked = useRef<string | null>(undefined);
  // A search for few among many comes in short pages, each from where there was no more time to look. Once from each: it may fail.
  useEffect(() => {
    if (!hasMore || !isShort || reached === undefined || asked.current === reached) return;
    asked.current = reached;
    more();
  }, [hasMore, isShort, reached, more]);
  const open = (call: string | undefined) => setUrl({ call }, { replace: url.call !== undefined });
  useWalk(list.nodes, url.call, open);
  const filtered = Object.keys(filter).length > 0 || url.said !== undefined;
  return (
    <Page
      title="Calls"
      lead="Every finished call. What was said is kept only where somebody has asked for that."
      actions={
        <>
          <Button onClick={() => list.first.again()}>
            <RefreshCw size={15} aria-hidden /> Newest
          </Button>
          <ExportButton filter={filter} order={orderOf(url)} said={url.said ?? null} disabled={list.nodes.length === 0} />
        </>
      }
    >
      <Filters
        state={url}
        data={list.first.data}
        onChange={(patch) => setUrl({ ...patch, call: undefined }, { replace: true })}
        again={() => list.first.again()}
      />
      <Result of={list.first}>
        {() =>
          list.nodes.length === 0 ? (
            <Empty
              title={hasMore ? "Looking further back …" : filtered ? "No call fits" : "No call yet"}
              action={
                filtered ? undefined : (
                  <Link className="button" to="/playground">
                    To the playground
                  </Link>
                )
              }
            >
              {filtered
                ? "Take a filter away, or look at a longer time."
                : "Make the first one in the playground, or with the samples on the page Developers."}
            </Empty>
          ) : (
            <CallLog
              rows={list.nodes}
              selected={url.call}
              onOpen={open}
              hasMore={list.hasMore}
              more={list.more}
              sort={url.said === undefined ? url.sort : undefined}
              onSort={(sort) => setUrl({ sort, said: undefined, call: undefined }, { replace: true })}
            />
          )
        }
      </Result>
      <Peek callId={url.call} onClose={() => open(undefined)} />
    </Page>
  );
}

/** j and k, with the drawer open or not; Enter opens the first. */
function useWalk(rows: readonly CallRow[], selected: string | undefined, open: (call: string | undefined) => void): void {
  const now = useRef({ rows, selected, open });
  now.current = { rows, selected, open };
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const { rows: all, selected: at, open: show } = now.current;
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      const index = all.findIndex(({ callId }) => callId === at);
      if (event.key === "j") show(all[Math.min(index + 1, all.length - 1)]?.callId);
      else if (event.key === "k") show(all[Math.max(index - 1, 0)]?.callId);
      else if (event.key === "Escape" && at !== undefined) show(undefined);
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

interface CallLogProps {
  readonly rows: readonly CallRow[];
  readonly selected: string | undefined;
  readonly onOpen: (call: string) => void;
  readonly hasMore: boolean;
  readonly more: () => void;
  readonly sort: CallFilterState["sort"];
  readonly onSort: (sort: CallFilterState["sort"]) => void;
}

const rowHeight = 38;

function CallLog({ rows, selected, onOpen, hasMore, more, sort, onSort }: CallLogProps) {
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - 20) more();
  }, [last, hasMore, rows.length, more]);
  const at = rows.findIndex(({ callId }) => callId === selected);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);
  return (
    <div className="card flush">
      <div ref={frame} className="log" role="grid" aria-label="Calls" aria-rowcount={rows.length} tabIndex={0}>
        <div role="row" className="head">
          <SortHead name="When" sorts={undefined} sort={sort} onSort={onSort} />
          <span role="columnheader">Route</span>
          <span role="columnheader" className="wide-only">
            Backend
          </span>
          <span role="columnheader" className="wide-only">
            Key
          </span>
          <span role="columnheader" className="end wide-only">
            Tokens
          </span>
          <span role="columnheader" className="end wide-only">
            First
          </span>
          <SortHead name="Cost" sorts="dearest" sort={sort} onSort={onSort} className="end wide-only" />
          <SortHead name="Took" sorts="slowest" sort={sort} onSort={onSort} className="end" />
        </div>
        <div style={{ height: virtual.getTotalSize(), position: "relative" }} role="rowgroup">
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <div
                key={row.callId}
                role="row"
                aria-rowindex={item.index + 1}
                aria-selected={row.callId === selected}
                className="body-row"
                style={{ position: "absolute", top: 0, left: 0, right: 0, transform: `translateY(${item.start}px)` }}
                onClick={() => onOpen(row.callId)}
              >
                <Cells row={row} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface SortHeadProps extends Pick<CallLogProps, "sort" | "onSort"> {
  readonly name: string;
  /** The order that it stands for; undefined: the usual one. */
  readonly sorts: CallFilterState["sort"];
  readonly className?: string;
}

/** The most first: the fastest and the cheapest call nobody looks for. */
function SortHead({ name, sorts, sort, onSort, className }: SortHeadProps) {
  return (
    <span role="columnheader" className={className} aria-sort={sort === sorts ? "descending" : "none"}>
      <button type="button" onClick={() => onSort(sorts)}>
        {name}
        {sort === sorts && <ArrowDown size={12} aria-hidden />}
      </button>
    </span>
  );
}

function Cells({ row }: { readonly row: CallRow }) {
  return (
    <>
      <span role="gridcell">
        <When at={row.startedAt} />
      </span>
      <span role="gridcell">
        {row.outcome !== "OK" && <OutcomeBadge of={row.outcome} />} {row.routeName || row.modelAsked}
      </span>
      <span role="gridcell" className="wide-only">
        {row.backendName ?? (row.backendId === "" ? <span className="quiet">{row.errorReason || "none"}</span> : row.backendId)}
      </span>
      <span role="gridcell" className="wide-only">
        {row.apiKeyName ?? row.apiKeyId}
      </span>
      <span role="gridcell" className="end wide-only">
        {count(row.inputTokens)} / {count(row.outputTokens)}
      </span>
      <span role="gridcell" className="end wide-only">
        {duration(row.timeToFirstTokenMs)}
      </span>
      <span role="gridcell" className="end wide-only">
        {money(row.costNanodollars)}
      </span>
      <span role="gridcell" className="end">
        {duration(row.durationMs)}
      </span>
    </>
  );
}

function Peek({ callId, onClose }: { readonly callId: string | undefined; readonly onClose: () => void }) {
  return (
    <Drawer
      open={callId !== undefined}
      onClose={onClose}
      title="A call"
      description={<span>j and k walk through the list, Esc closes.</span>}
    >
      {callId !== undefined && <PeekBody callId={callId} />}
    </Drawer>
  );
}

function PeekBody({ callId }: { readonly callId: string }) {
  const page = usePageQuery(callQuery, { callId }, { follow: false, behind: false });
  useUntilThere(page);
  return (
    <>
      <div className="row">
        <Link to={`/calls/${callId}`} className="button small">
          Its own page
        </Link>
        <CopyButton text={`${location.origin}/calls/${callId}`} label="Copy the link" />
        {page.data?.usageEvent != null && (
          <Link to="/playground" search={playgroundSearch(page.data.usageEvent) as never} className="button small">
            Open in the playground
          </Link>
        )}
      </div>
      <Result of={page}>{(data) => <CallDetail data={data} again={page.again} />}</Result>
    </>
  );
}
