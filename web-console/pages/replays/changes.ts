/** What can be done with replays. */
import { change, problemFragment } from "../../change/outcome.ts";
import { graphql, type VariablesOf } from "../../graphql/documents.ts";

const replayMutation = graphql(
  `
    mutation ReplayCalls($input: ReplayCallsInput!) {
      replayCalls(input: $input) {
        ... on ReplayRun {
          id
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const cancelMutation = graphql(
  `
    mutation CancelReplayRun($id: ID!) {
      cancelReplayRun(id: $id) {
        ... on ReplayRun {
          id
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const deleteMutation = graphql(
  `
    mutation DeleteReplayRun($id: ID!) {
      deleteReplayRun(id: $id) {
        ... on ReplayRun {
          id
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

export const replayCalls = (input: VariablesOf<typeof replayMutation>["input"]) => change(replayMutation, { input });
export const cancelReplay = (id: string) => change(cancelMutation, { id });
export const deleteReplay = (id: string) => change(deleteMutation, { id });
