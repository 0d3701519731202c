/** A/B tests on a route. Imported for its side effects by schema.ts. */
import { ValidationError } from "../../control-error.ts";
import { type Experiment as ExperimentRow, type ExperimentVariant, experimentUnits } from "../../database/entities/experiment.ts";
import type { JsonObject } from "../../database/entities/route.ts";
import { settledAnalysis } from "../../experiments/definition.ts";
import {
  approveRollout,
  extendExperiment,
  rollBackExperiment,
  shipExperiment,
  startExperiment,
  stopExperiment,
} from "../../operations/end-experiment.ts";
import { newExperiment } from "../../operations/new-experiment.ts";
import { builder } from "../builder.ts";
import { configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, enumOf, mutate } from "../config-type.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { byInstant, byNameOf, byNumber, byText } from "../list-order.ts";
import {
  analysisOf,
  BanditInput,
  BanditType,
  banditOf,
  ConclusionType,
  ExperimentAnalysisInput,
  ExperimentAnalysisType,
  RolloutInput,
  RolloutStateType,
  RolloutType,
  rolloutOf,
} from "./experiment-analysis.ts";
import {
  ExperimentNamespaceInput,
  ExperimentNamespaceType,
  ExperimentTargetingInput,
  ExperimentTargetingType,
  targetingOf,
} from "./experiment-assignment.ts";
import { PromptSelection, PromptSelectionInput, selectionOf } from "./prompt-selection.ts";
import { Route } from "./route.ts";
import { Tier, TierInput, tiersOf } from "./tier.ts";

export const ExperimentUnit = enumOf("ExperimentUnit", experimentUnits);
const ExperimentStatus = enumOf("ExperimentStatus", ["draft", "running", "stopped"]);

const Variant = builder.objectRef<ExperimentVariant>("ExperimentVariant").implement({
  fields: (t) => ({
    key: t.exposeString("key"),
    weight: t.exposeFloat("weight", { description: "Over the sum of the weights." }),
    prompt: t.field({ type: PromptSelection, nullable: true, description: "Null: the route's.", resolve: (variant) => variant.prompt }),
    tiers: t.field({ type: [Tier], description: "Empty: the route's.", resolve: (variant) => [...variant.tiers] }),
    parameters: t.field({ type: "JSON", nullable: true, description: "Over the caller's.", resolve: (variant) => variant.parameters }),
  }),
});

export const Experiment = builder.objectRef<ExperimentRow>("Experiment").implement({
  description: "An A/B test on a route.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key"),
    hypothesis: t.exposeString("hypothesis", { description: "What it is made to find out; empty: nothing was said." }),
    routeId: t.exposeID("routeId"),
    seed: t.exposeString("seed", { description: "With the unit it decides the variant. Never changes." }),
    hashVersion: t.exposeInt("hashVersion"),
    unit: t.field({ type: ExperimentUnit, resolve: (row) => row.unit }),
    fallbackUnit: t.field({
      type: ExperimentUnit,
      nullable: true,
      description: "Null: a call without the unit is not in the experiment.",
      resolve: (row) => (row.fallbackUnit === "" ? null : row.fallbackUnit),
    }),
    coverage: t.float({ description: "The share of units that take part, 0 to 1.", resolve: (row) => row.coverage }),
    variants: t.field({ type: [Variant], resolve: (row) => [...row.variants] }),
    namespace: t.field({ type: ExperimentNamespaceType, nullable: true, resolve: (row) => row.namespace ?? null }),
    holdout: t.float({
      description: "The share of units that see no variant of any experiment of the namespace (without one: of the organisation).",
      resolve: (row) => row.holdout,
    }),
    targeting: t.field({ type: ExperimentTargetingType, nullable: true, resolve: (row) => row.targeting ?? null }),
    sticky: t.exposeBoolean("sticky", { description: "A unit keeps its variant when weights, coverage or targeting change." }),
    bucketVersion: t.exposeInt("bucketVersion", { description: "Kept variants of another version are assigned anew." }),
    bucketVersionMin: t.exposeInt("bucketVersionMin", {
      description: "Units with a variant kept from before this version take no part.",
    }),
    phase: t.exposeInt("phase", { description: "Grows where measurements before and after must not be mixed." }),
    status: t.field({ type: ExperimentStatus, resolve: (row) => row.status }),
    analysis: t.field({ type: ExperimentAnalysisType, resolve: (row) => settledAnalysis(row.analysis) }),
    rollout: t.field({ type: RolloutType, nullable: true, resolve: (row) => row.rollout ?? null }),
    rolloutState: t.field({ type: RolloutStateType, nullable: true, resolve: (row) => row.rolloutState ?? null }),
    bandit: t.field({ type: BanditType, nullable: true, resolve: (row) => row.bandit ?? null }),
    conclusion: t.field({ type: ConclusionType, nullable: true, resolve: (row) => row.conclusion ?? null }),
    endsAt: t.field({ type: "DateTime", nullable: true, description: "When it stops by itself.", resolve: (row) => row.endsAt ?? null }),
    startedAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.startedAt ?? null }),
    stoppedAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.stoppedAt ?? null }),
    route: t.field({
      type: Route,
      nullable: true,
      resolve: async (row, _args, context) => (await context.loaders.route.load(row.routeId)) ?? null,
    }),
  }),
});
addQueries(
  "experiment",
  {
    one: "experiment",
    many: "experiments",
    orders: {
      key: byText("key"),
      status: byText("status"),
      route: byNameOf("route", "name", "route_id"),
      coverage: byNumber((row) => `round(${row}.coverage * 1000000)`),
      started_at: byInstant("started_at"),
    },
  },
  Experiment,
);

