/** How an experiment is measured, rolled out and ended: types and inputs. */
import {
  analysisDefault,
  type Bandit,
  banditDefault,
  type Conclusion,
  type ExperimentAnalysis,
  type MeasuredMetric,
  metricRoles,
  type PromptDeployment,
  type Rollout,
  type RolloutState,
  type RolloutStep,
  rolloutDefault,
} from "../../experiments/definition.ts";
import { metricNames } from "../../experiments/metrics.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";

export const ExperimentMetric = enumOf("ExperimentMetric", metricNames);
export const ExperimentMetricRole = enumOf("ExperimentMetricRole", metricRoles);
const Correction = enumOf("ExperimentCorrection", ["holm", "benjamini-hochberg", "none"]);
const HealthAction = enumOf("RolloutHealthAction", ["hold", "roll-back", "warn"]);
const BanditAlgorithm = enumOf("BanditAlgorithm", ["thompson", "top-two"]);
const RolloutStateName = enumOf("RolloutStateName", ["running", "paused", "completed", "rolled-back"]);
const Outcome = enumOf("ExperimentOutcome", ["shipped", "rolled-back", "stopped"]);

const MeasuredMetricType = builder.objectRef<MeasuredMetric>("MeasuredMetric").implement({
  fields: (t) => ({
    metric: t.field({ type: ExperimentMetric, resolve: ({ metric }) => metric }),
    role: t.field({ type: ExperimentMetricRole, resolve: ({ role }) => role }),
    feedback: t.exposeString("feedback"),
    category: t.exposeString("category"),
    margin: t.exposeFloat("margin"),
    windowHours: t.exposeFloat("windowHours"),
  }),
});
export const ExperimentAnalysisType = builder.objectRef<ExperimentAnalysis>("ExperimentAnalysis").implement({
  description: "How an experiment is measured. Does not change while it runs.",
  fields: (t) => ({
    control: t.exposeString("control", { description: "Empty: the first variant." }),
    alpha: t.exposeFloat("alpha"),
    unitsPlanned: t.exposeInt("unitsPlanned"),
    correction: t.field({ type: Correction, resolve: ({ correction }) => correction }),
    metrics: t.field({ type: [MeasuredMetricType], resolve: ({ metrics }) => [...metrics] }),
    latencyObjectiveMs: t.exposeInt("latencyObjectiveMs"),
    daysMin: t.exposeFloat("daysMin"),
    unitsMin: t.exposeInt("unitsMin"),
    targetEffect: t.exposeFloat("targetEffect"),
    cuped: t.exposeBoolean("cuped"),
    winsoriseAt: t.exposeFloat("winsoriseAt", { description: "1: units count as they are." }),
    preExposureCheck: t.exposeBoolean("preExposureCheck"),
    healthTag: t.exposeString("healthTag", { description: "Empty: none." }),
  }),
});
const PromptDeploymentType = builder.objectRef<PromptDeployment>("PromptDeployment").implement({
  fields: (t) => ({ promptId: t.exposeID("promptId"), label: t.exposeString("label"), version: t.exposeInt("version") }),
});
const RolloutStepType = builder.objectRef<RolloutStep>("RolloutStep").implement({
  fields: (t) => ({
    share: t.exposeFloat("share"),
    holdSeconds: t.exposeInt("holdSeconds"),
    unitsMin: t.exposeInt("unitsMin"),
    approval: t.exposeBoolean("approval"),
  }),
});
export const RolloutType = builder.objectRef<Rollout>("Rollout").implement({
  description: "Steps by which a new value reaches more units, each held against as many that keep the old one.",
  fields: (t) => ({
    steps: t.field({ type: [RolloutStepType], resolve: ({ steps }) => [...steps] }),
    healthAction: t.field({ type: HealthAction, resolve: ({ healthAction }) => healthAction }),
    shipAtEnd: t.exposeBoolean("shipAtEnd"),
    deploys: t.field({
      type: PromptDeploymentType,
      nullable: true,
      description: "The label that moves at the end. Null: the variant becomes the route's own.",
      resolve: ({ deploys }) => deploys ?? null,
    }),
  }),
});
export const RolloutStateType = builder.objectRef<RolloutState>("RolloutState").implement({
  fields: (t) => ({
    state: t.field({ type: RolloutStateName, resolve: ({ state }) => state }),
    step: t.exposeInt("step", { description: "From 0." }),
    stepStartedAt: t.field({ type: "DateTime", resolve: ({ stepStartedAt }) => new Date(stepStartedAt) }),
    approved: t.exposeBoolean("approved"),
    reason: t.exposeString("reason"),
  }),
});
export const BanditType = builder.objectRef<Bandit>("Bandit").implement({
  description: "Weights that follow what is learnt: for traffic on the best variant, not for knowing by how much it is better.",
  fields: (t) => ({
    algorithm: t.field({ type: BanditAlgorithm, resolve: ({ algorithm }) => algorithm }),
    floor: t.exposeFloat("floor"),
    updateMinutes: t.exposeInt("updateMinutes"),
    stopWhenFound: t.exposeBoolean("stopWhenFound"),
    delta: t.exposeFloat("delta"),
    tolerance: t.exposeFloat("tolerance"),
  }),
});
export const ConclusionType = builder.objectRef<Conclusion>("ExperimentConclusion").implement({
  fields: (t) => ({
    outcome: t.field({ type: Outcome, resolve: ({ outcome }) => outcome }),
    variant: t.exposeString("variant", { description: "Empty: none." }),
    reason: t.exposeString("reason"),
    at: t.field({ type: "DateTime", resolve: ({ at }) => new Date(at) }),
    actor: t.exposeString("actor"),
  }),
});

