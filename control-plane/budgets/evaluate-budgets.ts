/**
 * Holds what was spent against the budgets: one control plane at a time, every five seconds. Thresholds that were reached become
 * alerts, once a period; how far a budget is spent becomes configuration where a route asks for it, so that it reaches nodes as
 * all else does. Nothing is remembered between turns: a turn that was lost is made up for by the next.
 *
 * For an hour after a period its end is looked at again: calls come to the ledger some seconds after they were made.
 */
import { type RaisedAlert, raiseAlert } from "../alerts/raise-alert.ts";
import { Route } from "../database/entities/route.ts";
import type { EntityManager } from "../database/orm.ts";
import { changeConfiguration } from "../operations/change-configuration.ts";
import type { Services } from "../services.ts";
import { type SpentBudget, spentBudgets } from "./budget-periods.ts";

const lateMs = 3_600_000;
/** Any constant: one control plane at a time. */
const evaluationLock = 7_361_610;
const statementMs = 30_000;
/** In one transaction; more wait for the next turn. */
const alertsAtOnce = 500;

export type BudgetServices = Pick<Services, "database" | "signer" | "committed" | "logger">;

/** @returns how many alerts were raised. */
export async function evaluateBudgets(services: BudgetServices, now: Date): Promise<number> {
  const evaluated = await services.database.system(async (em) => {
    await em.execute(`set local statement_timeout = ${statementMs}`);
    const [locked] = await em.execute<{ mine: boolean }[]>(`select pg_try_advisory_xact_lock(${evaluationLock}) as mine`);
    if (locked?.mine !== true) return undefined;
    const budgets = await spentBudgets(em, [now, new Date(now.getTime() - lateMs)]);
    const running = budgets.filter(({ periodStart, periodEnd }) => periodStart <= now && now < periodEnd);
    await keepStates(em, running, now);
    let raised = 0;
    const alerts = await untold(em, thresholdAlerts(budgets, now));
    for (const alert of alerts.slice(0, alertsAtOnce)) if ((await raiseAlert(em, alert)) !== undefined) raised++;
    return { raised, running, asked: running.length === 0 ? new Map() : await percentsAsked(em) };
  });
  if (evaluated === undefined) return 0;
  await tellNodes(services, evaluated.running, evaluated.asked, now);
  return evaluated.raised;
}

async function keepStates(em: EntityManager, budgets: readonly SpentBudget[], now: Date): Promise<void> {
  const states = budgets.map((budget) => ({
    budget_id: budget.id,
    organisation_id: budget.organisationId,
    period_start: budget.periodStart,
    period_end: budget.periodEnd,
    spent_nanodollars: budget.spentNanodollars.toString(),
    calls: budget.calls.toString(),
    unpriced_calls: budget.unpricedCalls.toString(),
    evaluated_at: now,
  }));
  await em.execute(
    `insert into budget_state (budget_id, organisation_id, period_start, period_end, spent_nanodollars, calls, unpriced_calls, evaluated_at)
     select * from jsonb_to_recordset(?::jsonb) as given (budget_id uuid, organisation_id uuid, period_start timestamptz,
       period_end timestamptz, spent_nanodollars bigint, calls bigint, unpriced_calls bigint, evaluated_at timestamptz)
     on conflict (budget_id) do update set period_start = excluded.period_start, period_end = excluded.period_end,
       spent_nanodollars = excluded.spent_nanodollars, calls = excluded.calls, unpriced_calls = excluded.unpriced_calls,
       evaluated_at = excluded.evaluated_at`,
    [JSON.stringify(states)],
  );
}

/** In integers: 80 % of a limit is reached when five quarters of what was spent are the limit, to the nano-dollar. */
export const hasReached = (budget: Pick<SpentBudget, "spentNanodollars" | "limitNanodollars">, percent: number): boolean =>
  budget.spentNanodollars * 100n >= budget.limitNanodollars * BigInt(percent);