const VariantInput = builder.inputType("ExperimentVariantInput", {
  fields: (t) => ({
    key: t.string({ required: true }),
    weight: t.float({ required: true }),
    prompt: t.field({ type: PromptSelectionInput }),
    tiers: t.field({ type: [TierInput] }),
    parameters: t.field({ type: "JSON" }),
  }),
});

const CreateExperimentInput = builder.inputType("CreateExperimentInput", {
  fields: (t) => ({
    key: t.string({ required: true }),
    hypothesis: t.string({ description: "What it is made to find out; at most 2000 characters." }),
    routeId: t.id({ required: true }),
    unit: t.field({ type: ExperimentUnit, required: true }),
    fallbackUnit: t.field({ type: ExperimentUnit }),
    coverage: t.float({ description: "Default 1." }),
    variants: t.field({ type: [VariantInput], required: true }),
    seed: t.string({ description: "Default: a random one. Give it to go on with an experiment from elsewhere." }),
    hashVersion: t.int({ description: "3 (default), or 2 for experiments that began in GrowthBook." }),
    namespace: t.field({ type: ExperimentNamespaceInput }),
    holdout: t.float({ description: "Default 0." }),
    targeting: t.field({ type: ExperimentTargetingInput }),
    sticky: t.boolean({ description: "Needed only where weights change while it runs. Default: with a bandit." }),
    analysis: t.field({ type: ExperimentAnalysisInput }),
    rollout: t.field({ type: RolloutInput, description: "Makes it a guarded rollout of the second variant against the first." }),
    bandit: t.field({ type: BanditInput }),
    endsAt: t.field({ type: "DateTime" }),
  }),
});
const CreateExperimentPayload = configPayload("CreateExperimentPayload", "experiment", Experiment);
builder.mutationField("createExperiment", (t) =>
  t.field({
    type: CreateExperimentPayload,
    description: "A draft, which does nothing until it is started.",
    authScopes: { developer: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateExperimentInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "experiment.create", summary: `experiment ${input.key} made` }, async (change) =>
        change.create("experiment", {
          ...newExperiment({ unit: input.unit, fallbackUnit: input.fallbackUnit ?? "" }),
          key: input.key,
          hypothesis: input.hypothesis ?? "",
          routeId: input.routeId,
          ...(input.seed == null ? {} : { seed: input.seed }),
          ...(input.hashVersion == null ? {} : { hashVersion: input.hashVersion }),
          coverage: input.coverage ?? 1,
          variants: variantsOf(input.variants),
          namespace: input.namespace ?? null,
          holdout: input.holdout ?? 0,
          targeting: targetingOf(input.targeting),
          // A bandit's weights move, and its units must not.
          sticky: input.sticky ?? (input.bandit != null && input.unit !== "request"),
          analysis: input.analysis == null ? null : analysisOf(input.analysis),
          rollout: input.rollout == null ? null : rolloutOf(input.rollout),
          bandit: input.bandit == null ? null : banditOf(input.bandit),
          endsAt: input.endsAt ?? null,
        }),
      ),
  }),
);

