/** What a revision changed, one card for each thing, before and after. */
import { JsonDiff } from "../../change/json-diff.tsx";
import { Card } from "../../shell/page.tsx";
import { Badge } from "../../ui/marks.tsx";

export interface RevisionChange {
  readonly kind: string;
  readonly entityId: string;
  readonly operation: string;
  readonly before: unknown;
  readonly after: unknown;
}

const operationTones = { create: "good", update: "info", archive: "warn", restore: "good" } as const;

export function Changes({ of }: { readonly of: readonly RevisionChange[] }) {
  return (
    <div className="change-list">
      {of.map((one) => (
        <Card
          key={`${one.kind} ${one.entityId} ${one.operation}`}
          title={
            <span className="row">
              <Badge tone={operationTones[one.operation as keyof typeof operationTones] ?? "neutral"}>{one.operation}</Badge>
              {one.kind.replace("_", " ")} {nameOf(one)}
            </span>
          }
        >
          <JsonDiff before={one.before} after={one.after} />
        </Card>
      ))}
    </div>
  );
}

export function nameOf({ after, before, entityId }: RevisionChange): string {
  const image = (after ?? before ?? {}) as Readonly<Record<string, unknown>>;
  const name = image["name"] ?? image["key"];
  return typeof name === "string" ? name : entityId;
}
