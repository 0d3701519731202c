/** Closing periods: what one comes to, whether all that tells of it agrees, and its closing. Imported for its side effects by schema.ts. */
import { type PeriodText, readPeriod } from "../../chargeback/period.ts";
import { agree, bothTotals, type PeriodTotals } from "../../chargeback/totals.ts";
import { ForbiddenError, ValidationError } from "../../control-error.ts";
import { type ClosedPeriod as ClosedPeriodRow, ClosedPeriod as ClosedPeriodTable } from "../../database/entities/closed-period.ts";
import { closePeriod } from "../../operations/close-period.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { connectionOf, pageById } from "../keyset-page.ts";

const Totals = builder.objectRef<PeriodTotals>("PeriodTotals").implement({
  fields: (t) => ({
    calls: t.expose("calls", { type: "BigInt" }),
    unpricedCalls: t.expose("unpricedCalls", {
      type: "BigInt",
      description: "Calls whose tokens are known and whose price is not; what they cost is not in costNanodollars.",
    }),
    inputTokens: t.expose("inputTokens", { type: "BigInt" }),
    outputTokens: t.expose("outputTokens", { type: "BigInt" }),
    costNanodollars: t.expose("costNanodollars", { type: "BigInt" }),
  }),
});

const ClosedPeriod = builder.objectRef<ClosedPeriodRow>("ClosedPeriod").implement({
  description: "What a period had come to when it was closed. Never changed.",
  fields: (t) => ({
    id: t.exposeID("id"),
    label: t.exposeString("label", { description: 'Such as "2026-10 Europe/Berlin".' }),
    periodStart: t.expose("periodStart", { type: "DateTime" }),
    periodEnd: t.expose("periodEnd", { type: "DateTime", description: "Not included." }),
    closedAt: t.expose("closedAt", { type: "DateTime" }),
    actor: t.exposeString("actor"),
    totals: t.field({ type: Totals, resolve: (row) => row }),
  }),
});

interface Reconciled {
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly ledger: PeriodTotals;
  readonly rollUps: PeriodTotals;
  readonly closed: ClosedPeriodRow | null;
}

const Reconciliation = builder.objectRef<Reconciled>("Reconciliation").implement({
  description: "A period by all that tells of it.",
  fields: (t) => ({
    periodStart: t.expose("periodStart", { type: "DateTime" }),
    periodEnd: t.expose("periodEnd", { type: "DateTime", description: "Not included." }),
    ledger: t.field({ type: Totals, description: "The truth, call by call; what exports hold.", resolve: ({ ledger }) => ledger }),
    rollUps: t.field({ type: Totals, description: "What dashboards and budgets read.", resolve: ({ rollUps }) => rollUps }),
    agrees: t.boolean({
      description: "Ledger and roll-ups say the same, to the nano-dollar.",
      resolve: ({ ledger, rollUps }) => agree(ledger, rollUps),
    }),
    closed: t.field({ type: ClosedPeriod, nullable: true, description: "Null: it was not closed yet.", resolve: ({ closed }) => closed }),
    sinceClosing: t.field({
      type: Totals,
      nullable: true,
      description: "What reached the ledger after the closing, to be charged with another period. Null: it was not closed yet.",
      resolve: ({ ledger, closed }) => (closed === null ? null : difference(ledger, closed)),
    }),
  }),
});

const difference = (now: PeriodTotals, then: PeriodTotals): PeriodTotals => ({
  calls: now.calls - then.calls,
  unpricedCalls: now.unpricedCalls - then.unpricedCalls,
  inputTokens: now.inputTokens - then.inputTokens,
  outputTokens: now.outputTokens - then.outputTokens,
  costNanodollars: now.costNanodollars - then.costNanodollars,
});

const periodDescription = "2026, 2026-Q4, 2026-10 or 2026-10-31.";
const textOf = (given: { readonly period: string; readonly timeZone?: string | null | undefined }): PeriodText => ({
  period: given.period,
  timeZone: given.timeZone ?? "UTC",
});

builder.queryField("reconciliation", (t) =>
  t.field({
    type: Reconciliation,
    description: "Reads the period's calls one by one: for closings, and not for dashboards.",
    authScopes: { viewer: true },
    errors: { types: [ValidationError] },
    args: {
      period: t.arg.string({ required: true, description: periodDescription }),
      timeZone: t.arg.string({ description: "IANA, such as Europe/Berlin. Left out: UTC." }),
    },
    resolve: (_root, args, context) =>
      inOrganisation(context, async (em) => {
        const period = await readPeriod(em, textOf(args));
        const { organisationId } = principalOf(context);
        return {
          periodStart: period.start,
          periodEnd: period.end,
          ...(await bothTotals(em, organisationId, period)),
          closed: await em.findOne(ClosedPeriodTable, { periodStart: period.start, periodEnd: period.end }),
        };
      }),
  }),
);

builder.queryField("closedPeriods", (t) =>
  t.connection(
    {
      type: ClosedPeriod,
      description: "The last closed first.",
      authScopes: { viewer: true },
      resolve: (_root, args, context) =>
        pageById<ClosedPeriodRow>(args, "desc", (where, options) =>
          inOrganisation(context, (em) => em.find(ClosedPeriodTable, where, options)),
        ),
    },
    connectionOf(ClosedPeriod),
  ),
);

const ClosePeriodInput = builder.inputType("ClosePeriodInput", {
  fields: (t) => ({
    period: t.string({ required: true, description: periodDescription }),
    timeZone: t.string({ description: "IANA. Left out: UTC." }),
  }),
});
const ClosePeriodPayload = builder.objectRef<ClosedPeriodRow>("ClosePeriodPayload").implement({
  fields: (t) => ({ closedPeriod: t.field({ type: ClosedPeriod, resolve: (row) => row }) }),
});
builder.mutationField("closePeriod", (t) =>
  t.field({
    type: ClosePeriodPayload,
    description: "Writes down what a period that is over has come to. Once.",
    authScopes: { operator: true },
    errors: { types: [ValidationError, ForbiddenError] },
    args: { input: t.arg({ type: ClosePeriodInput, required: true }) },
    resolve: (_root, { input }, context) => closePeriod(context.services.database, principalOf(context), textOf(input)),
  }),
);
