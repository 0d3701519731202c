/** Trying prompts through a node: one test call, or saved cases against two versions. Imported for its side effects by schema.ts. */
import { ForbiddenError, NotFoundError, ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { Prompt as PromptEntity } from "../../database/entities/prompt.ts";
import type { NodeAnswer, ToolCall } from "../../replay/call-node.ts";
import { routeCaller } from "../../replay/call-route.ts";
import { asItIs } from "../../replay/candidate.ts";
import { type Judge, judgeKinds, judgeOf } from "../../replay/judge.ts";
import { casesMax, type ReplayedAnswer, type ReplayedCase, replayPrompt } from "../../replay/replay-prompt.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import { type GraphQLContext, principalOf } from "../context.ts";

const errors = { types: [ValidationError, NotFoundError, ForbiddenError], directResult: true };

const ToolCallType = builder.objectRef<ToolCall>("AnsweredToolCall").implement({
  fields: (t) => ({
    name: t.exposeString("name"),
    arguments: t.exposeString("arguments", { description: "JSON, as the model wrote it." }),
  }),
});
const answerFields = <Answer extends NodeAnswer>(t: PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Answer>) => ({
  status: t.int({ description: "HTTP's.", resolve: ({ status }) => status }),
  callId: t.string({ resolve: ({ callId }) => callId }),
  backend: t.string({ resolve: ({ backend }) => backend }),
  prompt: t.string({ description: '"<prompt>@<version>".', resolve: ({ prompt }) => prompt }),
  durationMs: t.int({ resolve: ({ durationMs }) => durationMs }),
  content: t.string({ resolve: ({ content }) => content }),
  toolCalls: t.field({ type: [ToolCallType], resolve: ({ toolCalls }) => [...toolCalls] }),
  error: t.string({ nullable: true, resolve: ({ error }) => error }),
  inputTokens: t.int({ nullable: true, resolve: ({ inputTokens }) => inputTokens }),
  outputTokens: t.int({ nullable: true, resolve: ({ outputTokens }) => outputTokens }),
  costUsd: t.float({ nullable: true, resolve: ({ costUsd }) => costUsd }),
});
const AnswerType = builder.objectRef<NodeAnswer>("TestAnswer").implement({ fields: (t) => answerFields(t) });
export const ReplayedAnswerType = builder.objectRef<ReplayedAnswer>("ReplayedAnswer").implement({
  fields: (t) => ({
    ...answerFields(t),
    passed: t.boolean({ nullable: true, description: "Null: nobody judged.", resolve: ({ passed }) => passed }),
  }),
});
const ReplayedCaseType = builder.objectRef<ReplayedCase>("ReplayedCase").implement({
  fields: (t) => ({
    input: t.string({ resolve: (row) => row.case.input }),
    expected: t.string({ resolve: (row) => row.case.expected }),
    variables: t.field({ type: "JSON", resolve: (row) => row.case.variables }),
    baseline: t.field({ type: ReplayedAnswerType, resolve: (row) => row.baseline }),
    candidate: t.field({ type: ReplayedAnswerType, resolve: (row) => row.candidate }),
  }),
});
interface Replayed {
  readonly cases: readonly ReplayedCase[];
}
const sum = (cases: readonly ReplayedCase[], side: "baseline" | "candidate", of: (answer: ReplayedAnswer) => number) =>
  cases.reduce((total, row) => total + of(row[side]), 0);
export interface SideTotals {
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly durationMsMean: number;
  readonly costUsd: number;
}
const totalsOf = (cases: readonly ReplayedCase[], side: "baseline" | "candidate"): SideTotals => ({
  passed: sum(cases, side, ({ passed }) => (passed === true ? 1 : 0)),
  failed: sum(cases, side, ({ passed }) => (passed === false ? 1 : 0)),
  errors: sum(cases, side, ({ error }) => (error === null ? 0 : 1)),
  durationMsMean: sum(cases, side, ({ durationMs }) => durationMs) / cases.length,
  costUsd: sum(cases, side, ({ costUsd }) => costUsd ?? 0),
});
export const TotalsType = builder.objectRef<SideTotals>("ReplayTotals").implement({
  fields: (t) => ({
    passed: t.exposeInt("passed"),
    failed: t.exposeInt("failed"),
    errors: t.exposeInt("errors"),
    durationMsMean: t.exposeFloat("durationMsMean"),
    costUsd: t.exposeFloat("costUsd", { description: "Of the calls whose cost is known." }),
  }),
});
const ReplayedType = builder.objectRef<Replayed>("Replay").implement({
  fields: (t) => ({
    cases: t.field({ type: [ReplayedCaseType], resolve: ({ cases }) => [...cases] }),
    baseline: t.field({ type: TotalsType, resolve: ({ cases }) => totalsOf(cases, "baseline") }),
    candidate: t.field({ type: TotalsType, resolve: ({ cases }) => totalsOf(cases, "candidate") }),
  }),
});

const TestPromptInput = builder.inputType("TestPromptInput", {
  fields: (t) => ({
    promptId: t.id({ required: true }),
    version: t.int({ required: true }),
    route: t.string({ required: true, description: "The name of the route that is called." }),
    variables: t.field({ type: "JSON" }),
    input: t.string({ description: "A user's message after the prompt's own." }),
  }),
});
builder.mutationField("testPrompt", (t) =>
  t.field({
    type: AnswerType,
    description: "Makes one call, which costs what a call costs and stands in the ledger.",
    authScopes: { developer: true },
    errors,
    args: { input: t.arg({ type: TestPromptInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const name = await nameOf(context, input.promptId);
      const messages = input.input == null || input.input === "" ? [] : [{ role: "user", content: input.input }];
      const call = routeCaller(context.services, principalOf(context).organisationId);
      return call({
        route: { id: "", name: input.route },
        request: { messages, prompt: { name, version: input.version, variables: variablesOf(input.variables, "variables") } },
        candidate: asItIs,
        mark: "prompt",
      });
    },
  }),
);

export const JudgeKind = enumOf("JudgeKind", judgeKinds);
const ReplayCaseInput = builder.inputType("ReplayCaseInput", {
  fields: (t) => ({ variables: t.field({ type: "JSON" }), input: t.string(), expected: t.string() }),
});
const ReplayInput = builder.inputType("ReplayInput", {
  fields: (t) => ({
    promptId: t.id({ required: true }),
    baseline: t.int({ required: true, description: "A version." }),
    candidate: t.int({ required: true, description: "Another." }),
    route: t.string({ required: true }),
    cases: t.field({ type: [ReplayCaseInput], required: true, description: `1 to ${casesMax}.` }),
    judge: t.field({ type: JudgeKind, description: "Without one: nothing is judged." }),
    schema: t.field({ type: "JSON", description: "Of JSON_SCHEMA." }),
    judgeRoute: t.string({ description: "Of MODEL: the route that is asked." }),
  }),
});
builder.mutationField("replayPrompt", (t) =>
  t.field({
    type: ReplayedType,
    description: "Runs each case against two versions, side by side. Each is a call that costs what a call costs.",
    authScopes: { developer: true },
    errors,
    args: { input: t.arg({ type: ReplayInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      cases: await replayPrompt(context.services, principalOf(context).organisationId, {
        route: input.route,
        prompt: await nameOf(context, input.promptId),
        baseline: input.baseline,
        candidate: input.candidate,
        cases: input.cases.map(({ variables, input: text, expected }, index) => ({
          variables: variablesOf(variables, `cases[${index}].variables`),
          input: text ?? "",
          expected: expected ?? "",
        })),
        judge: givenJudge(input),
      }),
    }),
  }),
);

const givenJudge = ({ judge, schema, judgeRoute }: typeof ReplayInput.$inferInput): Judge | undefined =>
  judge == null ? undefined : judgeOf({ kind: judge, schema, route: judgeRoute });

async function nameOf(context: GraphQLContext, promptId: string): Promise<string> {
  const prompt = isUuid(promptId)
    ? await inOrganisation(context, (em) => em.findOne(PromptEntity, { id: promptId, archivedAt: null }))
    : null;
  if (prompt === null) throw new NotFoundError("prompt", promptId);
  return prompt.name;
}

function variablesOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new ValidationError([{ path, message: "must be a JSON object" }]);
  return value as Readonly<Record<string, unknown>>;
}
