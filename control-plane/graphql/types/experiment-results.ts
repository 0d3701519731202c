/** What was found of an experiment: results, health, timeline, and news of them. Imported for its side effects by schema.ts. */
import { Repeater } from "graphql-yoga";
import { NotFoundError, ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { Experiment as ExperimentEntity } from "../../database/entities/experiment.ts";
import type { Comparison, MetricFinding, VariantFinding } from "../../experiments/evaluate.ts";
import type { EvaluationResult } from "../../experiments/evaluator.ts";
import type { Verdict } from "../../experiments/verdict.ts";
import { evaluations, metricsAmong, type QuantileFinding, quantiles, type StoredEvaluation } from "../../operations/experiment-results.ts";
import { requireStorable } from "../../storable-text.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import type { GraphQLContext } from "../context.ts";
import { Experiment } from "./experiment.ts";
import { ExperimentMetric, ExperimentMetricRole } from "./experiment-analysis.ts";
import { HealthType, SliceDimension } from "./experiment-health.ts";

const shownMax = 500;
const newsEveryMs = 2_000;

const RecommendationType = enumOf("ExperimentRecommendation", ["ship", "roll-back", "keep-running", "look-into-it"]);
const MetricVerdictType = enumOf("ExperimentMetricVerdict", ["better", "worse", "open", "too-few-units"]);
const DirectionType = enumOf("ExperimentMetricDirection", ["lower", "higher", "neutral"]);

const VerdictType = builder.objectRef<Verdict>("ExperimentVerdict").implement({
  fields: (t) => ({
    recommendation: t.field({ type: RecommendationType, resolve: ({ recommendation }) => recommendation }),
    variant: t.exposeString("variant", { description: "To ship; empty: none." }),
    text: t.exposeString("text", { description: "In plain words." }),
  }),
});

const RelativeType = builder.objectRef<NonNullable<Comparison["relative"]>>("RelativeEffect").implement({
  description: "Over control, for display: decisions are taken on the absolute scale.",
  fields: (t) => ({ value: t.exposeFloat("value"), lower: t.exposeFloat("lower"), upper: t.exposeFloat("upper") }),
});

const ComparisonType = builder.objectRef<Comparison>("ExperimentComparison").implement({
  description: "A variant against control. Intervals and p hold at every look.",
  fields: (t) => ({
    effect: t.exposeFloat("effect", { description: "Variant minus control, in the metric's unit." }),
    lower: t.exposeFloat("lower", { nullable: true, description: "Null: without bound." }),
    upper: t.exposeFloat("upper", { nullable: true }),
    p: t.exposeFloat("p"),
    adjustedP: t.exposeFloat("adjustedP", { description: "Of goals: after correction for their number." }),
    relative: t.expose("relative", { type: RelativeType, nullable: true }),
    chanceBetter: t.exposeFloat("chanceBetter", { description: "Bayesian, flat prior. It does not make peeking free." }),
    chanceBetterSceptical: t.exposeFloat("chanceBetterSceptical", {
      nullable: true,
      description: "With a prior that thinks little of relative effects beyond 60 %.",
    }),
    riskOfVariant: t.exposeFloat("riskOfVariant", { description: "Expected loss of taking it, in the metric's unit." }),
    riskOfControl: t.exposeFloat("riskOfControl"),
    verdict: t.field({
      type: MetricVerdictType,
      description: "Of secondary metrics: by the interval alone, and decides nothing.",
      resolve: ({ verdict }) => verdict,
    }),
  }),
});

const VariantFindingType = builder.objectRef<VariantFinding>("ExperimentVariantFinding").implement({
  fields: (t) => ({
    variant: t.exposeString("variant"),
    units: t.exposeInt("units"),
    value: t.exposeFloat("value", { nullable: true }),
    standardError: t.exposeFloat("standardError", { nullable: true }),
    comparison: t.expose("comparison", { type: ComparisonType, nullable: true, description: "Null: of control, or too little is known." }),
  }),
});

const MetricFindingType = builder.objectRef<MetricFinding>("ExperimentMetricFinding").implement({
  fields: (t) => ({
    key: t.exposeString("key"),
    metric: t.field({ type: ExperimentMetric, resolve: ({ metric }) => metric }),
    role: t.field({ type: ExperimentMetricRole, resolve: ({ role }) => role }),
    name: t.exposeString("name"),
    unit: t.exposeString("unit"),
    direction: t.field({ type: DirectionType, resolve: ({ direction }) => direction }),
    margin: t.exposeFloat("margin"),
    cappedAt: t.float({
      nullable: true,
      description: "Units above this, in the metric's unit, counted as if they were at it. Null: none was.",
      resolve: ({ cappedAt }) => cappedAt ?? null,
    }),
    cappedUnits: t.int({ resolve: ({ cappedUnits }) => cappedUnits ?? 0 }),
    variants: t.field({ type: [VariantFindingType], resolve: ({ variants }) => [...variants] }),
    holdout: t.expose("holdout", {
      type: ComparisonType,
      nullable: true,
      description: "All variants against the holdout, in slices of one size.",
    }),
  }),
});

interface VariantCount {
  readonly variant: string;
  readonly units: number;
  readonly calls: number;
}
const VariantCountType = builder.objectRef<VariantCount>("ExperimentVariantCount").implement({
  fields: (t) => ({ variant: t.exposeString("variant"), units: t.exposeInt("units"), calls: t.exposeFloat("calls") }),
});

export const EvaluationType = builder.objectRef<StoredEvaluation>("ExperimentEvaluation").implement({
  description: "One look at an experiment.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime" }),
    phase: t.exposeInt("phase"),
    event: t.exposeString("event", { description: "What was done then; empty: nothing." }),
    verdict: t.field({ type: VerdictType, resolve: ({ result }) => result.verdict }),
    action: t.string({ description: "What a rollout waits for, or does.", resolve: ({ result }) => result.action }),
    variants: t.field({ type: [VariantCountType], resolve: ({ result }) => countsOf(result) }),
    heldOutUnits: t.int({ resolve: ({ result }) => result.heldOutUnits }),
    health: t.field({ type: HealthType, resolve: ({ result }) => result.health }),
    metrics: t.field({ type: [MetricFindingType], resolve: ({ result }) => [...result.metrics] }),
    daysRun: t.float({ resolve: ({ result }) => result.daysRun }),
    daysLeft: t.float({
      nullable: true,
      description: "Until the target effect would be found; null: nobody can tell.",
      resolve: ({ result }) => result.daysLeft,
    }),
    unitsNeeded: t.float({
      nullable: true,
      description: "In each arm, for the target effect.",
      resolve: ({ result }) => result.unitsNeeded,
    }),
  }),
});

