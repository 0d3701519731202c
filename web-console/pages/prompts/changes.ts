/** What can be done to a prompt. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { graphql, type VariablesOf } from "../../graphql/documents.ts";

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
          prompt {
            id
            name
          }
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
  remove: graphql(
    `
      mutation RemovePromptLabel($input: RemovePromptLabelInput!) {
        removePromptLabel(input: $input, waitForPropagation: true) {
          ...Published
          ...Problem
        }
      }
    `,
    [publishedFragment, problemFragment],
  ),
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
  /** JSON Schema of the variables. Null: derived from the templates. */
  readonly inputs: unknown;
}

export const createPrompt = (name: string, kind: "CHAT" | "TEXT", folder: string) =>
  change(createPromptMutation, { input: { name, kind, folder } });

export const createVersion = (promptId: string, version: NewVersion, commitMessage: string) =>
  change(createVersionMutation, {
    input: {
      promptId,
      messages: version.messages.map(({ role, template }) => ({ role, template })),
      defaultParameters: version.defaultParameters,
      tools: version.tools,
      responseSchema: version.responseSchema,
      ...(version.inputs === null ? {} : { inputs: version.inputs }),
      commitMessage,
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

export const setLabel = (promptId: string, label: string, version: number, reason: string, expectedRevision: number) =>
  change(setLabelMutation, { input: { promptId, label, version, reason, expectedRevision } });

export const removeLabel = (promptId: string, label: string, expectedRevision: number) =>
  change(mutationsOfLabels.remove, { input: { promptId, label, expectedRevision } });
export const rollBackLabel = (promptId: string, label: string, reason: string, expectedRevision: number) =>
  change(mutationsOfLabels.rollBack, { input: { promptId, label, reason, expectedRevision } });
export type LabelRollout = NonNullable<VariablesOf<typeof mutationsOfLabels.rollOut>["input"]["rollout"]>;
export const rollOutLabel = (promptId: string, label: string, version: number, expectedRevision: number, rollout: LabelRollout) =>
  change(mutationsOfLabels.rollOut, { input: { promptId, label, version, expectedRevision, rollout } });
/** @param rollout undefined: it moves at once. */
export const requestLabel = (promptId: string, label: string, version: number, comment: string, rollout: LabelRollout | undefined) =>
  change(mutationsOfLabels.request, { input: { promptId, label, version, comment, ...(rollout === undefined ? {} : { rollout }) } });
export const decideLabel = (requestId: string, approve: boolean) => change(mutationsOfLabels.decide, { input: { requestId, approve } });

export const archivePrompt = (id: string, expectedRevision: number) => change(archivePromptMutation, { input: { id, expectedRevision } });
