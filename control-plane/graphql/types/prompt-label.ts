/** Labels that move between a prompt's versions. Imported for its side effects by schema.ts. */
import { NotFoundError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import type { Experiment as ExperimentRow } from "../../database/entities/experiment.ts";
import { Prompt as PromptEntity, type Prompt as PromptRow } from "../../database/entities/prompt.ts";
import { type LabelRolloutSettings, PromptLabelRequest as PromptLabelRequestEntity } from "../../database/entities/prompt-label-request.ts";
import { type LabelMove, labelMoves, movesShown, moveWays } from "../../operations/label-history.ts";
import {
  decideLabelRequest,
  moveLabel,
  moveLabelBySteps,
  removeLabel,
  requestLabel,
  rollBackLabel,
} from "../../operations/prompt-labels.ts";
import { requireStorable } from "../../storable-text.ts";
import { builder } from "../builder.ts";
import { ConfigChange, type ConfigPayload, configPayload, waitArguments } from "../config-mutation.ts";
import { enumOf, inOrganisation, mutate } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { Experiment, ExperimentUnit } from "./experiment.ts";
import { analysisOf, ExperimentAnalysisInput, RolloutInput, rolloutOf } from "./experiment-analysis.ts";
import { Prompt } from "./prompt.ts";

const SetPromptLabelInput = builder.inputType("SetPromptLabelInput", {
  fields: (t) => ({
    promptId: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    label: t.string({ required: true }),
    version: t.int({ required: true }),
    reason: t.string({ description: "For the label's history and the audit log." }),
  }),
});
const SetPromptLabelPayload = configPayload("SetPromptLabelPayload", "prompt", Prompt);
builder.mutationField("setPromptLabel", (t) =>
  t.field({
    type: SetPromptLabelPayload,
    description: "Deploys a version to whoever asks for the label. Refused for a protected label: see requestPromptLabel.",
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: SetPromptLabelInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) => {
      requireStorable({ reason: input.reason });
      return mutate(context, wait, { action: "prompt.set_label", summary: "label set" }, async (change) => {
        const row = await change.edit("prompt", input.promptId, { expectedRevision: input.expectedRevision });
        moveLabel(change, row, { label: input.label, version: input.version, reason: input.reason ?? "" });
        return row;
      });
    },
  }),
);

const PromptRolloutInput = builder.inputType("PromptRolloutInput", {
  description: "How a label is moved by steps: an experiment on the route that binds it.",
  fields: (t) => ({
    routeId: t.id({ description: "Default: the only route that binds the prompt by the label." }),
    key: t.string({ description: "Of the experiment. Default: made from prompt, label and version." }),
    unit: t.field({ type: ExperimentUnit, description: "Default END_USER." }),
    fallbackUnit: t.field({ type: ExperimentUnit, description: "Default SESSION for end users, else none." }),
    steps: t.field({ type: RolloutInput, description: "Default: 1, 5, 10, 25, 50 %, an hour each." }),
    analysis: t.field({ type: ExperimentAnalysisInput }),
  }),
});

function rolloutSettings({
  routeId,
  key,
  unit,
  fallbackUnit,
  steps,
  analysis,
}: typeof PromptRolloutInput.$inferInput): LabelRolloutSettings {
  return {
    routeId: routeId ?? null,
    key: key ?? null,
    unit: unit ?? "end_user",
    fallbackUnit: fallbackUnit ?? (unit == null || unit === "end_user" ? "session" : ""),
    rollout: rolloutOf(steps ?? {}),
    analysis: analysis == null ? null : analysisOf(analysis),
  };
}

const RollOutPromptLabelInput = builder.inputType("RollOutPromptLabelInput", {
  fields: (t) => ({
    promptId: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    label: t.string({ required: true }),
    version: t.int({ required: true }),
    rollout: t.field({ type: PromptRolloutInput }),
  }),
});
const RollOutPromptLabelPayload = configPayload("RollOutPromptLabelPayload", "experiment", Experiment);
builder.mutationField("rollOutPromptLabel", (t) =>
  t.field({
    type: RollOutPromptLabelPayload,
    description:
      "Deploys a version by guarded steps on the route that binds the label: it goes back by itself on harm, and moves the label when all steps have held. Refused for a protected label: see requestPromptLabel.",
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: RollOutPromptLabelInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt.roll_out_label", summary: "label is rolled out" }, async (change) => {
        const row = await change.edit("prompt", input.promptId, { expectedRevision: input.expectedRevision });
        return moveLabelBySteps(change, row, { label: input.label, version: input.version }, rolloutSettings(input.rollout ?? {}));
      }),
  }),
);

