/** A limit on money in each period of a scope, which warns and does not refuse: what refuses is a quota on cost. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import { configColumns } from "./config-columns.ts";

export const budgetScopeKinds = ["organisation", "project", "api_key"] as const;
export const budgetPeriods = ["day", "week", "month", "quarter", "year"] as const;
export type BudgetPeriodName = (typeof budgetPeriods)[number];

export const Budget = defineEntity({
  name: "Budget",
  tableName: "budget",
  properties: {
    ...configColumns(),
    key: p.text(),
    scopeKind: p.text().$type<(typeof budgetScopeKinds)[number]>(),
    /** The project or API key; null for the organisation. */
    scopeId: p.uuid().nullable(),
    limitNanodollars: p.bigint(),
    /** By the calendar of the time zone; weeks begin on Monday. */
    period: p.text().$type<BudgetPeriodName>(),
    /** IANA, such as Europe/Berlin. */
    timeZone: p.text(),
    /** Of the limit, in percent, rising: each is told once a period. */
    thresholdPercents: p.json<readonly number[]>(),
    /** For nodes: the highest of the routes' percentages that has been reached. 0: none. Written by the evaluation alone. */
    reachedPercent: p.integer(),
    /** The end of the period in which it was. */
    reachedUntil: p.datetime().nullable(),
  },
});
export type Budget = InferEntity<typeof Budget>;
