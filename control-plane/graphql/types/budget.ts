/** Budgets: limits on money that warn. Imported for its side effects by schema.ts. */
import { type Budget as BudgetRow, Budget as BudgetTable, budgetPeriods, budgetScopeKinds } from "../../database/entities/budget.ts";
import { BudgetState, type BudgetState as BudgetStateRow } from "../../database/entities/budget-state.ts";
import { builder } from "../builder.ts";
import { configPayload, waitArguments } from "../config-mutation.ts";
import { addArchive, addQueries, configFields, enumOf, inOrganisation, mutate } from "../config-type.ts";
import type { GraphQLContext } from "../context.ts";
import { createErrors, updateErrors } from "../errors.ts";
import { byNumber, byText } from "../list-order.ts";
import { scopeInWords } from "../scope-in-words.ts";
import { searchOfLimits } from "../scope-search.ts";

const thresholdDefaults = [50, 80, 100];

const BudgetScopeKind = enumOf("BudgetScopeKind", budgetScopeKinds);
const BudgetPeriod = enumOf("BudgetPeriod", budgetPeriods);

interface JudgedState extends Omit<BudgetStateRow, symbol> {
  readonly limitNanodollars: bigint;
}

const State = builder.objectRef<JudgedState>("BudgetState").implement({
  fields: (t) => ({
    periodStart: t.expose("periodStart", { type: "DateTime" }),
    periodEnd: t.expose("periodEnd", { type: "DateTime", description: "Not included." }),
    spentNanodollars: t.expose("spentNanodollars", { type: "BigInt" }),
    spentPercent: t.float({ description: "Of the limit as it is now.", resolve: percentOf }),
    forecastNanodollars: t.field({
      type: "BigInt",
      nullable: true,
      description: "What the period comes to if it goes on as it went so far. Null in its first hundredth, when nobody can say.",
      resolve: forecastOf,
    }),
    calls: t.expose("calls", { type: "BigInt" }),
    unpricedCalls: t.expose("unpricedCalls", {
      type: "BigInt",
      description: "Calls whose tokens are known and whose price is not; what they cost is not in spentNanodollars.",
    }),
    evaluatedAt: t.expose("evaluatedAt", { type: "DateTime" }),
  }),
});

const percentOf = ({ spentNanodollars, limitNanodollars }: JudgedState): number =>
  Number((spentNanodollars * 10_000n) / limitNanodollars) / 100;

function forecastOf({ periodStart, periodEnd, evaluatedAt, spentNanodollars }: JudgedState): bigint | null {
  const whole = BigInt(periodEnd.getTime() - periodStart.getTime());
  const over = BigInt(evaluatedAt.getTime() - periodStart.getTime());
  return over * 100n < whole ? null : (spentNanodollars * whole) / over;
}

const judgedStates = (context: GraphQLContext, ids: readonly string[]): Promise<(JudgedState | null)[]> =>
  inOrganisation(context, async (em) => {
    const states = await em.find(BudgetState, { budgetId: { $in: [...ids] } });
    const budgets = await em.find(BudgetTable, { id: { $in: [...ids] } });
    return ids.map((id) => {
      const state = states.find(({ budgetId }) => budgetId === id);
      const budget = budgets.find((row) => row.id === id);
      return state === undefined || budget === undefined ? null : { ...state, limitNanodollars: budget.limitNanodollars };
    });
  });