const UpdateExperimentInput = builder.inputType("UpdateExperimentInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    key: t.string(),
    hypothesis: t.string(),
    unit: t.field({ type: ExperimentUnit }),
    fallbackUnit: t.field({ type: ExperimentUnit, description: "Null: none." }),
    coverage: t.float(),
    variants: t.field({ type: [VariantInput] }),
    namespace: t.field({ type: ExperimentNamespaceInput, description: "Null: none." }),
    holdout: t.float(),
    targeting: t.field({ type: ExperimentTargetingInput, description: "Null: every call." }),
    sticky: t.boolean(),
    bucketVersion: t.int({ description: "Raise it to assign every unit anew." }),
    analysis: t.field({ type: ExperimentAnalysisInput, description: "Refused while it runs: what is measured is settled before." }),
    rollout: t.field({ type: RolloutInput, description: "Null: none. Refused while it runs." }),
    bandit: t.field({ type: BanditInput, description: "Null: none. Refused while it runs." }),
    endsAt: t.field({ type: "DateTime", description: "Null: it does not stop by itself." }),
    bucketVersionMin: t.int({ description: "Raise it with bucketVersion to leave out who has seen an earlier one." }),
  }),
});
const UpdateExperimentPayload = configPayload("UpdateExperimentPayload", "experiment", Experiment);
builder.mutationField("updateExperiment", (t) =>
  t.field({
    type: UpdateExperimentPayload,
    description: "Changing the units or variants of a running experiment begins a new phase.",
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateExperimentInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "experiment.update", summary: "experiment changed" }, async (change) => {
        const row = await change.edit("experiment", input.id, { expectedRevision: input.expectedRevision });
        row.key = input.key ?? row.key;
        row.hypothesis = input.hypothesis ?? row.hypothesis;
        row.unit = input.unit ?? row.unit;
        if (input.fallbackUnit !== undefined) row.fallbackUnit = input.fallbackUnit ?? "";
        row.coverage = input.coverage ?? row.coverage;
        if (input.variants != null) row.variants = variantsOf(input.variants);
        if (input.namespace !== undefined) row.namespace = input.namespace;
        row.holdout = input.holdout ?? row.holdout;
        if (input.targeting !== undefined) row.targeting = targetingOf(input.targeting);
        row.sticky = input.sticky ?? row.sticky;
        const settled = (["analysis", "rollout", "bandit"] as const).find((name) => input[name] !== undefined && row.status === "running");
        if (settled !== undefined)
          throw new ValidationError([{ path: settled, message: "is settled while the experiment runs; stop it first" }]);
        if (input.analysis !== undefined) row.analysis = input.analysis === null ? null : analysisOf(input.analysis);
        if (input.rollout !== undefined)
          row.rollout = input.rollout === null ? null : { ...rolloutOf(input.rollout), deploys: row.rollout?.deploys ?? null };
        if (input.bandit !== undefined) row.bandit = input.bandit === null ? null : banditOf(input.bandit);
        if (input.endsAt !== undefined) row.endsAt = input.endsAt;
        row.bucketVersion = input.bucketVersion ?? row.bucketVersion;
        row.bucketVersionMin = input.bucketVersionMin ?? row.bucketVersionMin;
        const assignsAnew = input.unit != null || input.fallbackUnit !== undefined || input.variants != null || input.bucketVersion != null;
        if (row.status === "running" && assignsAnew) row.phase += 1;
        change.describe(`experiment ${row.key} changed`);
        return row;
      }),
  }),
);

const StartExperimentInput = builder.inputType("StartExperimentInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    aaTest: t.boolean({ description: "Its arms are alike on purpose. Without it arms that are alike are refused." }),
  }),
});
const StartExperimentPayload = configPayload("StartExperimentPayload", "experiment", Experiment);
builder.mutationField("startExperiment", (t) =>
  t.field({
    type: StartExperimentPayload,
    description: "One experiment can run on a route. Started again after a stop, it is in a new phase.",
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: StartExperimentInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "experiment.start", summary: "experiment started" }, async (change) => {
        const row = await change.edit("experiment", input.id, { expectedRevision: input.expectedRevision });
        startExperiment(change, row, input.aaTest ?? false);
        return row;
      }),
  }),
);