const MeasuredMetricInput = builder.inputType("MeasuredMetricInput", {
  fields: (t) => ({
    metric: t.field({ type: ExperimentMetric, required: true }),
    role: t.field({
      type: ExperimentMetricRole,
      required: true,
      description: "goal decides, guardrail rolls back, signal pauses a rollout, secondary is shown.",
    }),
    feedback: t.string({ description: "Of FEEDBACK: the name of the feedback metric." }),
    category: t.string({ description: "Of feedback by category: the one whose share is measured." }),
    margin: t.float({ description: "How much worse is still good enough, in the metric's unit. Default 0." }),
    windowHours: t.float({ description: "A unit counts only when it is so old. Default 0." }),
  }),
});
export const ExperimentAnalysisInput = builder.inputType("ExperimentAnalysisInput", {
  description: "What is left out is the default.",
  fields: (t) => ({
    control: t.string({ description: "Default: the first variant." }),
    alpha: t.float({ description: "Default 0.05." }),
    unitsPlanned: t.int({ description: "Units of both arms at which a decision is expected. Default 5000." }),
    correction: t.field({ type: Correction, description: "Over goals times variants. Default HOLM." }),
    metrics: t.field({ type: [MeasuredMetricInput] }),
    latencyObjectiveMs: t.int({ description: "What SLOW_ metrics count as slow. Default 2000." }),
    daysMin: t.float({ description: "No verdict to ship before. Default 3." }),
    unitsMin: t.int({ description: "In each arm; no verdict before. Default 100." }),
    targetEffect: t.float({ description: "The smallest relative effect worth finding. Default 0.1." }),
    cuped: t.boolean({ description: "Take out what units did on the route in the two weeks before. Default false." }),
    winsoriseAt: t.float({
      description:
        "Of means of time and money: units above this quantile of all count as if they were at it. 0.9 to 1; 1: as they are. Default 0.999.",
    }),
    preExposureCheck: t.boolean({ description: "Compare the arms in the two weeks before, and warn where they differ. Default true." }),
    healthTag: t.string({
      description: 'A tag by which the shares of units are checked, beside nodes and edges. Empty: none. Default "country".',
    }),
  }),
});
const RolloutStepInput = builder.inputType("RolloutStepInput", {
  fields: (t) => ({
    share: t.float({ required: true, description: "Of the units that get the new value, above 0 and up to 0.5; as many stay as control." }),
    holdSeconds: t.int({ description: "Default 3600." }),
    unitsMin: t.int({ description: "In each arm. Default 100." }),
    approval: t.boolean({ description: "A person has to say yes before the next step. Default false." }),
  }),
});
export const RolloutInput = builder.inputType("RolloutInput", {
  fields: (t) => ({
    steps: t.field({ type: [RolloutStepInput], description: "Default: 1, 5, 10, 25, 50 %." }),
    healthAction: t.field({ type: HealthAction, description: "Default HOLD." }),
    shipAtEnd: t.boolean({ description: "Default true." }),
  }),
});
export const BanditInput = builder.inputType("BanditInput", {
  fields: (t) => ({
    algorithm: t.field({ type: BanditAlgorithm }),
    floor: t.float({ description: "Each variant keeps at least this share. Default 0.05." }),
    updateMinutes: t.int({ description: "Default 15." }),
    stopWhenFound: t.boolean({ description: "Ships the best when it is beyond doubt. Default true." }),
    delta: t.float({ description: "The chance of calling a wrong one the best. Default 0.05." }),
    tolerance: t.float({ description: "How much worse than the best is good enough. Default 0." }),
  }),
});

/** What was given over the defaults; null and left out are alike. */
const over = <Value extends object>(
  defaults: Value,
  given: { readonly [Name in keyof Value]?: Value[Name] | null | undefined },
): Value => ({
  ...defaults,
  ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined)) as Partial<Value>),
});

export const analysisOf = (input: typeof ExperimentAnalysisInput.$inferInput): ExperimentAnalysis =>
  over(analysisDefault, {
    ...input,
    metrics: input.metrics?.map((metric) =>
      over<MeasuredMetric>({ metric: metric.metric, role: metric.role, feedback: "", category: "", margin: 0, windowHours: 0 }, metric),
    ),
  });
export const rolloutOf = (input: typeof RolloutInput.$inferInput): Rollout =>
  over(rolloutDefault, {
    ...input,
    steps: input.steps?.map((step) => over<RolloutStep>({ share: step.share, holdSeconds: 3600, unitsMin: 100, approval: false }, step)),
  });
export const banditOf = (input: typeof BanditInput.$inferInput): Bandit => over(banditDefault, input);
