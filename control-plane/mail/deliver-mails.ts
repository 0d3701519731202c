/**
 * Sends the e-mail that waits, as webhooks are delivered: takes a few that are due for itself, sends them, writes what came of it. A
 * process that dies with one in hand leaves it to be taken again, so a reader may get a mail twice, with the same Message-ID, and never
 * not at all. Tried again after 10 s, 1 min, 5 min, 30 min and 2 h; what is older is no news. What the server refuses for good has failed.
 */
import type { MailAttempt } from "../database/entities/alert-mail.ts";
import type { EntityManager } from "../database/orm.ts";
import type { Services } from "../services.ts";
import type { Mailer, OutgoingMail } from "./mailer.ts";

const atOnce = 10;
/** Longer than an attempt can take. */
const holdMs = 60_000;
const pausesMs = [10_000, 60_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000];
export const mailNotSetUp = "e-mail is not set up: set PENSTOCK_SMTP_URL and PENSTOCK_SMTP_FROM";

interface DueMail extends OutgoingMail {
  readonly attempts: readonly MailAttempt[];
}

/** @returns how many were tried; as many as are taken at once: there may be more. */
export async function deliverMails(
  { database, logger }: Pick<Services, "database" | "logger">,
  mailer: Mailer | undefined,
  now: Date,
): Promise<number> {
  const due = await database.system((em) => takeDue(em, now));
  await Promise.all(
    due.map(async (mail) => {
      const began = Date.now();
      const { error, refused } = mailer === undefined ? { error: mailNotSetUp, refused: true } : await mailer.send(mail);
      const attempt = { at: new Date(began).toISOString(), durationMs: Date.now() - began, error };
      const pauseMs = error === null || refused ? undefined : pausesMs[mail.attempts.length];
      await database
        .system((em) => write(em, mail, attempt, pauseMs, new Date()))
        .catch((cause: unknown) => logger.warn({ err: cause, mailId: mail.id }, "an e-mail could not be seen through; it is taken again"));
    }),
  );
  return due.length;
}

async function takeDue(em: EntityManager, now: Date): Promise<readonly DueMail[]> {
  return em.execute<DueMail[]>(
    `with due as (
       select id from alert_mail where state = 'waiting' and next_attempt_at <= ? order by next_attempt_at limit ${atOnce} for update skip locked
     ) update alert_mail set next_attempt_at = ? from due where alert_mail.id = due.id
     returning alert_mail.id::text as id, recipient, subject, body, attempts`,
    [now.toISOString(), new Date(now.getTime() + holdMs).toISOString()],
  );
}

/** @param pauseMs until the next attempt; undefined: there is none. */
async function write(
  em: EntityManager,
  { id, attempts }: DueMail,
  attempt: MailAttempt,
  pauseMs: number | undefined,
  now: Date,
): Promise<void> {
  const state = attempt.error === null ? "delivered" : pauseMs === undefined ? "failed" : "waiting";
  await em.execute(
    "update alert_mail set state = ?, attempts = ?::jsonb, next_attempt_at = ?, finished_at = ? where id = ? and state = 'waiting'",
    [
      state,
      JSON.stringify([...attempts, attempt]),
      new Date(now.getTime() + (pauseMs ?? 0)).toISOString(),
      state === "waiting" ? null : now.toISOString(),
      id,
    ],
  );
}
