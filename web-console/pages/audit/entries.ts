/** What is read of the audit log, and how it is said. */
import { kindName } from "../../change/words/column-names.ts";
import { graphql, type ResultOf, type VariablesOf } from "../../graphql/documents.ts";

export const auditQuery = graphql(`
  query Audit($after: String, $filter: AuditEntryFilter) {
    auditEntries(first: 50, after: $after, filter: $filter) {
      edges {
        cursor
        node {
          id
          at
          actor
          action
          targetKind
          targetId
          revisionNumber
          details
          sourceAddress
          requestId
          via
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export type Entry = ResultOf<typeof auditQuery>["auditEntries"]["edges"][number]["node"];
export type EntryFilter = NonNullable<VariablesOf<typeof auditQuery>["filter"]>;

export const viaNames = { CONSOLE: "console", CLI: "command line", GRAPHQL: "GraphQL" } as const;

/** What is decided takes a while to be written; further apart than this it was dated on purpose. */
const writingMs = 60_000;

/** When it is to have happened, where that was not when it was written. */
export function asOfIn({ at, details }: Pick<Entry, "at" | "details">): string | undefined {
  const asOf = ((details ?? {}) as Readonly<Record<string, unknown>>)["asOf"];
  return typeof asOf === "string" && Math.abs(Date.parse(at) - Date.parse(asOf)) > writingMs ? asOf : undefined;
}

/** "route demo-chat changed", "admin token ada" */
export function targetOf({ targetKind, details }: Pick<Entry, "targetKind" | "details">): string {
  const bag = (details ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof bag["summary"] === "string") return bag["summary"];
  const name = bag["name"] ?? bag["key"];
  return `${kindName(targetKind)} ${typeof name === "string" ? name : ""}`;
}