const RemovePromptLabelInput = builder.inputType("RemovePromptLabelInput", {
  fields: (t) => ({
    promptId: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    label: t.string({ required: true }),
  }),
});
const RemovePromptLabelPayload = configPayload("RemovePromptLabelPayload", "prompt", Prompt);
builder.mutationField("removePromptLabel", (t) =>
  t.field({
    type: RemovePromptLabelPayload,
    description: "Refused while a route or a running experiment asks for it.",
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: RemovePromptLabelInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt.remove_label", summary: "label removed" }, async (change) => {
        const row = await change.edit("prompt", input.promptId, { expectedRevision: input.expectedRevision });
        removeLabel(change, row, input.label);
        return row;
      }),
  }),
);

const RollBackPromptLabelInput = builder.inputType("RollBackPromptLabelInput", {
  fields: (t) => ({
    promptId: t.id({ required: true }),
    expectedRevision: t.int({ description: "Where only what was looked at shall be undone. Default: whatever it is." }),
    label: t.string({ required: true }),
    reason: t.string({ description: "For the label's history and the audit log." }),
  }),
});
const RollBackPromptLabelPayload = configPayload("RollBackPromptLabelPayload", "prompt", Prompt);
builder.mutationField("rollBackPromptLabel", (t) =>
  t.field({
    type: RollBackPromptLabelPayload,
    description: "Back to the label's previousVersion, also where it is protected.",
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: RollBackPromptLabelInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) => {
      requireStorable({ label: input.label, reason: input.reason });
      return mutate(context, wait, { action: "prompt.roll_back_label", summary: "label rolled back" }, async (change) => {
        const row = await change.edit("prompt", input.promptId, { expectedRevision: input.expectedRevision ?? undefined });
        await rollBackLabel(change, row, input.label);
        change.because(input.reason ?? "");
        return row;
      });
    },
  }),
);

const PromptLabelRequestState = enumOf("PromptLabelRequestState", ["open", "approved", "declined"]);
const PromptLabelRequest = builder.objectRef<PromptLabelRequestEntity>("PromptLabelRequest").implement({
  description: "Somebody asks for a protected label to move; somebody else decides.",
  fields: (t) => ({
    id: t.exposeID("id"),
    promptId: t.exposeID("promptId"),
    label: t.exposeString("label"),
    version: t.int({
      nullable: true,
      description: "Where it shall point. Null: it shall be protected no longer.",
      resolve: (row) => row.version ?? null,
    }),
    comment: t.exposeString("comment"),
    bySteps: t.boolean({ description: "Approved, it moves by guarded steps.", resolve: (row) => row.rollout != null }),
    requestedBy: t.exposeString("requestedBy"),
    requestedAt: t.field({ type: "DateTime", resolve: (row) => row.requestedAt }),
    state: t.field({ type: PromptLabelRequestState, resolve: (row) => row.state }),
    decidedBy: t.string({ nullable: true, resolve: (row) => row.decidedBy ?? null }),
    decidedAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.decidedAt ?? null }),
  }),
});