const countsOf = ({ units, calls }: EvaluationResult): VariantCount[] =>
  Object.entries(units).map(([variant, count]) => ({ variant, units: count, calls: calls[variant] ?? 0 }));

const QuantilesType = builder.objectRef<QuantileFinding>("ExperimentQuantiles").implement({
  description: "Description and no ground for a decision: the share of slow calls is.",
  fields: (t) => ({
    variant: t.exposeString("variant"),
    calls: t.exposeInt("calls"),
    firstTokenMsP50: t.exposeFloat("firstTokenMsP50", { nullable: true }),
    firstTokenMsP95: t.exposeFloat("firstTokenMsP95", { nullable: true }),
    firstTokenMsP99: t.exposeFloat("firstTokenMsP99", { nullable: true }),
    durationMsP50: t.exposeFloat("durationMsP50", { nullable: true }),
    durationMsP95: t.exposeFloat("durationMsP95", { nullable: true }),
    durationMsP99: t.exposeFloat("durationMsP99", { nullable: true }),
  }),
});

const SliceInput = builder.inputType("ExperimentSliceInput", {
  fields: (t) => ({
    dimension: t.field({ type: SliceDimension, required: true }),
    value: t.string({ required: true }),
  }),
});

builder.objectFields(Experiment, (t) => ({
  evaluation: t.field({
    type: EvaluationType,
    nullable: true,
    description: "The newest look. Null: it has not been looked at yet.",
    resolve: async (row, _args, context) =>
      (await inOrganisation(context, (em) => evaluations(em, row.id, { limit: 1, events: false })))[0] ?? null,
  }),
  timeline: t.field({
    type: [EvaluationType],
    description: `Looks after which something was done, the newest first; at most ${shownMax}.`,
    resolve: (row, _args, context) => inOrganisation(context, (em) => evaluations(em, row.id, { limit: shownMax, events: true })),
  }),
  evaluations: t.field({
    type: [EvaluationType],
    description: `Looks since then, the newest first; at most ${shownMax}. For the course of a bound over time.`,
    args: { since: t.arg({ type: "DateTime" }), first: t.arg.int() },
    resolve: (row, { since, first }, context) => {
      if (first != null && (first < 1 || first > shownMax))
        throw new ValidationError([{ path: "first", message: `must be from 1 to ${shownMax}` }]);
      return inOrganisation(context, (em) => evaluations(em, row.id, { limit: first ?? 50, events: false, since: since ?? undefined }));
    },
  }),
  metricsAmong: t.field({
    type: [MetricFindingType],
    description:
      "What those of its units did that were first seen in a time, at a node or edge, or with a value of its tag (health.slices has them). For reading: one look, with nothing known from those before, that decides nothing.",
    args: {
      since: t.arg({ type: "DateTime" }),
      until: t.arg({ type: "DateTime" }),
      slice: t.arg({ type: SliceInput }),
    },
    resolve: (row, { since, until, slice }, context) => {
      requireStorable({ slice: slice?.value });
      const among = { since: since ?? undefined, until: until ?? undefined, slice: slice ?? undefined };
      return inOrganisation(context, (em) => metricsAmong(em, row, among, new Date()));
    },
  }),
  quantiles: t.field({
    type: [QuantilesType],
    resolve: (row, _args, context) =>
      row.startedAt == null ? [] : inOrganisation(context, (em) => quantiles(em, row.id, row.phase, row.startedAt as Date)),
  }),
}));

