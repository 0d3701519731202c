/**
 * Reads and removes what was said in calls, for one organisation and behind its wall. Whoever reads is written down: each read of a
 * call's content is an audit entry, in the same transaction.
 */
import { v7 } from "uuid";
import type { AuditedKind } from "../database/audited-kinds.ts";
import { isUuid } from "../database/config-kinds.ts";
import { AuditEntry } from "../database/entities/audit-entry.ts";
import type { JsonObject } from "../database/entities/route.ts";
import type { EntityManager } from "../database/orm.ts";

export interface CallContent {
  readonly callId: string;
  readonly startedAt: Date;
  readonly keptUntil: Date;
  /** In the OpenAI chat API's form: JSON text; where it was cut, the beginning of one. */
  readonly request: string;
  readonly requestCut: boolean;
  /** JSON text of a list. Empty: no prompt's messages came before the caller's. */
  readonly promptMessages: string;
  /** JSON text of a list of chat messages, one for each choice. Empty: nothing was answered. */
  readonly answer: string;
  readonly answerCut: boolean;
  /** Fields that are not in `request`, because the chat API has no word for them. */
  readonly unmapped: readonly string[];
}

interface Row {
  readonly call_id: string;
  readonly started_at: Date | string;
  readonly kept_until: Date | string;
  readonly request: string;
  readonly request_cut: boolean;
  readonly prompt_messages: string;
  readonly answer: string;
  readonly answer_cut: boolean;
  readonly unmapped: readonly string[];
}

/** Those that are kept, in no order. What is past its day is not shown, whether it has been dropped yet or not. */
export async function readContents(em: EntityManager, callIds: readonly string[]): Promise<CallContent[]> {
  const ids = callIds.filter(isUuid);
  if (ids.length === 0) return [];
  const rows = await em.execute<Row[]>(
    `select call_id, started_at, kept_until, request, request_cut, prompt_messages, answer, answer_cut, to_jsonb(unmapped) as unmapped
     from call_content where call_id in (${ids.map(() => "?").join(", ")}) and kept_until > now()`,
    ids,
  );
  return rows.map((row) => ({
    callId: row.call_id,
    startedAt: new Date(row.started_at),
    keptUntil: new Date(row.kept_until),
    request: row.request,
    requestCut: row.request_cut,
    promptMessages: row.prompt_messages,
    answer: row.answer,
    answerCut: row.answer_cut,
    unmapped: row.unmapped,
  }));
}

export interface ContentAccess {
  readonly organisationId: string;
  readonly actor: string;
  /** Such as "content.read". */
  readonly action: string;
  /** Of a call, a dataset or a run; null: of many calls. */
  readonly target: { readonly kind: AuditedKind; readonly id: string } | null;
  readonly details: JsonObject;
}

/** Says who looked, or took away, in the audit log. To be flushed with the transaction. */
export function auditContent(em: EntityManager, { organisationId, actor, action, target, details }: ContentAccess): void {
  em.persist(
    em.create(AuditEntry, {
      id: v7(),
      organisationId,
      at: new Date(),
      actor,
      action,
      targetKind: target?.kind ?? "call",
      targetId: target?.id ?? null,
      revisionNumber: null,
      details,
    }),
  );
}

export interface ContentToDelete {
  readonly callIds?: readonly string[] | null | undefined;
  /** Of calls made before then. */
  readonly before?: Date | null | undefined;
}

/** @returns how many there were, and whether there are more: ask again. Texts of replays that were made from them go as well. */
export async function deleteContents(
  em: EntityManager,
  { callIds, before }: ContentToDelete,
): Promise<{ readonly deleted: number; readonly more: boolean }> {
  const ids = callIds?.filter(isUuid);
  if (ids?.length === 0) return { deleted: 0, more: false };
  const conditions = [
    ...(ids === undefined ? [] : [`call_id in (${ids.map(() => "?").join(", ")})`]),
    ...(before == null ? [] : ["started_at < ?"]),
  ];
  const rows = await em.execute<{ call_id: string }[]>(
    `delete from call_content where call_id in (select call_id from call_content where ${conditions.join(" and ")} limit ${deletedAtOnce})
     returning call_id`,
    [...(ids ?? []), ...(before == null ? [] : [before.toISOString()])],
  );
  if (rows.length > 0)
    await em.execute(
      `update replay_case set ${withoutTexts} where kept_until is not null and call_id in (${rows.map(() => "?").join(", ")})`,
      rows.map(({ call_id }) => call_id),
    );
  return { deleted: rows.length, more: rows.length === deletedAtOnce };
}

/** What is left of a case are its figures. */
export const withoutTexts = "expected = null, baseline_content = null, candidate_content = null";
const deletedAtOnce = 2000;
