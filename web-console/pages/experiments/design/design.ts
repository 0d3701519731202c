/** An experiment as it was designed. */
import { client } from "../../../graphql/client.ts";
import { graphql, type ResultOf } from "../../../graphql/documents.ts";
import { armValues, type DesignValues, metricValues, newDesign, newStep } from "./design-values.ts";
import { conditionsText, localTimeText, percentText } from "./typed-text.ts";

export const designFragment = graphql(`
  fragment DesignOf on Experiment {
    id
    revision
    status
    key
    hypothesis
    routeId
    unit
    fallbackUnit
    coverage
    holdout
    sticky
    bucketVersion
    seed
    hashVersion
    endsAt
    namespace {
      name
      start
      end
    }
    targeting {
      apiKeyIds
      apiKeys {
        id
        name
      }
      projectIds
      projects {
        id
        name
      }
      share
      tags {
        name
        values
      }
      headers {
        name
        values
      }
    }
    variants {
      key
      weight
      parameters
      prompt {
        promptId
        label
        version
        prompt {
          id
          name
          labels {
            name
            version
          }
        }
      }
      tiers {
        targets {
          backendId
          weight
          backend {
            key
          }
        }
      }
    }
    analysis {
      alpha
      control
      correction
      cuped
      daysMin
      healthTag
      latencyObjectiveMs
      preExposureCheck
      targetEffect
      unitsMin
      unitsPlanned
      winsoriseAt
      metrics {
        metric
        role
        feedback
        category
        margin
        windowHours
      }
    }
    rollout {
      healthAction
      shipAtEnd
      steps {
        share
        holdSeconds
        unitsMin
        approval
      }
    }
    bandit {
      algorithm
      delta
      floor
      stopWhenFound
      tolerance
      updateMinutes
    }
  }
`);
export type ExperimentDesign = ResultOf<typeof designFragment>;

export function designValues(experiment: ExperimentDesign): DesignValues {
  const { analysis, rollout, bandit, targeting, namespace } = experiment;
  const start = newDesign(experiment.routeId);
  return {
    ...start,
    key: experiment.key,
    hypothesis: experiment.hypothesis,
    arms: experiment.variants.map(armValues),
    unit: experiment.unit,
    fallbackUnit: experiment.fallbackUnit ?? "",
    coverage: percentText(experiment.coverage),
    apiKeyIds: targeting?.apiKeyIds ?? [],
    projectIds: targeting?.projectIds ?? [],
    tags: conditionsText(targeting?.tags ?? []),
    headers: conditionsText(targeting?.headers ?? []),
    targetedShare: percentText(targeting?.share ?? 1),
    ...(namespace === null
      ? {}
      : { namespace: namespace.name, namespaceFrom: percentText(namespace.start), namespaceTo: percentText(namespace.end) }),
    holdout: percentText(experiment.holdout),
    sticky: experiment.sticky,
    bucketVersion: experiment.bucketVersion,
    seed: experiment.seed,
    hashVersion: experiment.hashVersion === 2 ? "2" : "3",
    metrics: analysis.metrics.map(metricValues),
    targetEffect: percentText(analysis.targetEffect),
    latencyObjectiveMs: String(analysis.latencyObjectiveMs),
    control: analysis.control,
    alpha: percentText(analysis.alpha),
    correction: analysis.correction,
    unitsPlanned: String(analysis.unitsPlanned),
    unitsMin: String(analysis.unitsMin),
    daysMin: String(analysis.daysMin),
    cuped: analysis.cuped,
    winsoriseAt: percentText(analysis.winsoriseAt),
    preExposureCheck: analysis.preExposureCheck,
    healthTag: analysis.healthTag,
    course: rollout !== null ? "rollout" : bandit !== null ? "bandit" : "compare",
    ...(rollout === null
      ? {}
      : {
          steps: rollout.steps.map(({ share, holdSeconds, unitsMin, approval }) => ({
            ...newStep(percentText(share)),
            holdHours: String(Number((holdSeconds / 3600).toFixed(4))),
            unitsMin: String(unitsMin),
            approval,
          })),
          healthAction: rollout.healthAction,
          shipAtEnd: rollout.shipAtEnd,
        }),
    ...(bandit === null
      ? {}
      : {
          algorithm: bandit.algorithm,
          floor: percentText(bandit.floor),
          updateMinutes: String(bandit.updateMinutes),
          stopWhenFound: bandit.stopWhenFound,
          delta: percentText(bandit.delta),
          tolerance: String(bandit.tolerance),
        }),
    endsAt: localTimeText(experiment.endsAt),
  };
}

const readQuery = graphql(
  `
    query ReadExperiment($id: ID!) {
      experiment(id: $id) {
        ...DesignOf
      }
    }
  `,
  [designFragment],
);

export async function readDesignAgain(id: string) {
  const { data } = await client.query(readQuery, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.experiment == null ? undefined : { values: designValues(data.experiment), revision: data.experiment.revision };
}
