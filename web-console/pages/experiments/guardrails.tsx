/** What must not get worse: each guardrail, the harm it allows, whether any was found, and what was or will be done then. */
import type { ReactNode } from "react";
import { Card } from "../../shell/page.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import type { Experiment } from "./experiment-query.ts";
import { FindingsTable } from "./findings.tsx";
import { guardrailState } from "./guardrail-state.ts";

export function Guardrails({ experiment, control }: { readonly experiment: Experiment; readonly control: string }) {
  const held = (experiment.evaluation?.metrics ?? []).filter(({ role }) => role === "GUARDRAIL" || role === "SIGNAL");
  if (held.length === 0) return null;
  return (
    <Card title="Guardrails" flush actions={<RollbackState experiment={experiment} />}>
      <FindingsTable label="Guardrails" findings={held} control={control} state={guardrailState} />
      <p className="quiet card-note">
        The dashed line is the harm that is allowed; an interval wholly beyond it is harm, at whatever look that is found.
      </p>
    </Card>
  );
}

function RollbackState({ experiment: { status, conclusion } }: { readonly experiment: Experiment }): ReactNode {
  if (conclusion?.outcome === "ROLLED_BACK")
    return (
      <span className="row">
        <Badge tone="bad">{conclusion.actor.startsWith("system") ? "rolled back by itself" : "rolled back by a person"}</Badge>
        <When at={conclusion.at} />
      </span>
    );
  return status === "RUNNING" ? <Badge tone="good">rolls back by itself on harm</Badge> : null;
}
