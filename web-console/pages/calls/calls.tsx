/** The call log: filters that are the address, pages by key, rows placed as one scrolls, a drawer that j and k walk through. */
import { Link } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { endedCallFragment } from "../../graphql/traffic.ts";
import { useListKeys } from "../../shell/keys.ts";
import { Page } from "../../shell/page.tsx";
import { useUrlState } from "../../shell/url-state.ts";
import { Button, CopyButton } from "../../ui/button.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { CallDetail, callQuery, playgroundSearch, useUntilThere } from "./call-detail.tsx";
import { CallLog } from "./call-log.tsx";
import { type CallFilterState, callSearch, columnsOf, filterOf, orderOf } from "./call-search.ts";
import { ExportButton } from "./export.tsx";
import { Filters } from "./filters.tsx";
import { ColumnMenu, logColumns } from "./log-columns.tsx";

export const callsQuery = graphql(
  `
    query Calls($after: String, $filter: UsageEventFilter, $order: UsageEventOrder!, $said: String) {
      usageEvents(first: 100, after: $after, filter: $filter, orderBy: $order, said: $said) {
        edges {
          cursor
          node {
            ...EndedCall
            apiKeyId
            apiKeyName
            modelServed
            inputTokens
            requestId
            projectId
            priceVersion
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
  `,
  [endedCallFragment],
);

export type CallsData = ResultOf<typeof callsQuery>;
export type CallRow = CallsData["usageEvents"]["edges"][number]["node"];

const shortPage = 20;

export const address = callSearch;

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
          <ColumnMenu cols={url.cols} onChange={(cols) => setUrl({ cols }, { replace: true })} />
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
              columns={columnsOf(url.cols).map((id) => logColumns[id])}
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

/** j and k open the next and the previous call, with the drawer open or not: most rows are not in the document to be focused. */
function useWalk(rows: readonly CallRow[], selected: string | undefined, open: (call: string | undefined) => void): void {
  useListKeys({
    walk: (by) => {
      const next = rows.findIndex(({ callId }) => callId === selected) + by;
      open(rows[Math.min(Math.max(next, 0), rows.length - 1)]?.callId);
    },
    close: () => selected !== undefined && open(undefined),
  });
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
  const call = page.fetching ? undefined : page.data?.usageEvent;
  return (
    <>
      <div className="row">
        <Link to="/calls/$callId" params={{ callId: callId }} className="button small">
          Its own page
        </Link>
        {call != null && (
          <>
            <CopyButton text={`${location.origin}/calls/${callId}`} label="Copy the link" />
            <Link to="/playground" search={playgroundSearch(call)} className="button small">
              Open in the playground
            </Link>
          </>
        )}
      </div>
      <Result of={page}>{(data) => <CallDetail data={data} again={page.again} />}</Result>
    </>
  );
}
