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

const mutationsOfLabels = {
  rollBack: graphql(
    `
      mutation RollBackPromptLabel($input: RollBackPromptLabelInput!) {
        rollBackPromptLabel(input: $input, waitForPropagation: true) {
          ...Published
          ...Problem
        }
      }
    `,
    [publishedFragment, problemFragment],
  ),
  rollOut: graphql(
    `
      mutation RollOutPromptLabel($input: RollOutPromptLabelInput!) {
        rollOutPromptLabel(input: $input, waitForPropagation: true) {
          ... on RollOutPromptLabelPayload {
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
  ),
  request: graphql(
    `
      mutation RequestPromptLabel($input: RequestPromptLabelInput!) {
        requestPromptLabel(input: $input) {
          ... on PromptLabelRequest {
            id
          }
          ...Problem
        }
      }
    `,
    [problemFragment],
  ),
  decide: graphql(
    `
      mutation DecidePromptLabel($input: DecidePromptLabelInput!) {
        decidePromptLabel(input: $input, waitForPropagation: true) {
          ...Published
          ...Problem
        }
      }
    `,
    [publishedFragment, problemFragment],
  ),
};

const updatePromptMutation = graphql(
  `
    mutation UpdatePrompt($input: UpdatePromptInput!) {
      updatePrompt(input: $input, waitForPropagation: true) {
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

export interface NewVersion {
  readonly messages: readonly MessageValues[];
  /** Null: none. */
  readonly defaultParameters: unknown;
  /** In the words of OpenAI's chat API. Null: none. */
  readonly tools: unknown;
  /** JSON Schema of the answer. Null: none. */
  readonly responseSchema: unknown;
}

export const createPrompt = (name: string, kind: "CHAT" | "TEXT", folder: string) =>
  change(createPromptMutation, { input: { name, kind, folder } });

export const createVersion = (promptId: string, version: NewVersion, commitMessage: string, labels: readonly string[]) =>
  change(createVersionMutation, {
    input: {
      promptId,
      messages: version.messages.map(({ role, template }) => ({ role, template })),
      defaultParameters: version.defaultParameters,
      tools: version.tools,
      responseSchema: version.responseSchema,
      commitMessage,
      labels: [...labels],
    },
  });

export interface PromptSettings extends Readonly<Record<string, unknown>> {
  readonly folder: string;
  /** Between commas. */
  readonly protectedLabels: string;
  /** Empty: not published as an endpoint. */
  readonly runRouteId: string;
}

export const updatePrompt = (id: string, { folder, protectedLabels, runRouteId }: PromptSettings, expectedRevision: number) =>
  change(updatePromptMutation, {
    input: {
      id,
      expectedRevision,
      folder,
      protectedLabels: protectedLabels.split(/[\s,]+/).filter(Boolean),
      runRouteId: runRouteId === "" ? null : runRouteId,
    },
  });

export const setLabel = (promptId: string, label: string, version: number, expectedRevision: number) =>
  change(setLabelMutation, { input: { promptId, label, version, expectedRevision } });

export const rollBackLabel = (promptId: string, label: string) => change(mutationsOfLabels.rollBack, { input: { promptId, label } });
/** By the default steps: 1, 5, 10, 25 and 50 %, an hour each, and back by itself on harm. */
export const rollOutLabel = (promptId: string, label: string, version: number, expectedRevision: number) =>
  change(mutationsOfLabels.rollOut, { input: { promptId, label, version, expectedRevision } });
export const requestLabel = (promptId: string, label: string, version: number, comment: string, bySteps: boolean) =>
  change(mutationsOfLabels.request, { input: { promptId, label, version, comment, ...(bySteps ? { rollout: {} } : {}) } });
export const decideLabel = (requestId: string, approve: boolean) => change(mutationsOfLabels.decide, { input: { requestId, approve } });

export const archivePrompt = (id: string, expectedRevision: number) => change(archivePromptMutation, { input: { id, expectedRevision } });
