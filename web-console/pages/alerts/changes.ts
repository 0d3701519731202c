/** What can be done to a webhook and its deliveries. */
import { change, problemFragment } from "../../change/outcome.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const webhookFragment = graphql(`
  fragment WebhookDetails on Webhook {
    id
    name
    host
    url
    enabled
    alertTypes
    previousSecretUntil
    revision
  }
`);

export type WebhookDetails = ResultOf<typeof webhookFragment>;

const createWebhookMutation = graphql(
  `
    mutation CreateWebhook($input: CreateWebhookInput!) {
      createWebhook(input: $input) {
        ... on WebhookSecretPayload {
          secret
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const updateWebhookMutation = graphql(
  `
    mutation UpdateWebhook($input: UpdateWebhookInput!) {
      updateWebhook(input: $input) {
        ... on WebhookPayload {
          webhook {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const rotateWebhookMutation = graphql(
  `
    mutation RotateWebhookSecret($input: WebhookRevisionInput!) {
      rotateWebhookSecret(input: $input) {
        ... on WebhookSecretPayload {
          secret
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const archiveWebhookMutation = graphql(
  `
    mutation ArchiveWebhook($input: WebhookRevisionInput!) {
      archiveWebhook(input: $input) {
        ... on WebhookPayload {
          webhook {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const testWebhookMutation = graphql(
  `
    mutation TestWebhook($input: TestWebhookInput!) {
      testWebhook(input: $input) {
        ... on WebhookDeliveryPayload {
          delivery {
            id
            state
            attempts {
              httpStatus
              error
              durationMs
            }
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const redeliverWebhookMutation = graphql(
  `
    mutation RedeliverWebhook($input: RedeliverWebhookInput!) {
      redeliverWebhook(input: $input) {
        ... on WebhookDeliveryPayload {
          delivery {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const readWebhook = graphql(
  `
    query ReadWebhook($id: ID!) {
      webhook(id: $id) {
        ...WebhookDetails
      }
    }
  `,
  [webhookFragment],
);

export interface WebhookValues extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly url: string;
  readonly alertTypes: WebhookDetails["alertTypes"];
  readonly enabled: boolean;
}

export const webhookValues = (webhook: WebhookDetails): WebhookValues => ({
  name: webhook.name,
  url: webhook.url ?? "",
  alertTypes: webhook.alertTypes,
  enabled: webhook.enabled,
});

export const createWebhook = ({ name, url, alertTypes }: WebhookValues) =>
  change(createWebhookMutation, { input: { name, url, alertTypes: [...alertTypes] } });

export const updateWebhook = (id: string, { name, url, alertTypes, enabled }: WebhookValues, expectedRevision: number) =>
  change(updateWebhookMutation, { input: { id, expectedRevision, name, url, alertTypes: [...alertTypes], enabled } });

export const rotateWebhookSecret = (id: string, expectedRevision: number) =>
  change(rotateWebhookMutation, { input: { id, expectedRevision } });
export const archiveWebhook = (id: string, expectedRevision: number) => change(archiveWebhookMutation, { input: { id, expectedRevision } });
export const testWebhook = (id: string) => change(testWebhookMutation, { input: { id } });
export const redeliverWebhook = (deliveryId: string) => change(redeliverWebhookMutation, { input: { deliveryId } });

export async function readWebhookAgain(id: string) {
  const { data } = await client.query(readWebhook, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.webhook == null ? undefined : { values: webhookValues(data.webhook), revision: data.webhook.revision };
}
