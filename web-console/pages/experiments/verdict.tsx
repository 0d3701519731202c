/** In words first: what to do, what is known, what is still missing, and where nothing is known, why. */
import { count, counted } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { Card } from "../../shell/page.tsx";
import { Badge, When } from "../../ui/marks.tsx";
import type { Experiment } from "./experiment-query.ts";
import { NoData } from "./no-data.tsx";
import { lower, outcomes, recommendations, statusTones } from "./words.ts";

/** @param calls that are known of all arms. */
export function Verdict({ experiment, calls }: { readonly experiment: Experiment; readonly calls: number }) {
  const { status, evaluation, conclusion } = experiment;
  const units = (evaluation?.variants ?? []).reduce((sum, one) => sum + one.units, 0);
  const ended = conclusion === null ? undefined : outcomes[conclusion.outcome];
  const advice = evaluation === null ? undefined : recommendations[evaluation.verdict.recommendation];
  return (
    <Card
      title={
        <span className="row">
          <Badge tone={ended?.tone ?? statusTones[status] ?? "neutral"}>{ended?.name ?? lower(status)}</Badge>
          {status === "RUNNING" && advice !== undefined ? <Badge tone={advice.tone}>{advice.name}</Badge> : null} Verdict
        </span>
      }
    >
      <div className="stack tight">
        {conclusion !== null && (
          <p>
            {conclusion.variant !== "" && `${conclusion.variant} was ${ended?.name ?? "chosen"}. `}
            {conclusion.reason} <span className="quiet">{actorName(conclusion.actor)},</span> <When at={conclusion.at} />
          </p>
        )}
        {status === "DRAFT" && <p>It is a draft: no call meets it until it is started.</p>}
        {evaluation !== null && (units > 0 || status !== "RUNNING") && (
          <p className={conclusion === null ? "lead" : "quiet"}>{evaluation.verdict.text}</p>
        )}
        {status === "RUNNING" && units === 0 && calls > 0 && (
          <p>{counted(calls, "call")} so far; the first look is taken within half a minute.</p>
        )}
        {status === "RUNNING" && units === 0 && calls === 0 && <NoData experiment={experiment} />}
        {experiment.hypothesis !== "" && <p className="quiet">To find out: {experiment.hypothesis}</p>}
        {status === "STOPPED" && units === 0 && conclusion === null && <p>It was stopped before any call met it.</p>}
        {evaluation !== null && units > 0 && (
          <p className="quiet">
            {evaluation.variants.map(({ variant, units }) => `${variant}: ${counted(units, "unit")}`).join("; ")}.
            {evaluation.unitsNeeded !== null &&
              ` ${count(Math.ceil(evaluation.unitsNeeded))} in each arm would show the effect it looks for.`}
            {" Looked at "}
            <When at={evaluation.at} />.
          </p>
        )}
        {experiment.startedAt === null && experiment.endsAt !== null && (
          <p className="quiet">
            It ends <When at={experiment.endsAt} />.
          </p>
        )}
        {experiment.startedAt !== null && (
          <p className="quiet">
            Started <When at={experiment.startedAt} />
            {experiment.stoppedAt !== null && (
              <>
                , stopped <When at={experiment.stoppedAt} />
              </>
            )}
            {experiment.stoppedAt === null && experiment.endsAt !== null && (
              <>
                , ends <When at={experiment.endsAt} />
              </>
            )}
            {experiment.phase > 1 && `; phase ${experiment.phase}, measured apart from those before`}.
          </p>
        )}
      </div>
    </Card>
  );
}
