/**
 * Looks at every running experiment, every 30 s, on one control plane: reads sums, evaluates, keeps what was found, and does what
 * follows from it: steps of a rollout, the way back, a bandit's weights, the end of the time. What it does is a change of the
 * configuration like a person's, with the reason in its history.
 *
 * An experiment that cannot be evaluated is logged and holds up no other. With the database away nothing is found and nothing is
 * done; the next turn looks again. Two leaders at once would do the same thing twice, and the second finds it done.
 */
import { Experiment } from "../database/entities/experiment.ts";
import { leadership } from "../database/leadership.ts";
import type { EntityManager } from "../database/orm.ts";
import { changeConfiguration } from "../operations/change-configuration.ts";
import { rollBackExperiment, shipExperiment, stopExperiment } from "../operations/end-experiment.ts";
import type { Services } from "../services.ts";
import { nextWeights } from "./bandit-weights.ts";
import { settledAnalysis } from "./definition.ts";
import { type Evaluation, evaluate, sequencesIn } from "./evaluate.ts";
import type { ExaminedExperiment } from "./health.ts";
import { fillBefore } from "./read-history.ts";
import { type ExperimentPhase, type MeasuredSums, metricSums, phaseCounts } from "./read-sums.ts";
import { coverageOf, nextAction } from "./rollout.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

export interface ExperimentEvaluator {
  close(): Promise<void>;
}

/** What is kept of each look. */
export interface EvaluationResult extends Evaluation {
  readonly verdict: Verdict;
  /** What a rollout waits for, or what was done. */
  readonly action: string;
}

const actor = "system:experiments";
/** A lease outlives two turns that are late. */
const leaseTurns = 3;
/** Looks of one phase that are kept: at 30 s the last day, besides those in which something happened. */
const looksKept = 2880;

export function startEvaluator(services: Services, everyMs: number): ExperimentEvaluator {
  const { database, logger } = services;
  const leader = leadership(database, "experiments", leaseTurns * everyMs);
  let closed = false;
  let turning = Promise.resolve();
  let leads = false;
  const pauses: HistoryPauses = new Map();
  const turn = async () => {
    if (closed) return;
    try {
      const led = leads;
      leads = await leader.lead();
      if (leads !== led)
        logger.info(leads ? "this control plane evaluates experiments now" : "another control plane evaluates experiments now");
      if (leads) await evaluateAll(services, new Date(), pauses);
    } catch (error) {
      if (!closed) logger.warn({ err: error }, "experiments could not be evaluated; trying again");
    }
  };
  const timer = setInterval(() => {
    turning = turning.then(turn);
  }, everyMs);
  return {
    close: async () => {
      closed = true;
      clearInterval(timer);
      await turning;
      await leader.resign().catch(() => {});
    },
  };
}

/** By experiment, until when the ledger is not asked for what its units did before: it took too long. */
type HistoryPauses = Map<string, Date>;
const historyPauseMs = 600_000;

/** One turn over all organisations. */
async function evaluateAll(services: Services, now: Date, pauses: HistoryPauses): Promise<void> {
  const running = await services.database.system((em) =>
    em.find(Experiment, { status: "running", archivedAt: null }, { orderBy: { id: "asc" } }),
  );
  for (const experiment of running) {
    try {
      await evaluateOne(services, experiment, now, pauses);
    } catch (error) {
      services.logger.error({ err: error, experiment: experiment.key }, "an experiment could not be evaluated");
    }
  }
}

interface Look {
  readonly result: EvaluationResult;
  readonly evaluation: Evaluation;
  readonly inputs: readonly MeasuredSums[];
}

