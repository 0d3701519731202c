/** One experiment: the verdict first, then what was found and whether it can be believed, each arm's calls, its design, and what can be done. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { tell } from "../../change/tell.ts";
import { count, counted, duration, money, percent } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useLookAgain } from "../../graphql/look-again.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { flag, useUrlState } from "../../shell/url-state.ts";
import { Chart } from "../../ui/chart.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Badge, Facts, When } from "../../ui/marks.tsx";
import { rangeChoices } from "../overview/ranges.ts";
import { type Figures, failedShare, figuresFragment } from "../overview/report.ts";
import { Actions } from "./actions.tsx";
import { approveRollout, archiveExperiment } from "./changes.ts";
import { designChoicesFragment, designFragment } from "./design/choices.ts";
import { DesignDialog } from "./design/design-dialog.tsx";
import { Findings, findingFragment } from "./findings.tsx";
import { Health, healthFragment } from "./health.tsx";
import { Rollout, rolloutFragment } from "./rollout.tsx";
import { lower, outcomes, recommendations, statusTones } from "./words.ts";

const query = graphql(
  `
    query Experiment($id: ID!, $filter: UsageFilter!, $range: UsageRange!) {
      experiment(id: $id) {
        id
        phase
        startedAt
        stoppedAt
        archivedAt
        conclusion {
          at
          actor
          outcome
          reason
          variant
        }
        evaluation {
          at
          action
          daysRun
          daysLeft
          unitsNeeded
          verdict {
            recommendation
            variant
            text
          }
          variants {
            variant
            units
            calls
          }
          health {
            ...Health
          }
          metrics {
            ...Finding
          }
        }
        timeline {
          at
          event
          action
          verdict {
            text
          }
        }
        ...RolloutNow
        ...DesignOf
        route {
          id
          name
        }
      }
      usage(range: $range, granularity: HOUR, filter: $filter, groupBy: [{ dimension: VARIANT }], limit: 20) {
        ... on UsageReport {
          groups {
            values {
              value
              label
            }
            figures {
              ...Figures
            }
            points {
              at
              figures {
                calls
              }
            }
          }
        }
      }
      ...DesignChoices
    }
  `,
  [figuresFragment, healthFragment, findingFragment, rolloutFragment, designFragment, designChoicesFragment],
);

/** The control plane looks every half minute. */
const lookEveryMs = 20_000;

type Data = ResultOf<typeof query>;
type Experiment = NonNullable<Data["experiment"]>;

interface ArmRow {
  readonly key: string;
  readonly share: number;
  readonly figures: Figures | undefined;
  readonly control: Figures | undefined;
  readonly changes: string;
}

export function ExperimentPage() {
  const { experimentId } = useParams({ strict: false }) as { experimentId: string };
  const [range] = useState(rangeChoices["7d"].of);
  const [archiving, setArchiving] = useState(false);
  const [{ change }, setUrl] = useUrlState({ change: flag });
  const page = usePageQuery(query, { id: experimentId, filter: { experimentId: [experimentId] }, range });
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
            On route <Link to={`/routes/${experiment.route.id}`}>{experiment.route.name}</Link>
          </>
        ) : undefined
      }
      under={{ to: "/experiments", name: "Experiments" }}
      actions={
        experiment != null && (
          <Actions
            of={{
              ...experiment,
              best: experiment.evaluation?.verdict.variant ?? "",
            }}
            onChange={() => setUrl({ change: true })}
            onArchive={() => setArchiving(true)}
            onDone={page.again}
          />
        )
      }
    >
      <Result of={page}>
        {(data) =>
          data.experiment === null ? (
            <Empty title="There is no such experiment">It may belong to another organisation, or the address is mistyped.</Empty>
          ) : (
            <>
              <Verdict experiment={data.experiment} rows={rowsOf(data)} />
              <Rollout
                of={data.experiment}
                action={data.experiment.evaluation?.action ?? ""}
                refusal={refusal}
                onApprove={() => void approve(data.experiment?.revision ?? 0)}
              />
              <Findings
                findings={data.experiment.evaluation?.metrics ?? []}
                control={data.experiment.analysis.control || (data.experiment.variants[0]?.key ?? "")}
                alpha={data.experiment.analysis.alpha}
              />
              <div className="grid">
                {data.experiment.evaluation !== null && <Health health={data.experiment.evaluation.health} />}
                <Course experiment={data.experiment} />
              </div>
              <Arms rows={rowsOf(data)} />
              <Movement data={data} />
              <Design experiment={data.experiment} />
              {change && (
                <DesignDialog
                  experiment={data.experiment}
                  choices={data}
                  onClose={() => {
                    setUrl({ change: undefined }, { replace: true });
                    page.again();
                  }}
                />
              )}
              {archiving && (
                <DestroyDialog
                  title={`Archive ${data.experiment.key}?`}
                  name={data.experiment.key}
                  verb="Archive the experiment"
                  done="The experiment is archived"
                  consequences={[
                    "What was measured stays in the ledger.",
                    ...(data.experiment.status === "RUNNING" ? ["It is running: stop it first."] : []),
                  ]}
                  act={() => archiveExperiment(experimentId, data.experiment?.revision ?? 0)}
                  onClose={(done) => (done ? void navigate({ to: "/experiments" } as never) : setArchiving(false))}
                />
              )}
            </>
          )
        }
      </Result>
    </Page>
  );
}

