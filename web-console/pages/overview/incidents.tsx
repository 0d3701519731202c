/** What needs somebody, with the way there. Nothing to say is the usual case. */
import { Link } from "@tanstack/react-router";
import { count, counted } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Notice, When } from "../../ui/marks.tsx";

export const incidentFragment = graphql(`
  fragment OpenIncident on Incident {
    kind
    subjectId
    name
    says
    since
    severe
  }
`);

type Incident = ResultOf<typeof incidentFragment>;

type Way = readonly [to: string, words: string, search?: Readonly<Record<string, string>>];

const places = {
  NO_NODE: () => ["/nodes", "To the nodes"],
  NODE_GONE: () => ["/nodes", "To the nodes"],
  NODE_BEHIND: () => ["/nodes", "To the nodes"],
  NODE_REFUSES: () => ["/nodes", "To the nodes"],
  BACKEND_FAILING: (id) => [`/backends/${id}`, "To the backend"],
  BUDGET_NEAR_END: () => ["/budgets", "To the budgets"],
  GUARDRAIL_HARMED: (id) => [`/experiments/${id}`, "To the experiment"],
  ROLLOUT_PAUSED: (id) => [`/experiments/${id}`, "To the experiment"],
  ROLLED_BACK: (id) => [`/experiments/${id}`, "To the experiment"],
  ALERT_RULE_FIRING: (id) => ["/alerts", "To the rule", { tab: "rules", rule: id ?? "" }],
} as const satisfies Record<Incident["kind"], (id: string | null) => Way>;

const shownMax = 6;

export function Incidents({ of, unpricedCalls }: { readonly of: readonly Incident[]; readonly unpricedCalls: bigint }) {
  return (
    <>
      {of.slice(0, shownMax).map((incident) => (
        <OneIncident key={`${incident.kind} ${incident.subjectId}`} of={incident} />
      ))}
      {of.length > shownMax && (
        <Notice tone="warn">And {counted(of.length - shownMax, "more thing needs", "more things need")} somebody.</Notice>
      )}
      {unpricedCalls > 0n && (
        <Notice tone="warn">
          What {count(unpricedCalls)} calls cost is not known, so the sum of money is too small.{" "}
          <Link to="/backends">Give every backend a price</Link>
        </Notice>
      )}
    </>
  );
}

function OneIncident({ of: { kind, subjectId, name, says, since, severe } }: { readonly of: Incident }) {
  const [to, way, search]: Way = places[kind](subjectId);
  return (
    <Notice tone={severe ? "bad" : "warn"}>
      <strong>{name}</strong> {says}
      {since !== null && (
        <>
          , since <When at={since} />
        </>
      )}
      .{" "}
      <Link to={to} search={search ?? {}}>
        {way}
      </Link>
    </Notice>
  );
}