/** One look at one of them, and what follows from it. */
export async function evaluateOne(services: Services, experiment: Experiment, now: Date, pauses: HistoryPauses = new Map()): Promise<void> {
  if ((pauses.get(experiment.id)?.getTime() ?? 0) <= now.getTime()) {
    pauses.delete(experiment.id);
    if (!(await readHistory(services, experiment))) pauses.set(experiment.id, new Date(now.getTime() + historyPauseMs));
  }
  const look = await services.database.tenant(experiment.organisationId, (em) => lookAt(em, experiment, now));
  const done = await act(services, experiment, look, now);
  if (done !== undefined)
    await services.database.tenant(experiment.organisationId, (em) => noteEvent(em, experiment, look.result.at, done));
}

const phaseOf = ({ organisationId, id, phase }: Experiment): ExperimentPhase => ({ organisationId, experimentId: id, phase });

/**
 * In a transaction of its own: over a large ledger it may take too long, and guardrails must not wait for it.
 * @returns false: it could not be read, and should be left alone for a while.
 */
async function readHistory({ database, logger, settings }: Services, experiment: Experiment): Promise<boolean> {
  const { cuped, preExposureCheck } = settledAnalysis(experiment.analysis);
  if (!cuped && !preExposureCheck) return true;
  const { routeId, unit, fallbackUnit } = experiment;
  const history = { routeId, units: [unit, fallbackUnit], whole: cuped, pepper: settings.pepper };
  try {
    await database.tenant(experiment.organisationId, (em) => fillBefore(em, phaseOf(experiment), history));
    return true;
  } catch (error) {
    logger.warn({ err: error, experiment: experiment.key }, "what units did before could not be read; it is tried again in ten minutes");
    return false;
  }
}

async function lookAt(em: EntityManager, experiment: Experiment, now: Date): Promise<Look> {
  const phase = phaseOf(experiment);
  const analysis = settledAnalysis(experiment.analysis);
  const startedAt = experiment.startedAt ?? now;
  const counts = await phaseCounts(em, phase, now);
  const inputs: MeasuredSums[] = [];
  for (const measured of analysis.metrics)
    inputs.push(await metricSums(em, phase, measured, { since: startedAt, now, winsoriseAt: analysis.winsoriseAt }));
  const [last] = await em.execute<{ sequences: Parameters<typeof sequencesIn>[0] }[]>(
    "select sequences from experiment_evaluation where experiment_id = ? and phase = ? order by at desc limit 1",
    [experiment.id, experiment.phase],
  );
  const { variants, unit } = experiment;
  const evaluated: ExaminedExperiment = { variants, analysis, weightsMove: experiment.bandit != null, startedAt, unit };
  const { evaluation, sequences } = evaluate(evaluated, counts, inputs, sequencesIn(last?.sequences ?? {}), now);
  const verdict = verdictOf(evaluated, evaluation);
  const action =
    experiment.rollout != null && experiment.rolloutState != null
      ? nextAction(experiment.rollout, experiment.rolloutState, evaluation, now)
      : undefined;
  const result: EvaluationResult = {
    ...evaluation,
    verdict,
    action: action?.type === "none" ? `waits for ${action.waitsFor}` : (action?.type ?? ""),
  };
  await em.execute(
    `insert into experiment_evaluation (organisation_id, experiment_id, phase, at, event, result, sequences) values (?, ?, ?, ?, '', ?::jsonb, ?::jsonb)
     on conflict do nothing`,
    [experiment.organisationId, experiment.id, experiment.phase, result.at, JSON.stringify(result), JSON.stringify(sequences)],
  );
  await em.execute(
    `delete from experiment_evaluation where experiment_id = ? and event = '' and at < (
       select at from experiment_evaluation where experiment_id = ? order by at desc offset ${looksKept} limit 1)`,
    [experiment.id, experiment.id],
  );
  return { result, evaluation, inputs };
}

