/** Alerts: read, and heard of as they are raised. Imported for its side effects by schema.ts. */
import type { AlertFeed } from "../../alerts/alert-feed.ts";
import { type Alert as AlertEntity, Alert as AlertTable, alertTypes } from "../../database/entities/alert.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import { principalOf } from "../context.ts";
import { connectionOf, pageById } from "../keyset-page.ts";

/** Alerts that a slow reader may be behind; the oldest is let go, and stands in the list all the same. */
const waitingMax = 100;

export const AlertTypeEnum = builder.enumType("AlertType", {
  description: "What receivers get as `type`, such as budget.threshold_reached. ALERT_RULE_… go to the webhooks that the rule names.",
  values: Object.fromEntries(alertTypes.map((type) => [type.toUpperCase().replaceAll(".", "_"), { value: type }])) as Record<
    string,
    { value: (typeof alertTypes)[number] }
  >,
});

export const Alert = builder.objectRef<AlertEntity>("Alert").implement({
  description: "Something that people should hear of. Told once for each occasion.",
  fields: (t) => ({
    id: t.exposeID("id"),
    at: t.expose("at", { type: "DateTime" }),
    type: t.field({ type: AlertTypeEnum, resolve: ({ type }) => type }),
    data: t.field({ type: "JSON", description: "What webhooks carry as `data`.", resolve: ({ data }) => data }),
  }),
});

builder.queryField("alerts", (t) =>
  t.connection(
    {
      type: Alert,
      description: "Newest first.",
      authScopes: { viewer: true },
      args: { type: t.arg({ type: AlertTypeEnum }) },
      resolve: (_root, args, context) =>
        pageById<AlertEntity>(args, "desc", (where, options) =>
          inOrganisation(context, (em) => em.find(AlertTable, { ...where, ...(args.type == null ? {} : { type: args.type }) }, options)),
        ),
    },
    connectionOf(Alert),
  ),
);

builder.subscriptionField("alertRaised", (t) =>
  t.field({
    type: Alert,
    description: "Each alert of your organisation, within about a second, whichever control plane raised it.",
    authScopes: { viewer: true },
    subscribe: (_root, _arguments, context) => alertNews(context.services.alerts, principalOf(context).organisationId),
    resolve: (alert: AlertEntity) => alert,
  }),
);

/** By hand and not a generator: `return` must let the listener go at once, also while nothing happens. */
export function alertNews(feed: AlertFeed, organisationId: string): AsyncIterableIterator<AlertEntity> {
  const waiting: AlertEntity[] = [];
  let deliver: ((result: IteratorResult<AlertEntity>) => void) | undefined;
  let closed = false;
  const stop = feed.listen(organisationId, (alert) => {
    if (deliver !== undefined) {
      deliver({ value: alert, done: false });
      deliver = undefined;
    } else if (waiting.push(alert) > waitingMax) waiting.shift();
  });
  const over: IteratorResult<AlertEntity> = { value: undefined, done: true };
  const end = (): Promise<IteratorResult<AlertEntity>> => {
    closed = true;
    stop();
    deliver?.(over);
    deliver = undefined;
    return Promise.resolve(over);
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => {
      if (closed) return Promise.resolve(over);
      const alert = waiting.shift();
      if (alert !== undefined) return Promise.resolve({ value: alert, done: false });
      return new Promise((resolve) => {
        deliver = resolve;
      });
    },
    return: end,
    throw: async (error) => {
      await end();
      throw error;
    },
  };
}
