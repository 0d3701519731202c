/** The rows of the call log, placed as one scrolls, sorted by their heads. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useEffect, useRef } from "react";
import { duration } from "../../format/numbers.ts";
import { When } from "../../ui/marks.tsx";
import type { CallFilterState } from "./call-search.ts";
import type { CallRow } from "./calls.tsx";
import { type LogColumn, templateOf } from "./log-columns.tsx";
import { OutcomeBadge } from "./outcome-badge.tsx";

interface CallLogProps {
  readonly rows: readonly CallRow[];
  /** Between the route and how long it took. */
  readonly columns: readonly LogColumn[];
  readonly selected: string | undefined;
  readonly onOpen: (call: string) => void;
  readonly hasMore: boolean;
  readonly more: () => void;
  readonly sort: CallFilterState["sort"];
  readonly onSort: (sort: CallFilterState["sort"]) => void;
}

const rowHeight = 38;

export function CallLog({ rows, columns, selected, onOpen, hasMore, more, sort, onSort }: CallLogProps) {
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
      <div ref={frame} className="log" style={templateOf(columns)} role="grid" aria-label="Calls" aria-rowcount={rows.length} tabIndex={0}>
        <div role="row" className="head">
          <SortHead name="When" sorts={undefined} sort={sort} onSort={onSort} />
          <span role="columnheader">Route</span>
          {columns.map(({ id, name, end }) =>
            id === "cost" ? (
              <SortHead key={id} name={name} sorts="dearest" sort={sort} onSort={onSort} className="end wide-only" />
            ) : (
              <span key={id} role="columnheader" className={end ? "end wide-only" : "wide-only"}>
                {name}
              </span>
            ),
          )}
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
                <span role="gridcell">
                  <When at={row.startedAt} />
                </span>
                <span role="gridcell">
                  {row.outcome !== "OK" && <OutcomeBadge of={row.outcome} />} {row.routeName || row.modelAsked}
                </span>
                {columns.map(({ id, end, cell }) => (
                  <span key={id} role="gridcell" className={end ? "end wide-only" : "wide-only"}>
                    {cell(row)}
                  </span>
                ))}
                <span role="gridcell" className="end">
                  {duration(row.durationMs)}
                </span>
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