function rowsOf(data: Data): readonly ArmRow[] {
  const { experiment } = data;
  if (experiment === null) return [];
  const groups = "groups" in data.usage ? (data.usage.groups ?? []) : [];
  const figuresOf = (key: string) => groups.find((group) => group.values[0]?.value.endsWith(`@${key}`))?.figures;
  const weights = experiment.variants.reduce((sum, { weight }) => sum + weight, 0);
  const control = figuresOf(experiment.variants[0]?.key ?? "");
  return experiment.variants.map((variant, index) => ({
    key: variant.key,
    share: variant.weight / weights,
    figures: figuresOf(variant.key),
    control: index === 0 ? undefined : control,
    changes: changesOf(variant),
  }));
}

function changesOf({ prompt, tiers, parameters }: Experiment["variants"][number]): string {
  const parts = [
    prompt === null
      ? undefined
      : `${prompt.prompt?.name ?? "a prompt"} ${prompt.label === null ? `version ${prompt.version}` : `@ ${prompt.label}`}`,
    tiers.length === 0
      ? undefined
      : tiers.map((tier) => tier.targets.map(({ backend }) => backend?.key ?? "gone").join(" or ")).join(", then "),
    parameters == null ? undefined : JSON.stringify(parameters),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "nothing: the route as it is" : parts.join("; ");
}

/** In words first: what to do, what is known, and what is still missing. */
function Verdict({ experiment, rows }: { readonly experiment: Experiment; readonly rows: readonly ArmRow[] }) {
  const { status, evaluation, conclusion } = experiment;
  const calls = rows.reduce((sum, { figures }) => sum + Number(figures?.calls ?? 0), 0);
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
        {experiment.hypothesis !== "" && <p className="quiet">To find out: {experiment.hypothesis}</p>}
        {status === "DRAFT" && <p>It is a draft: no call meets it until it is started.</p>}
        {evaluation !== null && <p className={conclusion === null ? "lead" : "quiet"}>{evaluation.verdict.text}</p>}
        {evaluation === null && status === "RUNNING" && (
          <p>
            {calls === 0
              ? `No call has met it yet. It waits for calls to ${experiment.route?.name ?? "its route"}; a call takes part where it names the unit ${lower(experiment.unit)}${experiment.fallbackUnit === null ? "" : ", or without one by itself"}.`
              : `${counted(calls, "call")} so far; the first look is taken within half a minute.`}
          </p>
        )}
        {evaluation !== null && (
          <p className="quiet">
            {evaluation.variants.map(({ variant, units }) => `${variant}: ${counted(units, "unit")}`).join("; ")}.
            {evaluation.unitsNeeded !== null &&
              ` ${count(Math.ceil(evaluation.unitsNeeded))} in each arm would show the effect it looks for.`}
            {status === "RUNNING" && evaluation.daysLeft !== null && ` About ${days(evaluation.daysLeft)} to go.`} Looked at{" "}
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

const days = (value: number): string => (value < 1 ? "less than a day" : counted(Math.ceil(value), "day"));

/** Looks after which something was done. */
function Course({ experiment: { timeline } }: { readonly experiment: Experiment }) {
  return (
    <Card title="What happened">
      {timeline.length === 0 ? (
        <p className="quiet">Nothing but looks, so far.</p>
      ) : (
        <ol className="stack tight">
          {timeline.map(({ at, event, verdict }) => (
            <li key={at}>
              <div className="row apart">
                <strong>{event}</strong>
                <When at={at} />
              </div>
              <p className="quiet">{verdict.text}</p>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

const columns: readonly Column<ArmRow>[] = [
  {
    id: "arm",
    name: "Arm",
    cell: (row) => (
      <div>
        <strong>{row.key}</strong>
        <div className="quiet">{row.changes}</div>
      </div>
    ),
  },
  { id: "share", name: "Weight", end: true, cell: (row) => percent(row.share) },
  { id: "calls", name: "Calls", end: true, by: (row) => Number(row.figures?.calls ?? 0), cell: (row) => count(row.figures?.calls ?? 0) },
  {
    id: "first",
    name: "First token p50 / p95",
    end: true,
    cell: (row) => `${duration(row.figures?.timeToFirstToken.p50Ms)} / ${duration(row.figures?.timeToFirstToken.p95Ms)}`,
  },
  { id: "failed", name: "Failed", end: true, cell: (row) => percent(row.figures === undefined ? undefined : failedShare(row.figures)) },
  {
    id: "tokens",
    name: "Tokens a call",
    end: true,
    cell: (row) =>
      row.figures === undefined || row.figures.calls === "0"
        ? "–"
        : count(Math.round(Number(row.figures.totalTokens) / Number(row.figures.calls))),
  },
  {
    id: "cost",
    name: "Cost a call",
    end: true,
    cell: (row) =>
      row.figures === undefined || row.figures.calls === "0" ? "–" : money(BigInt(row.figures.costNanodollars) / BigInt(row.figures.calls)),
  },
];

const Arms = ({ rows }: { readonly rows: readonly ArmRow[] }) => (
  <Card title="Calls of each arm, last 7 days" flush>
    <DataTable label="Arms" columns={columns} rows={rows} rowId={(row) => row.key} />
  </Card>
);

const whole = (value: number) => count(Math.round(value));

function Movement({ data }: { readonly data: Data }) {
  const groups = "groups" in data.usage ? (data.usage.groups ?? []) : [];
  const times = useMemo(() => groups[0]?.points.map(({ at }) => Date.parse(at) / 1000) ?? [], [groups]);
  const series = useMemo(
    () =>
      groups.map((group) => ({
        name: group.values[0]?.label ?? group.values[0]?.value.split("@").at(-1) ?? "",
        values: group.points.map(({ figures }) => Number(figures.calls)),
      })),
    [groups],
  );
  if (groups.length === 0) return null;
  return (
    <Card title="Calls of each arm, by hour">
      <Chart label="Calls of each arm by hour" times={times} series={series} format={whole} />
    </Card>
  );
}

function Design({ experiment }: { readonly experiment: Experiment }) {
  return (
    <Card title="Design">
      <Facts
        of={[
          ["Stays in its arm", lower(experiment.unit)],
          [
            "Calls without one",
            experiment.fallbackUnit === null ? "are not in the experiment" : `are drawn by ${lower(experiment.fallbackUnit)}`,
          ],
          ["Takes part", percent(experiment.coverage)],
          experiment.holdout > 0 && ["Held out of all", percent(experiment.holdout)],
          ["Looks for an effect of", `${percent(experiment.analysis.targetEffect)} of control`],
          ["Needs", `${counted(experiment.analysis.unitsMin, "unit")} in each arm and ${counted(experiment.analysis.daysMin, "day")}`],
          ["Seed", <code key="seed">{experiment.seed}</code>],
          ["Hash version", experiment.hashVersion],
        ]}
      />
    </Card>
  );
}