/** For each threshold that has been reached, told or not. */
const thresholdAlerts = (budgets: readonly SpentBudget[], now: Date): readonly RaisedAlert[] =>
  budgets.flatMap((budget) =>
    budget.thresholdPercents
      .filter((percent) => hasReached(budget, percent))
      .map((percent) => ({
        organisationId: budget.organisationId,
        at: now,
        type: "budget.threshold_reached",
        occasion: `budget ${budget.id} ${budget.periodStart.toISOString()} ${percent}`,
        data: {
          organisationId: budget.organisationId,
          budgetId: budget.id,
          budgetKey: budget.key,
          scopeKind: budget.scopeKind,
          scopeId: budget.scopeId,
          thresholdPercent: percent,
          // JSON has no integers of 64 bits.
          limitNanodollars: budget.limitNanodollars.toString(),
          spentNanodollars: budget.spentNanodollars.toString(),
          unpricedCalls: budget.unpricedCalls.toString(),
          periodStart: budget.periodStart.toISOString(),
          periodEnd: budget.periodEnd.toISOString(),
        },
      })),
  );

/** Nearly all have been told long ago: one statement says which have not. */
async function untold(em: EntityManager, alerts: readonly RaisedAlert[]): Promise<readonly RaisedAlert[]> {
  if (alerts.length === 0) return [];
  const given = alerts.map(({ organisationId, occasion }) => ({ organisation_id: organisationId, occasion }));
  const told = await em.execute<{ occasion: string }[]>(
    `select occasion from alert join jsonb_to_recordset(?::jsonb) as given (organisation_id uuid, occasion text) using (organisation_id, occasion)`,
    [JSON.stringify(given)],
  );
  // An occasion names its budget, so it is no other organisation's.
  const occasions = new Set(told.map(({ occasion }) => occasion));
  return alerts.filter(({ occasion }) => !occasions.has(occasion));
}

/** By organisation: the shares of a budget that its routes ask for. */
async function percentsAsked(em: EntityManager): Promise<ReadonlyMap<string, readonly number[]>> {
  const routes = await em.find(Route, { economy: { $ne: null }, archivedAt: null }, { fields: ["organisationId", "economy"] });
  const asked = new Map<string, number[]>();
  for (const { organisationId, economy } of routes)
    if (economy != null) asked.set(organisationId, [...(asked.get(organisationId) ?? []), economy.budgetPercent]);
  return asked;
}

/** One revision for an organisation, and none where nothing has changed. */
async function tellNodes(
  services: BudgetServices,
  budgets: readonly SpentBudget[],
  asked: ReadonlyMap<string, readonly number[]>,
  now: Date,
): Promise<void> {
  const news = budgets.flatMap((budget) => {
    const percent = Math.max(0, ...(asked.get(budget.organisationId) ?? []).filter((each) => hasReached(budget, each)));
    const told = budget.reachedUntil !== null && budget.reachedUntil > now ? budget.reachedPercent : 0;
    return percent === told ? [] : [{ budget, percent }];
  });
  for (const [organisationId, changes] of Map.groupBy(news, ({ budget }) => budget.organisationId)) {
    const summary = changes.map(({ budget, percent }) => `budget ${budget.key} is at ${percent} %`).join(", ");
    const author = { actor: "system:budgets", organisationId };
    await changeConfiguration(services, author, { action: "budget.reached", summary: summary.slice(0, 500) }, async (change) => {
      for (const { budget, percent } of changes) {
        const row = await change.edit("budget", budget.id, { archivedToo: true });
        row.reachedPercent = percent;
        row.reachedUntil = percent === 0 ? null : budget.periodEnd;
      }
      // The next turn finds the same again; one organisation must not keep the others from being told.
    }).catch((error: unknown) =>
      services.logger.error({ err: error, organisationId }, "nodes could not be told how far budgets are spent"),
    );
  }
}
