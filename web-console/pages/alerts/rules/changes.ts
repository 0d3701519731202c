/** What can be done to an alert rule, and what is read of one. */
import { change, problemFragment } from "../../../change/outcome.ts";
import { client } from "../../../graphql/client.ts";
import { graphql, type ResultOf, type VariablesOf } from "../../../graphql/documents.ts";

export const ruleFragment = graphql(`
  fragment RuleDetails on AlertRule {
    id
    revision
    name
    metric
    unit
    scope
    filter {
      projectId
      apiKeyId
      routeId
      backendId
    }
    comparison
    threshold
    windowMinutes
    callsMin
    holdMinutes
    webhooks {
      id
      name
    }
    emails
    mutedUntil
    status
    state {
      firing
      since
      turningSince
      value
      calls
      lookedAt
    }
    messages {
      to
      webhookId
      at
      isTest
      state
      attempts
      error
    }
  }
`);

export type RuleDetails = ResultOf<typeof ruleFragment>;

const createMutation = graphql(
  `
    mutation CreateAlertRule($input: CreateAlertRuleInput!) {
      createAlertRule(input: $input) {
        ... on CreateAlertRulePayload {
          alertRule {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const updateMutation = graphql(
  `
    mutation UpdateAlertRule($input: UpdateAlertRuleInput!) {
      updateAlertRule(input: $input) {
        ... on UpdateAlertRulePayload {
          alertRule {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const archiveMutation = graphql(
  `
    mutation ArchiveAlertRule($input: ArchiveAlertRuleInput!) {
      archiveAlertRule(input: $input) {
        ... on ArchiveAlertRulePayload {
          alertRule {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const muteMutation = graphql(
  `
    mutation MuteAlertRule($input: MuteAlertRuleInput!) {
      muteAlertRule(input: $input) {
        ... on MuteAlertRulePayload {
          alertRule {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const unmuteMutation = graphql(
  `
    mutation UnmuteAlertRule($input: UnmuteAlertRuleInput!) {
      unmuteAlertRule(input: $input) {
        ... on UnmuteAlertRulePayload {
          alertRule {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const testMutation = graphql(
  `
    mutation TestAlertRule($input: TestAlertRuleInput!) {
      testAlertRule(input: $input) {
        ... on TestAlertRulePayload {
          messages
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const readRule = graphql(
  `
    query ReadAlertRule($id: ID!) {
      alertRule(id: $id) {
        ...RuleDetails
      }
    }
  `,
  [ruleFragment],
);

export type RuleInput = VariablesOf<typeof createMutation>["input"];

export const saveRule = (id: string | undefined, input: RuleInput, expectedRevision: number) =>
  id === undefined ? change(createMutation, { input }) : change(updateMutation, { input: { ...input, id, expectedRevision } });
export const archiveRule = (id: string, expectedRevision: number) => change(archiveMutation, { input: { id, expectedRevision } });
export const muteRule = (id: string, until: Date) => change(muteMutation, { input: { id, until: until.toISOString() } });
export const unmuteRule = (id: string) => change(unmuteMutation, { input: { id } });
export const testRule = (id: string) => change(testMutation, { input: { id } });

export async function readRuleAgain(id: string): Promise<RuleDetails | undefined> {
  const { data } = await client.query(readRule, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.alertRule ?? undefined;
}
