/** What an alert rule would have said. Imported for its side effects by schema.ts. */

import { metricOf } from "../../alert-rules/metric.ts";
import { type PreviewFiring, type PreviewPoint, previewOf, proposedThreshold, type RulePreview } from "../../alert-rules/preview.ts";
import { readMinutes, slide, windowAt } from "../../alert-rules/read-values.ts";
import { ValidationError } from "../../control-error.ts";
import { checkCondition } from "../../operations/alert-rules.ts";
import { keptSince } from "../../usage/plan-usage.ts";
import { builder } from "../builder.ts";
import { enumOf, inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { ComparisonType, FilterInput, filterFrom, MetricType } from "./alert-rule.ts";

const minuteMs = 60_000;
const spans = { day: 86_400_000, week: 7 * 86_400_000 } as const;
const SpanType = enumOf("AlertPreviewSpan", Object.keys(spans) as (keyof typeof spans)[]);

const PointType = builder.objectRef<PreviewPoint>("AlertPreviewPoint").implement({
  fields: (t) => ({
    at: t.field({ type: "DateTime", resolve: ({ atMs }) => new Date(atMs) }),
    value: t.float({ nullable: true, description: "The worst of the step. Null: too few calls to say.", resolve: ({ value }) => value }),
  }),
});
const FiringType = builder.objectRef<PreviewFiring>("AlertPreviewFiring").implement({
  fields: (t) => ({
    since: t.field({ type: "DateTime", resolve: ({ sinceMs }) => new Date(sinceMs) }),
    until: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null: it fires still.",
      resolve: ({ untilMs }) => (untilMs === null ? null : new Date(untilMs)),
    }),
    worst: t.float({ nullable: true, resolve: ({ worst }) => worst }),
  }),
});

interface ShownPreview extends RulePreview {
  readonly since: Date;
  readonly until: Date;
  readonly proposedThreshold: number | null;
}
const PreviewType = builder.objectRef<ShownPreview>("AlertRulePreview").implement({
  fields: (t) => ({
    since: t.expose("since", { type: "DateTime" }),
    until: t.expose("until", { type: "DateTime" }),
    points: t.field({
      type: [PointType],
      description: "The value over the window that ends then; at most 288.",
      resolve: ({ points }) => [...points],
    }),
    firings: t.field({
      type: [FiringType],
      description: "How often it would have told, oldest first.",
      resolve: ({ firings }) => [...firings],
    }),
    proposedThreshold: t.float({
      nullable: true,
      description: "What the usual of this time stays clear of. Null: too little is known of it.",
      resolve: ({ proposedThreshold }) => proposedThreshold,
    }),
  }),
});

const PreviewInput = builder.inputType("PreviewAlertRuleInput", {
  fields: (t) => ({
    metric: t.field({ type: MetricType, required: true }),
    filter: t.field({ type: FilterInput }),
    comparison: t.field({ type: ComparisonType, required: true }),
    threshold: t.float({ description: "Left out: the proposed one." }),
    windowMinutes: t.int({ required: true }),
    callsMin: t.int(),
    holdMinutes: t.int(),
    span: t.field({ type: SpanType, required: true }),
  }),
});

builder.queryField("previewAlertRule", (t) =>
  t.field({
    type: PreviewType,
    description: "What a rule would have said over the last day or week, minute by minute, from the sums that rules are looked at by.",
    authScopes: { viewer: true },
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: PreviewInput, required: true }) },
    resolve: async (_root, { input }, context): Promise<ShownPreview> => {
      const { metric, comparison, windowMinutes, span } = input;
      const filter = filterFrom(input.filter);
      const asked = { ...filter, metric, comparison, windowMinutes, callsMin: input.callsMin ?? 0, holdMinutes: input.holdMinutes ?? 0 };
      await inOrganisation(context, (em) => checkCondition(em, { ...asked, threshold: input.threshold ?? null }));
      const { organisationId } = principalOf(context);
      const { settings, database } = context.services;
      const now = Date.now();
      const kept = keptSince(now, settings.ledgerDays);
      const { until } = windowAt(comparison, minuteMs, now);
      const firstMs = Math.max(until.getTime() - spans[span] - (windowMinutes - 1) * minuteMs, kept.minutesFromMs);
      const range = { since: new Date(firstMs), until };
      const minutes = await readMinutes(database, { organisationId, metric, filter }, range, kept);
      const values = slide(metric, minutes, windowMinutes);
      const proposed = proposedThreshold(asked, metricOf(metric).unit, values);
      const firstAtMs = firstMs + windowMinutes * minuteMs;
      const threshold = input.threshold ?? proposed;
      const condition = { comparison, callsMin: asked.callsMin, holdMs: asked.holdMinutes * minuteMs, threshold: threshold ?? Number.NaN };
      return { since: new Date(firstAtMs), until, proposedThreshold: proposed, ...previewOf(condition, values, firstAtMs) };
    },
  }),
);
