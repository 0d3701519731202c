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

/** All that entries can be about: a kind that the schema gets and that has no name here does not compile. */
export const kinds = {
  ROUTE: "route",
  BACKEND: "backend",
  PROVIDER: "provider",
  CATALOGUE_MODEL: "model",
  PROMPT: "prompt",
  PROMPT_VERSION: "prompt version",
  EXPERIMENT: "experiment",
  API_KEY: "API key",
  QUOTA: "quota",
  BUDGET: "budget",
  ALERT_RULE: "alert rule",
  WEBHOOK: "webhook",
  PROJECT: "project",
  ORGANISATION: "organisation",
  ADMIN_TOKEN: "member",
  CALL: "call",
  DATASET: "dataset",
  REPLAY_RUN: "replay",
  DEAD_LETTER: "usage record",
  CLOSED_PERIOD: "closed period",
} as const satisfies Readonly<Record<NonNullable<EntryFilter["kind"]>, string>>;

/** Of an address, where it may also stand as entries have it: "alert_rule". */
export function kindIn(given: unknown): keyof typeof kinds | undefined {
  const name = typeof given === "string" ? given.toUpperCase() : "";
  return Object.hasOwn(kinds, name) ? (name as keyof typeof kinds) : undefined;
}

/** What is wrong with the id that entries are filtered by. Such a filter holds nothing back. */
export const idProblem = (typed: string | undefined): string | undefined =>
  typed === undefined || typed === "" || /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(typed)
    ? undefined
    : "This is no whole id; it is not filtered by";

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
