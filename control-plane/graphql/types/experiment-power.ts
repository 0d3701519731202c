/** How many units an experiment needs, and how soon a route has them. Imported for its side effects by schema.ts. */
import { ValidationError } from "../../control-error.ts";
import { isUuid } from "../../database/config-kinds.ts";
import { analysisDefault } from "../../experiments/definition.ts";
import { metricDefinitions } from "../../experiments/metrics.ts";
import { type RouteTraffic, routeTraffic, type TrafficAsked, type TrafficMetric } from "../../experiments/route-traffic.ts";
import { groupSequentialBounds } from "../../experiments/statistics/group-sequential.ts";
import { powerDefault, unevenness, unitsForFixedHorizon, unitsForSequence } from "../../experiments/statistics/power.ts";
import { requireStorable } from "../../storable-text.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { ExperimentUnit } from "./experiment.ts";
import { ExperimentMetric } from "./experiment-analysis.ts";
import { ExperimentTargetingInput, targetingOf } from "./experiment-assignment.ts";

const trafficDaysMax = 31;
const dayMs = 86_400_000;

const TrafficMetricType = builder.objectRef<TrafficMetric>("ExperimentTrafficMetric").implement({
  fields: (t) => ({
    metric: t.field({ type: ExperimentMetric, resolve: ({ metric }) => metric }),
    unit: t.string({ resolve: ({ metric }) => metricDefinitions[metric].unit }),
    units: t.exposeInt("units", { description: "That have a value." }),
    value: t.exposeFloat("value"),
    variance: t.exposeFloat("variance", { description: "Of one unit, for experimentPower." }),
  }),
});
const TrafficType = builder.objectRef<RouteTraffic>("ExperimentTraffic").implement({
  description: "What a route's units did in the last days, for who designs an experiment on it.",
  fields: (t) => ({
    days: t.exposeFloat("days", { description: "From the first call that was read. Of a busy route the last 200,000 calls are." }),
    calls: t.exposeInt("calls"),
    callsNotTargeted: t.exposeInt("callsNotTargeted", {
      description: "Of the route in these days, but not of the keys, projects and tags that were asked for.",
    }),
    callsWithoutUnit: t.exposeInt("callsWithoutUnit", { description: "They would take no part." }),
    units: t.exposeInt("units"),
    unitsLastDay: t.exposeInt("unitsLastDay", { description: "That came in the last day and not before." }),
    metrics: t.field({ type: [TrafficMetricType], resolve: ({ metrics }) => [...metrics] }),
  }),
});
builder.queryField("experimentTraffic", (t) =>
  t.field({
    type: TrafficType,
    authScopes: { viewer: true },
    errors: { types: [ValidationError], directResult: true },
    args: {
      routeId: t.arg.id({ required: true }),
      unit: t.arg({ type: ExperimentUnit, required: true }),
      fallbackUnit: t.arg({ type: ExperimentUnit }),
      days: t.arg.float({ description: `Up to ${trafficDaysMax}; default 7.` }),
      latencyObjectiveMs: t.arg.int({ description: "What SLOW_ metrics count as slow. Default 2000." }),
      targeting: t.arg({
        type: ExperimentTargetingInput,
        description:
          "Only of calls with these keys, projects and tags. What headers a call had is not in the ledger, and share is not looked at.",
      }),
      winsoriseAt: t.arg.float({ description: "As an experiment's analysis has it. Default 0.999." }),
    },
    resolve: (_root, { routeId, unit, fallbackUnit, days, latencyObjectiveMs, winsoriseAt, targeting }, context) => {
      const lookback = days ?? 7;
      const quantile = winsoriseAt ?? analysisDefault.winsoriseAt;
      if (!isUuid(routeId)) throw new ValidationError([{ path: "routeId", message: "must be a route's id" }]);
      if (!(lookback > 0 && lookback <= trafficDaysMax))
        throw new ValidationError([{ path: "days", message: `must be above 0 and up to ${trafficDaysMax}` }]);
      if (!(quantile >= 0.9 && quantile <= 1)) throw new ValidationError([{ path: "winsoriseAt", message: "must be from 0.9 to 1" }]);
      const until = new Date();
      return inOrganisation(context, (em) =>
        routeTraffic(em, {
          organisationId: principalOf(context).organisationId,
          routeId,
          unit,
          fallbackUnit: fallbackUnit ?? "",
          since: new Date(until.getTime() - lookback * dayMs),
          until,
          latencyObjectiveMs: latencyObjectiveMs ?? analysisDefault.latencyObjectiveMs,
          winsoriseAt: quantile,
          targeting: inLedger(targeting),
        }),
      );
    },
  }),
);

