/** What the page of an experiment asks for: all of it in one request, which it asks again while the experiment runs. */
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { figuresFragment } from "../overview/report.ts";
import { designFragment } from "./design/design.ts";
import { findingFragment } from "./findings.tsx";
import { healthFragment } from "./health.tsx";
import { rolloutFragment } from "./rollout.tsx";

export const experimentQuery = graphql(
  `
    query Experiment(
      $id: ID!
      $filter: UsageFilter!
      $range: UsageRange!
      $granularity: UsageGranularity!
      $groupBy: [UsageGroupBy!]!
      $among: Boolean!
      $seenSince: DateTime
      $slice: ExperimentSliceInput
    ) {
      experiment(id: $id) {
        id
        phase
        startedAt
        stoppedAt
        archivedAt
        conclusion {
          at
          actor
          outcome
          reason
          variant
        }
        evaluation {
          at
          action
          daysRun
          daysLeft
          unitsNeeded
          verdict {
            recommendation
            variant
            text
          }
          variants {
            variant
            units
            calls
          }
          health {
            ...Health
          }
          metrics {
            ...Finding
          }
        }
        metricsAmong(since: $seenSince, slice: $slice) @include(if: $among) {
          ...Finding
        }
        createdAt
        timeline {
          at
          event
          action
          verdict {
            text
          }
        }
        ...RolloutNow
        ...DesignOf
        route {
          id
          name
          lastDay {
            figures {
              calls
            }
          }
        }
      }
      usage(range: $range, granularity: $granularity, filter: $filter, groupBy: $groupBy, limit: 30) {
        ... on UsageReport {
          groups {
            values {
              value
              label
            }
            figures {
              ...Figures
            }
            points {
              at
              figures {
                calls
              }
            }
          }
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [figuresFragment, healthFragment, findingFragment, rolloutFragment, designFragment],
);

export type ExperimentData = ResultOf<typeof experimentQuery>;
export type Experiment = NonNullable<ExperimentData["experiment"]>;
