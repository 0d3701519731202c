/** Closes a period: writes down what it came to, once, so that what reaches the ledger later can be told from it. */
import { v7 } from "uuid";
import { type PeriodText, readPeriod } from "../chargeback/period.ts";
import { ledgerTotals } from "../chargeback/totals.ts";
import { ValidationError } from "../control-error.ts";
import { AuditEntry } from "../database/entities/audit-entry.ts";
import { ClosedPeriod } from "../database/entities/closed-period.ts";
import type { Database } from "../database/orm.ts";
import type { ChangeAuthor } from "./change-configuration.ts";

/** @throws ValidationError where it is not over, or closed already. */
export const closePeriod = (database: Database, author: ChangeAuthor, text: PeriodText): Promise<ClosedPeriod> =>
  database.tenant(author.organisationId, async (em) => {
    const period = await readPeriod(em, text);
    const now = new Date();
    if (period.end > now) throw new ValidationError([{ path: "period", message: `is not over before ${period.end.toISOString()}` }]);
    // Two at once: the second waits here, and then finds it.
    await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`close ${author.organisationId}`]);
    if ((await em.count(ClosedPeriod, { periodStart: period.start, periodEnd: period.end })) > 0)
      throw new ValidationError([{ path: "period", message: "is closed already" }]);
    const totals = await ledgerTotals(em, author.organisationId, period);
    const closed = em.create(ClosedPeriod, {
      id: v7(),
      organisationId: author.organisationId,
      periodStart: period.start,
      periodEnd: period.end,
      label: period.label,
      closedAt: now,
      actor: author.actor,
      ...totals,
    });
    const entry = em.create(AuditEntry, {
      id: v7(),
      organisationId: author.organisationId,
      at: now,
      actor: author.actor,
      action: "chargeback.close_period",
      targetKind: "closed_period",
      targetId: closed.id,
      revisionNumber: null,
      details: { period: period.label, calls: totals.calls.toString(), costNanodollars: totals.costNanodollars.toString() },
    });
    em.persist([closed, entry]);
    return closed;
  });
