/** What was changed, one card for each thing, before and after, in the words of the forms; the exact JSON stands behind it. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { counted } from "../../format/numbers.ts";
import { Card } from "../../shell/page.tsx";
import { Badge } from "../../ui/marks.tsx";
import { JsonDiff } from "../json-diff.tsx";
import type { ChangeDetails } from "./change-fragments.ts";
import { changeTitle, columnChanges } from "./column-changes.ts";
import { Lines, type Names, pageOf } from "./lines.tsx";

const operations = {
  create: ["made", "good"],
  update: ["changed", "info"],
  archive: ["archived", "warn"],
  restore: ["brought back", "good"],
} as const;

export const Changes = ({ of }: { readonly of: readonly ChangeDetails[] }) => (
  <div className="change-list">
    {of.map((one) => (
      <Change key={`${one.kind} ${one.entityId} ${one.operation}`} of={one} />
    ))}
  </div>
);

function Change({ of }: { readonly of: ChangeDetails }) {
  const names: Names = new Map(of.references.map((reference) => [reference.id, reference]));
  const [word, tone] = operations[of.operation as keyof typeof operations] ?? [of.operation, "neutral"];
  const title = changeTitle(of);
  const page = pageOf(of.kind, of.entityId);
  const changes = columnChanges(of);
  const isNew = of.before === null;
  return (
    <Card
      title={
        <span className="row">
          <Badge tone={tone}>{word}</Badge>
          {page === undefined ? title : <Link to={page}>{title}</Link>}
        </span>
      }
    >
      {changes.length === 0 && (
        <p className="quiet">Nothing of it but that it {of.operation === "archive" ? "is archived" : "was touched"}.</p>
      )}
      {changes.map((change) => (
        <div key={change.column} className={isNew ? "change whole" : "change"}>
          <span>{change.name}</span>
          {!isNew && (change.before.length === 0 ? <span /> : <Lines of={change.before} names={names} mark="before" />)}
          {change.after.length === 0 ? <span /> : <Lines of={change.after} names={names} {...(!isNew && { mark: "after" as const })} />}
          {change.same > 0 && <span className="quiet change-same">{counted(change.same, "line")} as before</span>}
        </div>
      ))}
      <Exact of={of} />
    </Card>
  );
}

/** Drawn when it is asked for: a revision may have five hundred. */
function Exact({ of: { before, after } }: { readonly of: ChangeDetails }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Exact JSON</summary>
      {open && <JsonDiff before={before} after={after} />}
    </details>
  );
}
