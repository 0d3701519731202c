/** One experiment: its state in a sentence first, then each arm's calls, latency, failures and cost, its design, and what can be done. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import type { Outcome } from "../../change/outcome.ts";
import { tell } from "../../change/tell.ts";
import { count, counted, duration, money, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Chart } from "../../ui/chart.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Badge, Facts, Notice, When } from "../../ui/marks.tsx";
import { rangeChoices } from "../overview/ranges.ts";
import { type Figures, failedShare, figuresFragment } from "../overview/report.ts";
import { archiveExperiment, startExperiment, stopExperiment } from "./changes.ts";
import { statusTones } from "./experiments.tsx";

const query = graphql(
  `
    query Experiment($id: ID!, $filter: UsageFilter!, $range: UsageRange!) {
      experiment(id: $id) {
        id
        key
        revision
        status
        unit
        fallbackUnit
        coverage
        phase
        seed
        hashVersion
        startedAt
        stoppedAt
        archivedAt
        route {
          id
          name
        }
        variants {
          key
          weight
          parameters
          prompt {
            promptId
            label
            version
            prompt {
              name
            }
          }
          tiers {
            targets {
              weight
              backend {
                key
              }
            }
          }
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
    }
  `,
  [figuresFragment],
);

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
  const page = usePageQuery(query, { id: experimentId, filter: { experimentId: [experimentId] }, range });
  const navigate = useNavigate();
  const experiment = page.data?.experiment;
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
      actions={experiment != null && <Actions experiment={experiment} onArchive={() => setArchiving(true)} />}
    >
      <Result of={page}>
        {(data) =>
          data.experiment === null ? (
            <Empty title="There is no such experiment">It may belong to another organisation, or the address is mistyped.</Empty>
          ) : (
            <>
              <Verdict experiment={data.experiment} rows={rowsOf(data)} />
              <Arms rows={rowsOf(data)} experimentId={experimentId} />
              <Movement data={data} />
              <Design experiment={data.experiment} />
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

function Actions({ experiment, onArchive }: { readonly experiment: Experiment; readonly onArchive: () => void }) {
  const [busy, setBusy] = useState(false);
  const refusal = useRefusal();
  const act = async (done: string, work: () => Promise<Outcome<unknown>>) => {
    setBusy(true);
    tell(done, await work());
    setBusy(false);
  };
  return (
    <>
      <Link to="/calls" search={{ experiment: experiment.id } as never} className="button">
        Its calls
      </Link>
      {experiment.status !== "RUNNING" && (
        <Button look="danger" refused={refusal} onClick={onArchive}>
          Archive
        </Button>
      )}
      {experiment.status === "RUNNING" ? (
        <Button
          look="danger"
          disabled={busy}
          refused={refusal}
          onClick={() => void act("The experiment has stopped", () => stopExperiment(experiment.id, experiment.revision))}
        >
          Stop
        </Button>
      ) : (
        <Button
          look="primary"
          disabled={busy}
          refused={refusal}
          onClick={() => void act("The experiment is running", () => startExperiment(experiment.id, experiment.revision))}
        >
          {experiment.status === "DRAFT" ? "Start" : "Start again"}
        </Button>
      )}
    </>
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

/** In words first: what state it is in, and whether what was measured can be read at all. */
function Verdict({ experiment, rows }: { readonly experiment: Experiment; readonly rows: readonly ArmRow[] }) {
  const calls = rows.reduce((sum, { figures }) => sum + Number(figures?.calls ?? 0), 0);
  const status = <Badge tone={statusTones[experiment.status] ?? "neutral"}>{experiment.status.toLowerCase()}</Badge>;
  return (
    <Card title={<span className="row">{status} Where it stands</span>}>
      <div className="stack tight">
        {experiment.status === "DRAFT" && <p>It is a draft: no call meets it until it is started.</p>}
        {experiment.status !== "DRAFT" && calls === 0 && (
          <p>
            No call has met it yet.{" "}
            {experiment.status === "RUNNING"
              ? `It waits for calls to ${experiment.route?.name ?? "its route"}; a call takes part where it names the unit ${experiment.unit.toLowerCase().replace("_", " ")}${experiment.fallbackUnit === null ? "" : ", or without one by itself"}.`
              : ""}
          </p>
        )}
        {calls > 0 && (
          <p>
            {counted(calls, "call")} in the last 7 days, over {counted(rows.length, "arm")}. {differenceIn(rows)}
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
            {experiment.phase > 1 && `, phase ${experiment.phase}: what was measured in earlier phases must not be mixed with this one`}.
          </p>
        )}
        {calls >= 100 && <Balance rows={rows} calls={calls} />}
      </div>
    </Card>
  );
}

function differenceIn(rows: readonly ArmRow[]): string {
  const parts = rows.flatMap(({ key, figures, control }) => {
    const now = figures?.timeToFirstToken.p50Ms;
    const then = control?.timeToFirstToken.p50Ms;
    if (now == null || then == null || then === 0) return [];
    const share = (now - then) / then;
    return [
      Math.abs(share) < 0.05
        ? `${key} is as fast at the first token as the first arm`
        : `${key} is ${percent(Math.abs(share))} ${share < 0 ? "faster" : "slower"} at the first token`,
    ];
  });
  return parts.length === 0 ? "" : `${parts.join("; ")}. That is a description, not yet a proof.`;
}

/** Pearson's test of the arms' calls against their weights: a plain guard, on calls and not on units. */
function Balance({ rows, calls }: { readonly rows: readonly ArmRow[]; readonly calls: number }) {
  const statistic = rows.reduce((sum, { share, figures }) => sum + (Number(figures?.calls ?? 0) - share * calls) ** 2 / (share * calls), 0);
  const freedom = rows.length - 1;
  // Wilson and Hilferty's normal approximation; 3.29 is one in a thousand.
  const z = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
  if (z < 3.29) return null;
  return (
    <Notice tone="warn">
      The arms' shares of calls are far from their weights. Where a few users make most of the calls that is to be expected; otherwise
      something assigns or records wrongly, and nothing below should be believed until it is understood.
    </Notice>
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

const Arms = ({ rows }: { readonly rows: readonly ArmRow[]; readonly experimentId: string }) => (
  <Card title="Arms, last 7 days" flush>
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
    <Card title="Calls of each arm">
      <Chart label="Calls of each arm by hour" times={times} series={series} format={whole} />
    </Card>
  );
}

function Design({ experiment }: { readonly experiment: Experiment }) {
  return (
    <Card title="Design">
      <Facts
        of={[
          ["Stays in its arm", experiment.unit.toLowerCase().replace("_", " ")],
          [
            "Calls without one",
            experiment.fallbackUnit === null
              ? "are not in the experiment"
              : `are drawn by ${experiment.fallbackUnit.toLowerCase().replace("_", " ")}`,
          ],
          ["Takes part", percent(experiment.coverage)],
          ["Seed", <code key="seed">{experiment.seed}</code>],
          ["Hash version", experiment.hashVersion],
        ]}
      />
    </Card>
  );
}