builder.subscriptionField("experimentEvaluation", (t) =>
  t.field({
    type: EvaluationType,
    description: "The newest look at once, and each that follows.",
    authScopes: { viewer: true },
    args: { id: t.arg.id({ required: true }) },
    subscribe: (_root, { id }, context) => evaluationNews(context, id),
    resolve: (evaluation: StoredEvaluation) => evaluation,
  }),
);

/** Asks the database, because another control plane may be the one that looks. Looks that a slow reader has missed are passed over. */
async function evaluationNews(context: GraphQLContext, id: string): Promise<Repeater<StoredEvaluation>> {
  const row = isUuid(id) ? await inOrganisation(context, (em) => em.findOne(ExperimentEntity, { id })) : null;
  if (row === null) throw new NotFoundError("experiment", id);
  return new Repeater<StoredEvaluation>(async (push, stop) => {
    let seen: Date | undefined;
    let asking = false;
    const ask = async () => {
      if (asking) return;
      asking = true;
      try {
        const [newest] = await inOrganisation(context, (em) => evaluations(em, id, { limit: 1, events: false, since: seen }));
        if (newest !== undefined) {
          seen = newest.at;
          await push(newest);
        }
      } catch {
        // The database is away: the next turn asks again.
      } finally {
        asking = false;
      }
    };
    const timer = setInterval(() => void ask(), newsEveryMs);
    void ask();
    await stop;
    clearInterval(timer);
  });
}
