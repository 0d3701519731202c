/** Runs of logged calls or datasets against a candidate, their progress and results. Imported for its side effects by schema.ts. */
import { Repeater } from "graphql-yoga";
import { auditContent } from "../../content/read-content.ts";
import { ForbiddenError, NotFoundError, ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { Dataset as DatasetEntity } from "../../database/entities/dataset.ts";
import { type ReplayRun, ReplayRun as ReplayRunEntity, replayBaselines, replayStates } from "../../database/entities/replay-run.ts";
import type { Candidate } from "../../replay/candidate.ts";
import { type Judge, judgeOf } from "../../replay/judge.ts";
import {
  cancelRun,
  concurrencyMax,
  deleteRun,
  makeRun,
  progressOf,
  type ReplayResult,
  type RunProgress,
  type RunSide,
  resultKinds,
  resultsOf,
  runOf,
} from "../../replay/runs.ts";
import { requireStorable } from "../../storable-text.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import { type GraphQLContext, principalOf } from "../context.ts";
import { connectionOf, pageInOrder } from "../keyset-page.ts";
import { byInstant, byNumber, byText, orderOf } from "../list-order.ts";
import { CallsInput, callsOf, Dataset } from "./dataset.ts";
import { JudgeKind, ReplayedAnswerType } from "./replay.ts";

const errors = { types: [ValidationError, NotFoundError, ForbiddenError], directResult: true };
const resultsShown = 100;
const newsEveryMs = 500;

const StateType = enumOf("ReplayRunState", replayStates);
const BaselineType = enumOf("ReplayBaseline", replayBaselines);
const ResultStateType = enumOf("ReplayResultState", ["waiting", "done", "skipped"]);
const ResultKindType = enumOf("ReplayResultKind", resultKinds);

const CandidateType = builder.objectRef<Candidate>("ReplayCandidate").implement({
  description: "What calls are tried with. Null: as it is now, or as at the revision.",
  fields: (t) => ({
    promptId: t.id({ nullable: true, resolve: ({ prompt }) => prompt?.id ?? null }),
    promptName: t.string({ nullable: true, resolve: ({ prompt }) => prompt?.name ?? null }),
    promptVersion: t.int({
      nullable: true,
      description: "Of a label: what it pointed at when the run was made.",
      resolve: ({ prompt }) => prompt?.version ?? null,
    }),
    promptLabel: t.string({ nullable: true, resolve: ({ prompt }) => prompt?.label || null }),
    route: t.string({ nullable: true, resolve: ({ route }) => route ?? null }),
    revision: t.field({ type: "BigInt", nullable: true, resolve: ({ revision }) => (revision === undefined ? null : BigInt(revision)) }),
    variant: t.string({ nullable: true, resolve: ({ variant }) => variant ?? null }),
    backendId: t.id({ nullable: true, resolve: ({ backendId }) => backendId ?? null }),
    parameters: t.field({ type: "JSON", nullable: true, resolve: ({ parameters }) => parameters ?? null }),
  }),
});

const JudgeType = builder.objectRef<Judge>("ReplayJudge").implement({
  fields: (t) => ({
    kind: t.field({ type: JudgeKind, resolve: ({ kind }) => kind }),
    text: t.string({ nullable: true, resolve: (judge) => (judge.kind === "contains" && judge.text !== "" ? judge.text : null) }),
    schema: t.field({ type: "JSON", nullable: true, resolve: (judge) => (judge.kind === "json-schema" ? judge.schema : null) }),
    route: t.string({ nullable: true, resolve: (judge) => (judge.kind === "model" ? judge.route : null) }),
    criteria: t.string({ nullable: true, resolve: (judge) => (judge.kind === "model" && judge.criteria !== "" ? judge.criteria : null) }),
  }),
});

const SideType = builder.objectRef<RunSide>("ReplayRunSide").implement({
  description: "Over the cases that are done.",
  fields: (t) => ({
    passed: t.exposeInt("passed"),
    failed: t.exposeInt("failed"),
    errors: t.exposeInt("errors"),
    durationMsMean: t.exposeFloat("durationMsMean"),
    durationMsP50: t.exposeFloat("durationMsP50", { nullable: true }),
    durationMsP95: t.exposeFloat("durationMsP95", { nullable: true }),
    inputTokens: t.exposeFloat("inputTokens"),
    outputTokens: t.exposeFloat("outputTokens"),
    costUsd: t.exposeFloat("costUsd", { description: "Of the calls whose cost is known." }),
  }),
});

const ProgressType = builder.objectRef<RunProgress>("ReplayRunProgress").implement({
  fields: (t) => ({
    done: t.exposeInt("done"),
    skipped: t.exposeInt("skipped", { description: "Could not be tried; each says why." }),
    different: t.exposeInt("different", { description: "Both answered, and not the same." }),
    baseline: t.expose("baseline", { type: SideType }),
    candidate: t.expose("candidate", { type: SideType }),
  }),
});

const ResultType = builder.objectRef<ReplayResult>("ReplayResult").implement({
  description: "One case, side by side. Texts are empty once the content is gone that they were made from.",
  fields: (t) => ({
    position: t.exposeInt("position"),
    callId: t.id({ nullable: true, resolve: ({ callId }) => callId }),
    datasetCaseId: t.id({ nullable: true, resolve: ({ datasetCaseId }) => datasetCaseId }),
    state: t.field({ type: ResultStateType, resolve: ({ state }) => state }),
    skippedReason: t.exposeString("skippedReason"),
    expected: t.exposeString("expected"),
    baseline: t.field({ type: ReplayedAnswerType, nullable: true, resolve: ({ baseline }) => baseline }),
    candidate: t.field({ type: ReplayedAnswerType, nullable: true, resolve: ({ candidate }) => candidate }),
    same: t.boolean({ nullable: true, description: "Whether both said the same.", resolve: ({ same }) => same }),
  }),
});

const ReplayRunType = builder.objectRef<ReplayRun>("ReplayRun").implement({
  description: "Calls or cases, tried with a candidate beside what was answered before. Kept until it is deleted.",
  fields: (t) => ({
    id: t.exposeID("id"),
    name: t.exposeString("name"),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    createdBy: t.exposeString("createdBy"),
    state: t.field({ type: StateType, resolve: ({ state }) => state }),
    reason: t.exposeString("reason", { description: "Why it failed. Empty: it did not." }),
    dataset: t.field({
      type: Dataset,
      nullable: true,
      description: "Null: calls of the ledger, or a dataset that is archived.",
      resolve: (row, _args, context) =>
        row.datasetId == null
          ? null
          : inOrganisation(context, (em) => em.findOne(DatasetEntity, { id: row.datasetId as string, archivedAt: null })),
    }),
    candidate: t.field({ type: CandidateType, resolve: ({ candidate }) => candidate }),
    baseline: t.field({ type: BaselineType, resolve: ({ baseline }) => baseline }),
    judge: t.field({ type: JudgeType, nullable: true, resolve: ({ judge }) => judge ?? null }),
    concurrency: t.exposeInt("concurrency"),
    cases: t.exposeInt("cases"),
    startedAt: t.field({ type: "DateTime", nullable: true, resolve: ({ startedAt }) => startedAt ?? null }),
    finishedAt: t.field({ type: "DateTime", nullable: true, resolve: ({ finishedAt }) => finishedAt ?? null }),
    progress: t.field({
      type: ProgressType,
      resolve: (row, _args, context) => inOrganisation(context, (em) => progressOf(em, row.id)),
    }),
    results: t.field({
      type: [ResultType],
      description: `In their order, after a position; at most ${resultsShown}. Each look is written to the audit log.`,
      authScopes: { developer: true },
      args: { after: t.arg.int(), first: t.arg.int(), only: t.arg({ type: ResultKindType }) },
      resolve: (row, { after, first, only }, context) => {
        if (first != null && (first < 1 || first > resultsShown))
          throw new ValidationError([{ path: "first", message: `must be from 1 to ${resultsShown}` }]);
        return inOrganisation(context, async (em) => {
          const { actor, organisationId } = principalOf(context);
          auditContent(em, { organisationId, actor, action: "replay.read", target: { kind: "replay_run", id: row.id }, details: {} });
          return resultsOf(em, row.id, { after: after ?? 0, first: first ?? resultsShown, only: only ?? undefined });
        });
      },
    }),
  }),
});

builder.queryField("replayRun", (t) =>
  t.field({
    type: ReplayRunType,
    nullable: true,
    authScopes: { viewer: true },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => (isUuid(id) ? inOrganisation(context, (em) => em.findOne(ReplayRunEntity, { id })) : null),
  }),
);
const orders = {
  name: byText("name"),
  state: byText("state"),
  cases: byNumber((row) => `${row}.cases`),
  created_at: byInstant("created_at"),
};
const ReplayRunOrder = orderOf("ReplayRun", orders);
builder.queryField("replayRuns", (t) =>
  t.connection(
    {
      type: ReplayRunType,
      description: "Newest first, or in the order that is asked for.",
      authScopes: { viewer: true },
      args: { orderBy: t.arg({ type: ReplayRunOrder }) },
      resolve: (_root, args, context) =>
        pageInOrder<ReplayRun, keyof typeof orders>(args, {
          table: "replay_run",
          orders,
          otherwise: "desc",
          within: (work) => inOrganisation(context, work),
          find: (em, where, options) => em.find(ReplayRunEntity, where, options),
        }),
    },
    connectionOf(ReplayRunType),
  ),
);

const CandidateInput = builder.inputType("ReplayCandidateInput", {
  description: "What calls are tried with. Several at once are one candidate; what is left out is as it is now.",
  fields: (t) => ({
    promptId: t.id({ description: "Its `version`, or where its `label` points now; without either, production, else latest." }),
    version: t.int(),
    label: t.string(),
    route: t.string({ description: "Its name. Left out: the call's own." }),
    revision: t.field({
      type: "BigInt",
      description:
        "The route as it was at this revision, with its targets, prompts and parameters. Limits, prices, addresses and secrets are today's.",
    }),
    variant: t.string({ description: "Of the experiment that runs on the route. Marked as forced, and counted in no result." }),
    backendId: t.id({ description: "This one alone." }),
    parameters: t.field({ type: "JSON", description: "Over the call's own, in the OpenAI chat API's names." }),
  }),
});
const JudgeInput = builder.inputType("ReplayJudgeInput", {
  fields: (t) => ({
    kind: t.field({
      type: JudgeKind,
      required: true,
      description:
        "EXACT: of what a dataset expects, else of what was answered then. MODEL without anything expected: which of the two is better.",
    }),
    text: t.string({ description: "Of CONTAINS. Left out: what is expected." }),
    schema: t.field({ type: "JSON", description: "Of JSON_SCHEMA." }),
    route: t.string({ description: "Of MODEL: the route that is asked." }),
    criteria: t.string({ description: "Of MODEL: what a good answer is." }),
  }),
});
const ReplayCallsInput = builder.inputType("ReplayCallsInput", {
  fields: (t) => ({
    name: t.string(),
    calls: t.field({ type: CallsInput, description: "Or a dataset." }),
    datasetId: t.id(),
    candidate: t.field({ type: CandidateInput, required: true }),
    baseline: t.field({
      type: BaselineType,
      description:
        "LOGGED: what was answered then. RERUN: each call is made once more as things are now, beside the candidate. Default LOGGED; of a dataset RERUN, for nothing was answered there yet.",
    }),
    judge: t.field({ type: JudgeInput, description: "Without one: nothing is judged." }),
    concurrency: t.int({ description: `Cases at once, 1 to ${concurrencyMax}; default 4.` }),
  }),
});
builder.mutationField("replayCalls", (t) =>
  t.field({
    type: ReplayRunType,
    description:
      "Makes logged calls, or a dataset's, once more with a candidate, on the nodes: each costs what a call costs, stands in the ledger under the tag `replay`, and counts in no experiment. Answers at once; see replayRunProgress.",
    authScopes: { developer: true },
    errors,
    args: { input: t.arg({ type: ReplayCallsInput, required: true }) },
    resolve: (_root, { input }, context) => {
      const { candidate, judge } = input;
      requireStorable({
        name: input.name,
        "candidate.route": candidate.route,
        "candidate.label": candidate.label,
        "judge.route": judge?.route,
      });
      return makeRun(context.services, principalOf(context), {
        name: input.name ?? "",
        calls: input.calls == null ? undefined : callsOf(input.calls, context),
        datasetId: input.datasetId ?? undefined,
        candidate,
        baseline: input.baseline ?? (input.datasetId == null ? "logged" : "rerun"),
        judge: judge == null ? undefined : judgeOf(judge),
        concurrency: input.concurrency ?? undefined,
      });
    },
  }),
);

builder.mutationField("cancelReplayRun", (t) =>
  t.field({
    type: ReplayRunType,
    description: "Calls under way are let go; what is done stays.",
    authScopes: { developer: true },
    errors,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => inOrganisation(context, (em) => cancelRun(em, id)),
  }),
);
builder.mutationField("deleteReplayRun", (t) =>
  t.field({
    type: ReplayRunType,
    description: "With its results. One that runs is cancelled by it.",
    authScopes: { developer: true },
    errors,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) =>
      inOrganisation(context, async (em) => {
        const { actor, organisationId } = principalOf(context);
        auditContent(em, { organisationId, actor, action: "replay.delete", target: { kind: "replay_run", id }, details: {} });
        return deleteRun(em, id);
      }),
  }),
);

builder.subscriptionField("replayRunProgress", (t) =>
  t.field({
    type: ReplayRunType,
    description: "The run at once, after each change of its state or progress, and a last time when it is over.",
    authScopes: { viewer: true },
    args: { id: t.arg.id({ required: true }) },
    subscribe: (_root, { id }, context) => runNews(context, id),
    resolve: (run: ReplayRun) => run,
  }),
);

/** Asks the database, because another control plane may be the one that works on it. */
async function runNews(context: GraphQLContext, id: string): Promise<Repeater<ReplayRun>> {
  await inOrganisation(context, (em) => runOf(em, id));
  return new Repeater<ReplayRun>(async (push, stop) => {
    let seen = "";
    let asking = false;
    const ask = async () => {
      if (asking) return;
      asking = true;
      try {
        const [run, progress] = await inOrganisation(context, async (em) => [await runOf(em, id), await progressOf(em, id)] as const);
        const now = JSON.stringify([run.state, run.startedAt, progress.done, progress.skipped]);
        if (now !== seen) {
          seen = now;
          await push(run);
        }
        if (run.state !== "running") stop();
      } catch (error) {
        // A run that was deleted meanwhile has no more news; a database that is away is asked again.
        if (error instanceof NotFoundError) stop();
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