const PromptLabelMoveWay = enumOf("PromptLabelMoveWay", moveWays);
const PromptLabelMove = builder.objectRef<LabelMove>("PromptLabelMove").implement({
  description: "A label went from one version to another.",
  fields: (t) => ({
    label: t.exposeString("label"),
    at: t.field({ type: "DateTime", resolve: ({ at }) => at }),
    actor: t.exposeString("actor"),
    fromVersion: t.exposeInt("fromVersion", { nullable: true, description: "Null: it was not there before." }),
    toVersion: t.exposeInt("toVersion", { nullable: true, description: "Null: it was taken away." }),
    way: t.field({
      type: PromptLabelMoveWay,
      description:
        "HAND: set, or given to a new version. ROLLOUT: by steps, in the experiment. APPROVAL: a second person agreed. ROLL_BACK: rollBackPromptLabel. RESTORE: with an earlier revision.",
      resolve: ({ way }) => way,
    }),
    reason: t.exposeString("reason", { description: "Why, as was said. Empty: nothing was." }),
    revisionNumber: t.field({ type: "BigInt", resolve: ({ revision }) => BigInt(revision) }),
    experiment: t.field({
      type: Experiment,
      nullable: true,
      description: "That moved it by steps.",
      resolve: async ({ experimentId }, _args, { loaders }) =>
        experimentId === null ? null : ((await loaders.experiment.load(experimentId)) ?? null),
    }),
  }),
});
builder.objectField(Prompt, "labelMoves", (t) =>
  t.field({
    type: [PromptLabelMove],
    description: `The newest ${movesShown} before the given time, of all labels but latest.`,
    args: { label: t.arg.string(), before: t.arg({ type: "DateTime" }) },
    resolve: (row, { label, before }, context) => {
      requireStorable({ label });
      return inOrganisation(context, (em) => labelMoves(em, row, { label: label ?? undefined, before: before ?? undefined }));
    },
  }),
);

const requestsShown = 100;
builder.objectField(Prompt, "labelRequests", (t) =>
  t.field({
    type: [PromptLabelRequest],
    description: `The newest ${requestsShown}.`,
    resolve: (row, _args, context) =>
      inOrganisation(context, (em) =>
        em.find(PromptLabelRequestEntity, { promptId: row.id }, { orderBy: { id: "desc" }, limit: requestsShown }),
      ),
  }),
);

const RequestPromptLabelInput = builder.inputType("RequestPromptLabelInput", {
  fields: (t) => ({
    promptId: t.id({ required: true }),
    label: t.string({ required: true }),
    version: t.int({ description: "Without one: the label shall be protected no longer." }),
    comment: t.string(),
    rollout: t.field({ type: PromptRolloutInput, description: "Approved, the label moves by these steps. Default: at once." }),
  }),
});
builder.mutationField("requestPromptLabel", (t) =>
  t.field({
    type: PromptLabelRequest,
    authScopes: { developer: true },
    errors: createErrors,
    args: { input: t.arg({ type: RequestPromptLabelInput, required: true }) },
    resolve: (_root, { input }, context) => {
      requireStorable({ label: input.label, comment: input.comment });
      return inOrganisation(context, async (em) => {
        const prompt = isUuid(input.promptId) ? await em.findOne(PromptEntity, { id: input.promptId, archivedAt: null }) : null;
        if (prompt === null) throw new NotFoundError("prompt", input.promptId);
        const request = requestLabel(em, prompt, {
          label: input.label,
          version: input.version ?? null,
          comment: (input.comment ?? "").slice(0, 2000),
          actor: principalOf(context).actor,
          rollout: input.rollout == null ? null : rolloutSettings(input.rollout),
        });
        await em.flush();
        return request;
      });
    },
  }),
);

const DecidePromptLabelInput = builder.inputType("DecidePromptLabelInput", {
  fields: (t) => ({ requestId: t.id({ required: true }), approve: t.boolean({ required: true }) }),
});
interface Decided {
  readonly prompt: PromptRow;
  readonly request: PromptLabelRequestEntity;
  readonly experiment: ExperimentRow | null;
}
const DecidePromptLabelPayload = builder.objectRef<ConfigPayload<Decided>>("DecidePromptLabelPayload").implement({
  interfaces: [ConfigChange],
  fields: (t) => ({
    prompt: t.field({ type: Prompt, resolve: (payload) => payload.value.prompt }),
    request: t.field({ type: PromptLabelRequest, resolve: (payload) => payload.value.request }),
    experiment: t.field({
      type: Experiment,
      nullable: true,
      description: "That moves it by steps. Null: it moved at once, or not at all.",
      resolve: (payload) => payload.value.experiment,
    }),
  }),
});
builder.mutationField("decidePromptLabel", (t) =>
  t.field({
    type: DecidePromptLabelPayload,
    description: "Approves, which moves the label at once or by steps as it was asked for, or declines. Who asked cannot approve.",
    authScopes: { developer: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: DecidePromptLabelInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "prompt.decide_label", summary: "label request decided" }, (change) =>
        decideLabelRequest(change, input.requestId, input.approve),
      ),
  }),
);
