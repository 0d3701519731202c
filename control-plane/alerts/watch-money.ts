/**
 * What goes on about money by itself: budgets are evaluated, models without a price are found, webhooks are delivered. Each in its
 * own round, so that a slow receiver keeps no budget waiting; with the database away each tries again with its next turn.
 */
import { evaluateBudgets } from "../budgets/evaluate-budgets.ts";
import type { Services } from "../services.ts";
import { deliverWebhooks } from "../webhooks/deliver-webhooks.ts";
import { webhookPoster } from "../webhooks/post-webhook.ts";
import { findPassedQuotas } from "./find-passed-quotas.ts";
import { findUnpriced } from "./find-unpriced.ts";
import { type Round, round } from "./round.ts";

const budgetsEveryMs = 5_000;
const unpricedEveryMs = 60_000;
const passedQuotasEveryMs = 5_000;
const deliveriesEveryMs = 1_000;

export function watchMoney(services: Pick<Services, "settings" | "database" | "signer" | "committed" | "logger">): Round {
  const poster = webhookPoster(services.settings.privateAddresses);
  let closing = false;
  const rounds = [
    round(budgetsEveryMs, "budgets cannot be evaluated", services, () => evaluateBudgets(services, new Date())),
    round(unpricedEveryMs, "calls without a price cannot be looked for", services, () =>
      services.database.system((em) => findUnpriced(em, new Date())),
    ),
    round(passedQuotasEveryMs, "quotas that are passed cannot be looked for", services, () =>
      services.database.system((em) => findPassedQuotas(em, new Date())),
    ),
    round(deliveriesEveryMs, "webhooks cannot be delivered", services, async () => {
      // As long as there is work it goes on.
      while (!closing && (await deliverWebhooks(services, poster, new Date())) > 0);
    }),
  ];
  return {
    close: async () => {
      closing = true;
      await poster.close();
      await Promise.all(rounds.map((one) => one.close()));
    },
  };
}