const StopExperimentInput = builder.inputType("StopExperimentInput", {
  fields: (t) => ({ id: t.id({ required: true }), expectedRevision: t.int({ required: true }), reason: t.string() }),
});
const StopExperimentPayload = configPayload("StopExperimentPayload", "experiment", Experiment);
builder.mutationField("stopExperiment", (t) =>
  t.field({
    type: StopExperimentPayload,
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: StopExperimentInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "experiment.stop", summary: "experiment stopped" }, async (change) => {
        const row = await change.edit("experiment", input.id, { expectedRevision: input.expectedRevision });
        stopExperiment(change, row, input.reason ?? "");
        return row;
      }),
  }),
);

const ShipExperimentInput = builder.inputType("ShipExperimentInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    variant: t.string({ required: true }),
    reason: t.string(),
  }),
});
const ShipExperimentPayload = configPayload("ShipExperimentPayload", "experiment", Experiment);
builder.mutationField("shipExperiment", (t) =>
  t.field({
    type: ShipExperimentPayload,
    description: "What the variant overrides becomes the route's own, and the experiment ends.",
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: ShipExperimentInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "experiment.ship", summary: "experiment shipped" }, async (change) => {
        const row = await change.edit("experiment", input.id, { expectedRevision: input.expectedRevision });
        await shipExperiment(change, row, input.variant, input.reason ?? "");
        return row;
      }),
  }),
);

const RollBackExperimentInput = builder.inputType("RollBackExperimentInput", {
  fields: (t) => ({ id: t.id({ required: true }), reason: t.string({ required: true }) }),
});
const RollBackExperimentPayload = configPayload("RollBackExperimentPayload", "experiment", Experiment);
builder.mutationField("rollBackExperiment", (t) =>
  t.field({
    type: RollBackExperimentPayload,
    description: "Ends it at once, with every unit back at the route as it is. Needs no expectedRevision: who rolls back is in a hurry.",
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: RollBackExperimentInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "experiment.roll_back", summary: "experiment rolled back" }, async (change) => {
        const row = await change.edit("experiment", input.id);
        rollBackExperiment(change, row, input.reason);
        return row;
      }),
  }),
);

const ExtendExperimentInput = builder.inputType("ExtendExperimentInput", {
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    days: t.float({ required: true, description: "Beyond its end, or from now on where it has none." }),
  }),
});
const ExtendExperimentPayload = configPayload("ExtendExperimentPayload", "experiment", Experiment);
builder.mutationField("extendExperiment", (t) =>
  t.field({
    type: ExtendExperimentPayload,
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: ExtendExperimentInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "experiment.extend", summary: "experiment extended" }, async (change) => {
        const row = await change.edit("experiment", input.id, { expectedRevision: input.expectedRevision });
        extendExperiment(change, row, input.days);
        return row;
      }),
  }),
);

const ApproveRolloutInput = builder.inputType("ApproveRolloutInput", {
  fields: (t) => ({ id: t.id({ required: true }), expectedRevision: t.int({ required: true }) }),
});
const ApproveRolloutPayload = configPayload("ApproveRolloutPayload", "experiment", Experiment);
builder.mutationField("approveRollout", (t) =>
  t.field({
    type: ApproveRolloutPayload,
    description: "Lets a rollout go on, past a step that asks for approval or from a pause.",
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: ApproveRolloutInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "experiment.approve", summary: "rollout approved" }, async (change) => {
        const row = await change.edit("experiment", input.id, { expectedRevision: input.expectedRevision });
        approveRollout(change, row);
        return row;
      }),
  }),
);

addArchive("experiment", "experiment", Experiment, async (row, change) => {
  if (row.status !== "running") return;
  row.status = "stopped";
  row.stoppedAt = change.at;
});

const variantsOf = (input: readonly (typeof VariantInput.$inferInput)[]): ExperimentVariant[] =>
  input.map(({ key, weight, prompt, tiers, parameters }, index) => ({
    key,
    weight,
    prompt: prompt == null ? null : selectionOf(`variants[${index}].prompt`, prompt),
    tiers: tiersOf(tiers ?? []),
    // Any JSON gets here; check-row.ts refuses what is no object.
    parameters: (parameters ?? null) as JsonObject | null,
  }));
