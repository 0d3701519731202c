/** What can be done to an experiment. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { graphql, type VariablesOf } from "../../graphql/documents.ts";

export const createExperimentMutation = graphql(
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

const updateExperimentMutation = graphql(
  `
    mutation UpdateExperiment($input: UpdateExperimentInput!) {
      updateExperiment(input: $input, waitForPropagation: true) {
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
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const shipExperimentMutation = graphql(
  `
    mutation ShipExperiment($input: ShipExperimentInput!) {
      shipExperiment(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const rollBackExperimentMutation = graphql(
  `
    mutation RollBackExperiment($input: RollBackExperimentInput!) {
      rollBackExperiment(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const extendExperimentMutation = graphql(
  `
    mutation ExtendExperiment($input: ExtendExperimentInput!) {
      extendExperiment(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const approveRolloutMutation = graphql(
  `
    mutation ApproveRollout($input: ApproveRolloutInput!) {
      approveRollout(input: $input, waitForPropagation: true) {
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
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

export const createExperiment = (input: VariablesOf<typeof createExperimentMutation>["input"]) =>
  change(createExperimentMutation, { input });
export const updateExperiment = (input: VariablesOf<typeof updateExperimentMutation>["input"]) =>
  change(updateExperimentMutation, { input });
export const startExperiment = (id: string, expectedRevision: number, aaTest: boolean) =>
  change(startExperimentMutation, { input: { id, expectedRevision, aaTest } });
export const stopExperiment = (id: string, expectedRevision: number, reason: string) =>
  change(stopExperimentMutation, { input: { id, expectedRevision, reason } });
export const shipExperiment = (id: string, expectedRevision: number, variant: string, reason: string) =>
  change(shipExperimentMutation, { input: { id, expectedRevision, variant, reason } });
export const rollBackExperiment = (id: string, reason: string) => change(rollBackExperimentMutation, { input: { id, reason } });
export const extendExperiment = (id: string, expectedRevision: number, days: number) =>
  change(extendExperimentMutation, { input: { id, expectedRevision, days } });
export const approveRollout = (id: string, expectedRevision: number) => change(approveRolloutMutation, { input: { id, expectedRevision } });
export const archiveExperiment = (id: string, expectedRevision: number) =>
  change(archiveExperimentMutation, { input: { id, expectedRevision } });
