/**
 * Writes what was said in calls, as nodes hand it in. A call is known once. What cannot be written is left out and logged without
 * its text: it is no money, and a log is no place for what people said.
 */
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { CallContent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type ArrayElement, arrayParameter, executeBound } from "../database/bound-statement.ts";
import { isUuid } from "../database/config-kinds.ts";
import { retentionDaysMax } from "../database/entities/content-capture.ts";
import type { Database } from "../database/orm.ts";
import { textOf } from "../usage/ledger-text.ts";

const dayMs = 86_400_000;
/** What a node may say by protocol, with room for what JSON escapes. */
const textBytesMax = 1024 * 1024;
const unmappedMax = 100;

const statement = `with written as (
  insert into call_content (call_id, organisation_id, started_at, kept_until, request, request_cut, prompt_messages, answer, answer_cut, unmapped)
  select call_id, organisation_id, started_at, started_at + days * interval '1 day', request, request_cut, prompt_messages, answer, answer_cut,
    array(select jsonb_array_elements_text(unmapped::jsonb))
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::integer[], $5::text[], $6::boolean[], $7::text[], $8::text[], $9::boolean[], $10::text[])
    as given (call_id, organisation_id, started_at, days, request, request_cut, prompt_messages, answer, answer_cut, unmapped)
  on conflict (call_id) do nothing returning 1)
  select count(*)::integer as written from written`;

export interface RecordedContent {
  readonly recorded: number;
  /** Ids of calls whose content cannot be kept. */
  readonly refused: readonly string[];
}

/** @throws ControlError UNAVAILABLE while the database is away. */
export async function recordContent(database: Database, contents: readonly CallContent[], nowMs: number): Promise<RecordedContent> {
  const kept = contents.filter((content) => isKeepable(content, nowMs));
  const refused = contents.filter((content) => !kept.includes(content)).map(({ callId }) => callId.slice(0, 64));
  if (kept.length === 0) return { recorded: 0, refused };
  const columns: readonly ((content: CallContent) => ArrayElement)[] = [
    ({ callId }) => callId,
    ({ organisationId }) => organisationId,
    ({ startedAt }) => (startedAt === undefined ? null : timestampDate(startedAt).toISOString()),
    ({ retentionDays }) => retentionDays,
    ({ request }) => textOf(request),
    ({ requestCut }) => requestCut,
    ({ promptMessages }) => textOf(promptMessages),
    ({ answer }) => textOf(answer),
    ({ answerCut }) => answerCut,
    ({ unmapped }) => JSON.stringify(unmapped.map(textOf)),
  ];
  const [answer] = await database.system((em) =>
    executeBound<{ written: number }>(
      em,
      statement,
      columns.map((of) => arrayParameter(kept.map(of))),
    ),
  );
  return { recorded: answer?.written ?? 0, refused };
}

/** What is over before it has come is not kept either: its node was cut off for longer than that. */
function isKeepable(content: CallContent, nowMs: number): boolean {
  const { callId, organisationId, startedAt, retentionDays, request, promptMessages, answer, unmapped } = content;
  return (
    isUuid(callId) &&
    isUuid(organisationId) &&
    startedAt !== undefined &&
    retentionDays >= 1 &&
    retentionDays <= retentionDaysMax &&
    msOf(startedAt) + retentionDays * dayMs > nowMs &&
    request.length + promptMessages.length + answer.length <= textBytesMax &&
    unmapped.length <= unmappedMax
  );
}

const msOf = (timestamp: Timestamp): number => timestampDate(timestamp).getTime();
