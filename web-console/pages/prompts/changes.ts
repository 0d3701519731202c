/** What can be done to a prompt. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { graphql } from "../../graphql/documents.ts";

const createPromptMutation = graphql(
  `
    mutation CreatePrompt($input: CreatePromptInput!) {
      createPrompt(input: $input, waitForPropagation: true) {
        ... on CreatePromptPayload {
          prompt {
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
const createVersionMutation = graphql(
  `
    mutation CreatePromptVersion($input: CreatePromptVersionInput!) {
      createPromptVersion(input: $input, waitForPropagation: true) {
        ... on CreatePromptVersionPayload {
          promptVersion {
            version
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);
const setLabelMutation = graphql(
  `
    mutation SetPromptLabel($input: SetPromptLabelInput!) {
      setPromptLabel(input: $input, waitForPropagation: true) {
        ... on SetPromptLabelPayload {
          prompt {
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
const removeLabelMutation = graphql(
  `
    mutation RemovePromptLabel($input: RemovePromptLabelInput!) {
      removePromptLabel(input: $input, waitForPropagation: true) {
        ... on RemovePromptLabelPayload {
          prompt {
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
const archivePromptMutation = graphql(
  `
    mutation ArchivePrompt($input: ArchivePromptInput!) {
      archivePrompt(input: $input, waitForPropagation: true) {
        ... on ArchivePromptPayload {
          prompt {
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

export interface MessageValues {
  readonly role: "SYSTEM" | "DEVELOPER" | "USER" | "ASSISTANT";
  readonly template: string;
}

export const createPrompt = (name: string) => change(createPromptMutation, { input: { name } });

export const createVersion = (
  promptId: string,
  messages: readonly MessageValues[],
  defaultParameters: unknown,
  commitMessage: string,
  labels: readonly string[],
) =>
  change(createVersionMutation, {
    input: {
      promptId,
      messages: messages.map(({ role, template }) => ({ role, template })),
      defaultParameters,
      commitMessage,
      labels: [...labels],
    },
  });

export const setLabel = (promptId: string, label: string, version: number, expectedRevision: number) =>
  change(setLabelMutation, { input: { promptId, label, version, expectedRevision } });

export const removeLabel = (promptId: string, label: string, expectedRevision: number) =>
  change(removeLabelMutation, { input: { promptId, label, expectedRevision } });

export const archivePrompt = (id: string, expectedRevision: number) => change(archivePromptMutation, { input: { id, expectedRevision } });