/** What the ledger can tell of it. @throws ValidationError where it has more than an experiment may, or what cannot be asked for. */
function inLedger(targeting: typeof ExperimentTargetingInput.$inferInput | null | undefined): TrafficAsked["targeting"] {
  const { apiKeyIds, projectIds, tags } = targetingOf(targeting) ?? everyCall;
  const texts = { apiKeyIds, projectIds, tags: tags.flatMap(({ name, values }) => [name, ...values]) };
  for (const [list, named] of Object.entries(texts)) {
    if (named.length > namedMax) throw new ValidationError([{ path: `targeting.${list}`, message: `may name ${namedMax}` }]);
    requireStorable({ [`targeting.${list}`]: named.join(" ") });
  }
  return { apiKeyIds, projectIds, tags };
}

const everyCall: TrafficAsked["targeting"] = { apiKeyIds: [], projectIds: [], tags: [] };
const namedMax = 1000;

interface Power {
  readonly fixedHorizon: number;
  readonly sequence: number;
}
const PowerType = builder.objectRef<Power>("ExperimentPower").implement({
  description: "Units that each of two arms needs.",
  fields: (t) => ({
    fixedHorizon: t.exposeFloat("fixedHorizon", { description: "For one look at the end." }),
    sequence: t.exposeFloat("sequence", { description: "For looks at any time, as they are taken here." }),
  }),
});
builder.queryField("experimentPower", (t) =>
  t.field({
    type: PowerType,
    authScopes: { viewer: true },
    errors: { types: [ValidationError], directResult: true },
    args: {
      variance: t.arg.float({ required: true, description: "Of one unit: of a share p it is p (1 - p)." }),
      effect: t.arg.float({ required: true, description: "The smallest worth finding, absolute." }),
      alpha: t.arg.float(),
      power: t.arg.float(),
      unitsPlanned: t.arg.int(),
      share: t.arg.float({
        description:
          "Of the units of both arms, those of the smaller: above 0, up to the default 0.5. Where it is less, the answer is half of what both need.",
      }),
    },
    resolve: (_root, { variance, effect, alpha, power, unitsPlanned, share }) => {
      const smaller = share ?? 0.5;
      const settings = {
        alpha: alpha ?? powerDefault.alpha,
        power: power ?? powerDefault.power,
        unitsPlanned: unitsPlanned ?? powerDefault.unitsPlanned,
      };
      const wrong = (
        [
          ["variance", variance > 0],
          ["effect", effect !== 0],
          ["alpha", settings.alpha > 0 && settings.alpha < 1],
          ["power", settings.power > 0 && settings.power < 1],
          ["unitsPlanned", settings.unitsPlanned > 0],
          ["share", smaller > 0 && smaller <= 0.5],
        ] as const
      ).find(([, holds]) => !holds);
      if (wrong !== undefined) throw new ValidationError([{ path: wrong[0], message: "is out of range" }]);
      const spread = variance * unevenness(smaller);
      return { fixedHorizon: unitsForFixedHorizon(spread, effect, settings), sequence: unitsForSequence(spread, effect, settings) };
    },
  }),
);

const looksMax = 20;
builder.queryField("groupSequentialBounds", (t) =>
  t.field({
    type: ["Float"],
    description:
      "Bounds of z for looks that were planned before, for who decides at those alone: of each look the share of the information that is in by then. What is found here holds at any look and needs none.",
    authScopes: { viewer: true },
    errors: { types: [ValidationError], dataField: { name: "bounds" }, directResult: false },
    args: {
      shares: t.arg.floatList({ required: true, description: `Rising, above 0 and up to 1; at most ${looksMax}.` }),
      alpha: t.arg.float({ description: "Default 0.05." }),
      oneSided: t.arg.boolean({ description: "Default false." }),
      exponent: t.arg.float({ description: "Alpha times share to this power is spent by then, 1 to 5. Default 2." }),
    },
    resolve: (_root, { shares, alpha, oneSided, exponent }) => {
      const refuse = (path: string, message: string) => new ValidationError([{ path, message }]);
      if (shares.length === 0 || shares.length > looksMax) throw refuse("shares", `must be 1 to ${looksMax}`);
      const rising = shares.every((share, i) => share > (shares[i - 1] ?? 0) + 1e-4 && share <= 1);
      if (!rising) throw refuse("shares", "must rise, from above 0 up to 1, by a ten-thousandth at least");
      const settings = { alpha: alpha ?? 0.05, sides: oneSided === true ? (1 as const) : (2 as const), exponent: exponent ?? 2 };
      if (!(settings.alpha >= 0.0001 && settings.alpha <= 0.5)) throw refuse("alpha", "must be from 0.0001 to 0.5");
      if (!(settings.exponent >= 1 && settings.exponent <= 5)) throw refuse("exponent", "must be from 1 to 5");
      return groupSequentialBounds(shares, settings);
    },
  }),
);
