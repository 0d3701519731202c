/** What can be done with datasets. */
import { change, problemFragment } from "../../change/outcome.ts";
import { graphql, type VariablesOf } from "../../graphql/documents.ts";

const createMutation = graphql(
  `
    mutation CreateDataset($input: CreateDatasetInput!) {
      createDataset(input: $input) {
        ... on Dataset {
          id
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const addMutation = graphql(
  `
    mutation AddDatasetCases($input: AddDatasetCasesInput!) {
      addDatasetCases(input: $input) {
        ... on Dataset {
          id
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const removeMutation = graphql(
  `
    mutation RemoveDatasetCases($input: RemoveDatasetCasesInput!) {
      removeDatasetCases(input: $input) {
        ... on Dataset {
          id
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const archiveMutation = graphql(
  `
    mutation ArchiveDataset($id: ID!) {
      archiveDataset(id: $id) {
        ... on Dataset {
          id
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

type Cases = Pick<VariablesOf<typeof addMutation>["input"], "cases" | "calls">;

export const createDataset = (name: string, description: string, cases: Cases) =>
  change(createMutation, { input: { name, description, ...cases } });
export const addCases = (datasetId: string, cases: Cases) => change(addMutation, { input: { datasetId, ...cases } });
export const removeCases = (datasetId: string, caseIds: readonly string[]) =>
  change(removeMutation, { input: { datasetId, caseIds: [...caseIds] } });
export const archiveDataset = (id: string) => change(archiveMutation, { id });