/** @returns what was done, for the timeline; undefined: nothing. */
async function act(services: Services, experiment: Experiment, { evaluation, inputs }: Look, now: Date): Promise<string | undefined> {
  if (experiment.rollout != null && experiment.rolloutState != null) {
    const action = nextAction(experiment.rollout, experiment.rolloutState, evaluation, now);
    const { rollout } = experiment;
    switch (action.type) {
      case "none":
        break;
      case "roll-back":
        return change(services, experiment, "experiment.roll_back", now, (edit, row) => rollBackExperiment(edit, row, action.reason));
      case "complete":
        return change(services, experiment, "experiment.ship", now, (edit, row) =>
          shipExperiment(edit, row, row.variants[1]?.key ?? "", action.reason),
        );
      case "pause":
        return change(services, experiment, "experiment.pause", now, (edit, row) => {
          if (row.rolloutState != null) row.rolloutState = { ...row.rolloutState, state: "paused", reason: action.reason };
          edit.describe(`rollout ${row.key} paused: ${action.reason}`.slice(0, 500));
        });
      case "advance":
        return change(services, experiment, "experiment.advance", now, (edit, row) => {
          row.coverage = coverageOf(rollout, action.step);
          row.rolloutState = {
            state: "running",
            step: action.step,
            stepStartedAt: now.toISOString(),
            approved: false,
            reason: action.reason,
          };
          edit.describe(`rollout ${row.key}: step ${action.step + 1} of ${rollout.steps.length}`);
        });
      default:
        action satisfies never;
    }
  } else {
    const [alarm] = evaluation.alarms.filter(({ role }) => role === "guardrail");
    // A comparison of several variants goes on without a rollout's steps, and must not go on with harm either.
    if (alarm !== undefined)
      return change(services, experiment, "experiment.roll_back", now, (edit, row) => rollBackExperiment(edit, row, alarm.text));
  }
  const weighed = await weigh(services, experiment, inputs, now);
  if (weighed !== undefined) return weighed;
  if (experiment.endsAt != null && experiment.endsAt <= now)
    return change(services, experiment, "experiment.stop", now, (edit, row) => stopExperiment(edit, row, "its time is over"));
  return undefined;
}

async function weigh(services: Services, experiment: Experiment, inputs: readonly MeasuredSums[], now: Date): Promise<string | undefined> {
  const goal = inputs.find(({ measured }) => measured.role === "goal");
  if (experiment.bandit == null || goal === undefined) return undefined;
  const action = nextWeights(experiment.bandit, experiment.variants, goal, experiment.updatedAt, now);
  switch (action.type) {
    case "none":
      return undefined;
    case "found":
      return change(services, experiment, "experiment.ship", now, (edit, row) =>
        shipExperiment(edit, row, action.variant, "the best variant beyond doubt"),
      );
    case "weigh":
      return change(services, experiment, "experiment.weigh", now, (edit, row) => {
        row.variants = row.variants.map((variant, i) => ({ ...variant, weight: action.weights[i] ?? variant.weight }));
        edit.describe(`bandit ${row.key}: ${row.variants.map(({ key, weight }) => `${key} ${(weight * 100).toFixed(0)} %`).join(", ")}`);
      });
    default:
      return action satisfies never;
  }
}

/** Nothing is done where somebody else has changed the experiment since it was read; the next turn looks at what it is then. */
async function change(
  services: Services,
  experiment: Experiment,
  action: string,
  now: Date,
  work: (edit: Parameters<Parameters<typeof changeConfiguration>[3]>[0], row: Experiment) => void | Promise<void>,
): Promise<string | undefined> {
  const author = { actor, organisationId: experiment.organisationId };
  let summary: string | undefined;
  await changeConfiguration(services, author, { action, summary: `experiment ${experiment.key} changed`, asOf: now }, async (edit) => {
    const row = await edit.edit("experiment", experiment.id);
    if (row.revision !== experiment.revision) return;
    const describe = (text: string) => {
      summary = text;
      edit.describe(text);
    };
    await work({ ...edit, describe }, row);
    summary ??= action;
  });
  return summary;
}

const noteEvent = (em: EntityManager, experiment: Experiment, at: string, event: string): Promise<unknown> =>
  em.execute("update experiment_evaluation set event = ? where experiment_id = ? and at = ?", [event, experiment.id, at]);
