/** One experiment: the verdict first, then what was found and whether it can be believed, each arm's calls, its design, and what can be done. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { tell } from "../../change/tell.ts";
import { useLookAgain } from "../../graphql/look-again.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { NoSuch, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, oneOf, text, useUrlState } from "../../shell/url-state.ts";
import { rangeChoices } from "../overview/ranges.ts";
import { Actions } from "./actions.tsx";
import { isNarrowed, seenNames, sliceOf } from "./among.tsx";
import { Arms, type DimensionName, dimensionChoices, granularities, groupsOf, rangeNames } from "./arms.tsx";
import { approveRollout, archiveExperiment } from "./changes.ts";
import { DesignDialog } from "./design/design-dialog.tsx";
import { DesignCard } from "./design-card.tsx";
import { experimentQuery } from "./experiment-query.ts";
import { Findings } from "./findings.tsx";
import { Guardrails } from "./guardrails.tsx";
import { Health } from "./health.tsx";
import { missingIn } from "./missing-data.ts";
import { Rollout } from "./rollout.tsx";
import { Timeline } from "./timeline.tsx";
import { Verdict } from "./verdict.tsx";
import { doubtOf } from "./words.ts";

/** The control plane looks every half minute; calls come at any time. */
const lookEveryMs = 10_000;

const shape = {
  change: flag,
  range: oneOf(...rangeNames),
  by: oneOf(...(Object.keys(dimensionChoices) as DimensionName[])),
  seen: oneOf(...seenNames),
  where: text,
};

export function ExperimentPage() {
  const { experimentId } = useParams({ strict: false }) as { experimentId: string };
  const [url, setUrl] = useUrlState(shape);
  const { range = "7d", by } = url;
  const among = { seen: url.seen, where: url.where };
  const times = timesOf(range, url.seen);
  const [archiving, setArchiving] = useState(false);
  const page = usePageQuery(experimentQuery, {
    id: experimentId,
    filter: { experimentId: [experimentId] },
    range: times.range,
    granularity: granularities[range],
    groupBy: [{ dimension: "VARIANT" }, ...(by === undefined ? [] : [{ dimension: by }])],
    among: isNarrowed(among),
    seenSince: times.seenSince,
    slice: sliceOf(url.where),
  });
  const navigate = useNavigate();
  const experiment = page.data?.experiment;
  const refusal = useRefusal("developer");
  useLookAgain(experiment?.status === "RUNNING" ? lookEveryMs : undefined, page.again);
  const approve = async (revision: number) => {
    tell("The next step may be taken", await approveRollout(experimentId, revision));
    page.again();
  };
  return (
    <Page
      title={experiment?.key ?? "Experiment"}
      lead={
        experiment?.route != null ? (
          <>
            On route{" "}
            <Link to="/routes/$routeId" params={{ routeId: experiment.route.id }}>
              {experiment.route.name}
            </Link>
          </>
        ) : undefined
      }
      under={{ to: "/experiments", name: "Experiments" }}
      actions={
        experiment != null && (
          <Actions
            of={{ ...experiment, best: experiment.evaluation?.verdict.variant ?? "", doubt: doubtOf(experiment.evaluation?.verdict) }}
            onChange={() => setUrl({ change: true })}
            onArchive={() => setArchiving(true)}
            onDone={page.again}
          />
        )
      }
    >
      <Result of={page}>
        {(data) => {
          const { experiment: it } = data;
          if (it === null) return <NoSuch thing="experiment" />;
          const control = it.analysis.control || (it.variants[0]?.key ?? "");
          const calls = groupsOf(data).reduce((sum, { figures }) => sum + Number(figures.calls), 0);
          return (
            <>
              <Verdict experiment={it} calls={calls} />
              <Rollout of={it} action={it.evaluation?.action ?? ""} refusal={refusal} onApprove={() => void approve(it.revision)} />
              <Findings experiment={it} control={control} among={among} onPick={(next) => setUrl(next, { replace: true })} />
              <Guardrails experiment={it} control={control} />
              <div className="grid">
                {it.evaluation !== null && <Health health={it.evaluation.health} missing={missingIn(it.evaluation)} />}
                <Timeline experiment={it} />
              </div>
              <Arms experiment={it} data={data} range={range} by={by} onPick={(patch) => setUrl(patch, { replace: true })} />
              <DesignCard experiment={it} />
              {url.change && (
                <DesignDialog
                  experiment={it}
                  onClose={() => {
                    setUrl({ change: undefined }, { replace: true });
                    page.again();
                  }}
                />
              )}
              {archiving && (
                <DestroyDialog
                  title={`Archive ${it.key}?`}
                  name={it.key}
                  verb="Archive the experiment"
                  done="The experiment is archived"
                  consequences={[
                    "What was measured stays in the ledger.",
                    ...(it.status === "RUNNING" ? ["It is running: stop it first."] : []),
                  ]}
                  act={() => archiveExperiment(experimentId, it.revision)}
                  onClose={(done) => (done ? void navigate({ to: "/experiments" }) : setArchiving(false))}
                />
              )}
            </>
          );
        }}
      </Result>
    </Page>
  );
}

const hourMs = 3_600_000;

/** Up to the end of the present hour, so that calls that come are in it, and looking again is the same question for so long. */
function timesOf(range: keyof typeof granularities, seen: (typeof seenNames)[number] | undefined) {
  const until = Math.ceil(Date.now() / hourMs) * hourMs;
  const back = (name: keyof typeof granularities) => new Date(until - rangeChoices[name].ms).toISOString();
  return {
    range: { since: back(range), until: new Date(until).toISOString() },
    seenSince: seen === undefined ? null : back(seen),
  };
}
