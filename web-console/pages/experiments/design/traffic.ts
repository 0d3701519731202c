/** What a route's units did in the last days. */
import { graphql, type ResultOf } from "../../../graphql/documents.ts";

export const trafficQuery = graphql(`
  query ExperimentTraffic(
    $routeId: ID!
    $unit: ExperimentUnit!
    $fallbackUnit: ExperimentUnit
    $days: Float
    $latencyObjectiveMs: Int!
    $winsoriseAt: Float!
    $targeting: ExperimentTargetingInput
  ) {
    experimentTraffic(
      routeId: $routeId
      unit: $unit
      fallbackUnit: $fallbackUnit
      days: $days
      latencyObjectiveMs: $latencyObjectiveMs
      winsoriseAt: $winsoriseAt
      targeting: $targeting
    ) {
      ... on ExperimentTraffic {
        days
        calls
        callsNotTargeted
        callsWithoutUnit
        units
        unitsLastDay
        metrics {
          metric
          unit
          units
          value
          variance
        }
      }
      ... on UserError {
        message
      }
    }
  }
`);

type Answer = ResultOf<typeof trafficQuery>;
export type Traffic = Extract<Answer["experimentTraffic"], { metrics: unknown }>;
export type TrafficMetric = Traffic["metrics"][number];

/** Undefined: it was refused. */
export const trafficOf = ({ experimentTraffic }: Answer): Traffic | undefined =>
  "metrics" in experimentTraffic ? (experimentTraffic as Traffic) : undefined;
