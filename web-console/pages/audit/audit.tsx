/** Who did what, when, from where: filtered, exported, compared, and taken back where that can be. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { actorName } from "../../format/time.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { Page } from "../../shell/page.tsx";
import { oneOf, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { AddressField, SelectField } from "../../ui/field.tsx";
import { When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import { type RangeName, rangeChoices } from "../overview/ranges.ts";
import { auditQuery, type Entry, type EntryFilter, idProblem, kindIn, kinds, targetOf, viaNames } from "./entries.ts";
import { EntryDetail } from "./entry-detail.tsx";
import { ExportEntries } from "./export.tsx";

const columns: readonly Column<Entry>[] = [
  { id: "at", name: "When", cell: (row) => <When at={row.at} /> },
  { id: "actor", name: "Who", cell: (row) => actorName(row.actor) },
  { id: "action", name: "Did", cell: (row) => <code>{row.action}</code> },
  { id: "target", name: "To", cell: (row) => targetOf(row) },
  {
    id: "from",
    name: "From",
    cell: (row) => (
      <span>
        {row.via === null ? "Penstock itself" : viaNames[row.via]} <span className="quiet">{row.sourceAddress}</span>
      </span>
    ),
  },
  {
    id: "revision",
    name: "Revision",
    end: true,
    cell: (row) =>
      row.revisionNumber === null ? (
        "–"
      ) : (
        <Link to="/revisions/$number" params={{ number: row.revisionNumber }}>
          {row.revisionNumber}
        </Link>
      ),
  },
];

export function Audit() {
  const [url, setUrl] = useUrlState({
    actor: text,
    action: text,
    target: text,
    kind: kindIn,
    via: oneOf("CONSOLE", "CLI", "GRAPHQL"),
    address: text,
    range: oneOf(...(Object.keys(rangeChoices) as RangeName[])),
    entry: text,
  });
  const from = useMemo(() => url.range && rangeChoices[url.range].of().since, [url.range]);
  const noId = idProblem(url.target);
  const filter: EntryFilter = {
    ...(url.actor && { actor: url.actor }),
    ...(url.action && { action: url.action }),
    ...(url.target && noId === undefined && { targetId: url.target }),
    ...(url.kind && { kind: url.kind }),
    ...(url.via && { via: url.via }),
    ...(url.address && { sourceAddress: url.address }),
    ...(from && { from }),
  };
  const list = useKeyset(auditQuery, { after: null, filter }, (data) => data.auditEntries);
  const open = list.nodes.find(({ id }) => id === url.entry);
  const filtered = Object.keys(filter).length > 0;
  const set = (patch: Parameters<typeof setUrl>[0]) => setUrl({ ...patch, entry: undefined }, { replace: true });
  return (
    <Page
      title="Audit"
      lead="Who did what, when and from where. Entries are never changed and never deleted."
      actions={<ExportEntries filter={filter} disabled={list.nodes.length === 0} />}
    >
      <div className="filters">
        <SelectField
          label="Time"
          value={url.range ?? ""}
          onChange={(next) => set({ range: (next || undefined) as RangeName | undefined })}
          choices={[
            { value: "", label: "At any time" },
            ...Object.entries(rangeChoices).map(([value, choice]) => ({ value, label: choice.name })),
          ]}
        />
        <AddressField label="Who" value={url.actor ?? ""} onChange={(actor) => set({ actor })} placeholder="first-start" data-search />
        <AddressField label="Did" value={url.action ?? ""} onChange={(action) => set({ action })} placeholder="route.update" />
        <SelectField
          label="To a"
          value={url.kind ?? ""}
          onChange={(kind) => set({ kind: kindIn(kind) })}
          choices={[{ value: "", label: "any thing" }, ...Object.entries(kinds).map(([value, label]) => ({ value, label }))]}
        />
        <AddressField label="With the id" value={url.target ?? ""} onChange={(target) => set({ target })} problem={noId} />
        <SelectField
          label="Through"
          value={url.via ?? ""}
          onChange={(via) => set({ via: (via || undefined) as keyof typeof viaNames | undefined })}
          choices={[{ value: "", label: "anything" }, ...Object.entries(viaNames).map(([value, label]) => ({ value, label }))]}
        />
        <AddressField
          label="From the address"
          value={url.address ?? ""}
          onChange={(address) => set({ address })}
          placeholder="203.0.113.9"
        />
        {filtered && (
          <Button
            look="plain"
            onClick={() =>
              set({
                actor: undefined,
                action: undefined,
                target: undefined,
                kind: undefined,
                via: undefined,
                address: undefined,
                range: undefined,
              })
            }
          >
            Clear
          </Button>
        )}
      </div>
      <Result of={list.first}>
        {() =>
          list.nodes.length === 0 ? (
            <Empty title={filtered ? "Nothing fits" : "Nothing yet"}>
              {filtered ? "Filters must match whole words, such as first-start." : "Each change leaves an entry here."}
            </Empty>
          ) : (
            <>
              <div className="card flush">
                <DataTable
                  label="Audit entries"
                  columns={columns}
                  rows={list.nodes}
                  rowId={(row) => row.id}
                  selected={url.entry}
                  onOpen={(row) => setUrl({ entry: row.id })}
                />
              </div>
              <More {...list} />
            </>
          )
        }
      </Result>
      <Drawer open={open !== undefined} onClose={() => setUrl({ entry: undefined })} title={open?.action ?? ""}>
        {open !== undefined && <EntryDetail key={open.id} entry={open} onReverted={list.first.again} />}
      </Drawer>
    </Page>
  );
}
