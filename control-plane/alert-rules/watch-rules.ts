/** Alert rules as they go on by themselves: looked at by the one control plane that leads, their mails sent by any. */

import { type Round, round } from "../alerts/round.ts";
import { leadership } from "../database/leadership.ts";
import { deliverMails } from "../mail/deliver-mails.ts";
import { openMailer } from "../mail/mailer.ts";
import type { Services } from "../services.ts";
import { evaluateRules } from "./evaluate-rules.ts";

const lookEveryMs = 10_000;
/** Outlives two turns that are late. */
const leaseMs = 60_000;
const mailsEveryMs = 1_000;

export function watchRules(services: Pick<Services, "settings" | "database" | "logger">): Round {
  const leader = leadership(services.database, "alert-rules", leaseMs);
  const mailer = openMailer(services.settings.smtp);
  let closing = false;
  const rounds = [
    round(lookEveryMs, "alert rules cannot be looked at", services, async () => {
      if (await leader.lead()) await evaluateRules(services, new Date());
    }),
    round(mailsEveryMs, "e-mail cannot be sent", services, async () => {
      // As long as there is work it goes on.
      while (!closing && (await deliverMails(services, mailer, new Date())) > 0);
    }),
  ];
  return {
    close: async () => {
      closing = true;
      mailer?.close();
      await Promise.all(rounds.map((one) => one.close()));
      await leader.resign().catch(() => {});
    },
  };
}
