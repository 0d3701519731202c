/** What was found of an experiment, for whoever reads: the newest look, the timeline, and quantiles as description. */
import type { Experiment } from "../database/entities/experiment.ts";
import type { EntityManager } from "../database/orm.ts";
import { settledAnalysis } from "../experiments/definition.ts";
import { findingsAmong, type MetricFinding } from "../experiments/evaluate.ts";
import type { EvaluationResult } from "../experiments/evaluator.ts";
import { type MeasuredSums, metricSums, type SomeUnits } from "../experiments/read-sums.ts";

export interface StoredEvaluation {
  readonly phase: number;
  readonly at: Date;
  /** What was done then; empty: nothing. */
  readonly event: string;
  readonly result: EvaluationResult;
}

type Row = Readonly<Record<string, unknown>>;
const stored = (row: Row): StoredEvaluation => ({
  phase: Number(row["phase"]),
  at: new Date(row["at"] as string),
  event: String(row["event"]),
  result: row["result"] as EvaluationResult,
});

/** The newest first. @param events only looks after which something was done. */
export async function evaluations(
  em: EntityManager,
  experimentId: string,
  { limit, events, since }: { readonly limit: number; readonly events: boolean; readonly since?: Date | undefined },
): Promise<StoredEvaluation[]> {
  const rows = await em.execute<Row[]>(
    `select phase, at, event, result from experiment_evaluation
     where experiment_id = ? ${events ? "and event <> ''" : ""} and at > ? order by at desc limit ?`,
    [experimentId, (since ?? new Date(0)).toISOString(), limit],
  );
  return rows.map(stored);
}

/** What some of its units did, in its present phase. Empty: it has not been started. */
export async function metricsAmong(em: EntityManager, experiment: Experiment, among: SomeUnits, now: Date): Promise<MetricFinding[]> {
  const { organisationId, id, phase, variants, unit, startedAt } = experiment;
  if (startedAt == null) return [];
  const analysis = settledAnalysis(experiment.analysis);
  const inputs: MeasuredSums[] = [];
  for (const measured of analysis.metrics)
    inputs.push(
      await metricSums(em, { organisationId, experimentId: id, phase }, measured, {
        since: startedAt,
        now,
        winsoriseAt: analysis.winsoriseAt,
        among,
      }),
    );
  return findingsAmong({ variants, analysis, weightsMove: experiment.bandit != null, startedAt, unit }, inputs);
}

export interface QuantileFinding {
  readonly variant: string;
  readonly calls: number;
  readonly firstTokenMsP50: number | null;
  readonly firstTokenMsP95: number | null;
  readonly firstTokenMsP99: number | null;
  readonly durationMsP50: number | null;
  readonly durationMsP95: number | null;
  readonly durationMsP99: number | null;
}

/** Of calls since then, by variant. Reads the log: for people who look, and not for decisions. */
export async function quantiles(em: EntityManager, experimentId: string, phase: number, since: Date): Promise<QuantileFinding[]> {
  const of = (column: string, share: number) => `percentile_disc(${share}) within group (order by ${column})::float8`;
  const rows = await em.execute<Row[]>(
    `select exposure->>'variantKey' as variant, count(*)::int as calls,
       ${of("time_to_first_token_ms", 0.5)} as f50, ${of("time_to_first_token_ms", 0.95)} as f95, ${of("time_to_first_token_ms", 0.99)} as f99,
       ${of("duration_ms", 0.5)} as d50, ${of("duration_ms", 0.95)} as d95, ${of("duration_ms", 0.99)} as d99
     from usage_event where started_at >= ? and exposure is not null and exposure->>'experimentId' = ?
       and (exposure->>'phase')::int = ? and (exposure->>'forced')::boolean is not true and outcome = 'ok' group by 1 order by 1`,
    [since.toISOString(), experimentId, phase],
  );
  const known = (value: unknown) => (value === null || value === undefined ? null : Number(value));
  return rows.map((row) => ({
    variant: String(row["variant"]),
    calls: Number(row["calls"]),
    firstTokenMsP50: known(row["f50"]),
    firstTokenMsP95: known(row["f95"]),
    firstTokenMsP99: known(row["f99"]),
    durationMsP50: known(row["d50"]),
    durationMsP95: known(row["d95"]),
    durationMsP99: known(row["d99"]),
  }));
}
