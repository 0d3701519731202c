/** What can be done to an experiment. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { graphql, type VariablesOf } from "../../graphql/documents.ts";

const createExperimentMutation = graphql(
  `
    mutation CreateExperiment($input: CreateExperimentInput!) {
      createExperiment(input: $input, waitForPropagation: true) {
        ... on CreateExperimentPayload {
          experiment {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const startExperimentMutation = graphql(
  `
    mutation StartExperiment($input: StartExperimentInput!) {
      startExperiment(input: $input, waitForPropagation: true) {
        ... on StartExperimentPayload {
          experiment {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const stopExperimentMutation = graphql(
  `
    mutation StopExperiment($input: StopExperimentInput!) {
      stopExperiment(input: $input, waitForPropagation: true) {
        ... on StopExperimentPayload {
          experiment {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const archiveExperimentMutation = graphql(
  `
    mutation ArchiveExperiment($input: ArchiveExperimentInput!) {
      archiveExperiment(input: $input, waitForPropagation: true) {
        ... on ArchiveExperimentPayload {
          experiment {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

export const createExperiment = (input: VariablesOf<typeof createExperimentMutation>["input"]) =>
  change(createExperimentMutation, { input });
export const startExperiment = (id: string, expectedRevision: number) =>
  change(startExperimentMutation, { input: { id, expectedRevision } });
export const stopExperiment = (id: string, expectedRevision: number) => change(stopExperimentMutation, { input: { id, expectedRevision } });
export const archiveExperiment = (id: string, expectedRevision: number) =>
  change(archiveExperimentMutation, { input: { id, expectedRevision } });