export const Budget = builder.objectRef<BudgetRow>("Budget").implement({
  description: "A limit on money in each calendar period of a scope. It warns; what refuses is a quota on cost.",
  fields: (t) => ({
    ...configFields(t),
    key: t.exposeString("key"),
    scopeKind: t.field({ type: BudgetScopeKind, resolve: (row) => row.scopeKind }),
    scope: t.string({
      description: 'What it is laid on, as people call it: "project storefront".',
      resolve: (row, _args, context) => scopeInWords(context, [{ kind: row.scopeKind, id: row.scopeId }]),
    }),
    scopeId: t.id({ nullable: true, resolve: (row) => row.scopeId ?? null }),
    limitNanodollars: t.field({ type: "BigInt", resolve: (row) => row.limitNanodollars }),
    period: t.field({ type: BudgetPeriod, description: "Weeks begin on Monday.", resolve: (row) => row.period }),
    timeZone: t.exposeString("timeZone"),
    thresholdPercents: t.intList({ resolve: (row) => [...row.thresholdPercents] }),
    state: t.loadable({
      type: State,
      nullable: true,
      description: "As the last evaluation found it, some seconds ago. Null: it was not evaluated yet.",
      load: (ids: string[], context) => judgedStates(context, ids),
      resolve: (row) => row.id,
    }),
  }),
});
/** The share of the limit that the last evaluation found spent, in millionths. */
const spentShare = byNumber(
  (row) =>
    `select state.spent_nanodollars * 1000000.0 / ${row}.limit_nanodollars from budget_state as state where state.budget_id = ${row}.id`,
);
addQueries(
  "budget",
  {
    one: "budget",
    many: "budgets",
    orders: { key: byText("key"), limit: byNumber((row) => `${row}.limit_nanodollars`), spent: spentShare },
    searchedToo: searchOfLimits({ table: "budget", wordColumns: ["scopeKind"], laidOn: (row) => `select ${row}.scope_id` }),
  },
  Budget,
);

const CreateBudgetInput = builder.inputType("CreateBudgetInput", {
  fields: (t) => ({
    key: t.string({ required: true }),
    scopeKind: t.field({ type: BudgetScopeKind, required: true }),
    scopeId: t.id({ description: "The project or API key." }),
    limitNanodollars: t.field({ type: "BigInt", required: true, description: "1000000000 is $1." }),
    period: t.field({ type: BudgetPeriod, required: true }),
    timeZone: t.string({ description: "IANA, such as Europe/Berlin. Left out: UTC." }),
    thresholdPercents: t.intList({ description: "Rising, from 1 to 1000. Left out: 50, 80, 100." }),
  }),
});
const CreateBudgetPayload = configPayload("CreateBudgetPayload", "budget", Budget);
builder.mutationField("createBudget", (t) =>
  t.field({
    type: CreateBudgetPayload,
    authScopes: { operator: true },
    errors: createErrors,
    args: { ...waitArguments, input: t.arg({ type: CreateBudgetInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "budget.create", summary: `budget ${input.key} made` }, async (change) =>
        change.create("budget", {
          key: input.key,
          scopeKind: input.scopeKind,
          scopeId: input.scopeId ?? null,
          limitNanodollars: input.limitNanodollars,
          period: input.period,
          timeZone: input.timeZone ?? "UTC",
          thresholdPercents: input.thresholdPercents ?? thresholdDefaults,
          reachedPercent: 0,
        }),
      ),
  }),
);

const UpdateBudgetInput = builder.inputType("UpdateBudgetInput", {
  description: "What a budget is laid on and its period are fixed; make another one for another.",
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedRevision: t.int({ required: true }),
    key: t.string(),
    limitNanodollars: t.field({ type: "BigInt" }),
    thresholdPercents: t.intList(),
  }),
});
const UpdateBudgetPayload = configPayload("UpdateBudgetPayload", "budget", Budget);
builder.mutationField("updateBudget", (t) =>
  t.field({
    type: UpdateBudgetPayload,
    description: "What was spent stays spent: the next evaluation holds it against the new limit.",
    authScopes: { operator: true },
    errors: updateErrors,
    args: { ...waitArguments, input: t.arg({ type: UpdateBudgetInput, required: true }) },
    resolve: (_root, { input, ...wait }, context) =>
      mutate(context, wait, { action: "budget.update", summary: "budget changed" }, async (change) => {
        const row = await change.edit("budget", input.id, { expectedRevision: input.expectedRevision });
        row.key = input.key ?? row.key;
        row.limitNanodollars = input.limitNanodollars ?? row.limitNanodollars;
        row.thresholdPercents = input.thresholdPercents ?? row.thresholdPercents;
        change.describe(`budget ${row.key} changed`);
        return row;
      }),
  }),
);

addArchive("budget", "budget", Budget);
