/**
 * How often quotas refused calls or were passed, by quota, key and hour. Added in the transaction that writes the calls, each
 * call once; read for whoever asks why callers are refused.
 */
import type { UsageEvent } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { arrayParameter, executeBound } from "../database/bound-statement.ts";
import type { QuotaEffect } from "../database/entities/usage-event.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { textOf } from "./ledger-text.ts";

const words = ["quota_key", "scope", "resource", '"window"', "enforcement"] as const;

/** In one order, so that two control planes never wait for each other's rows in a ring. */
const statement = `insert into quota_mark_hour as kept
    (organisation_id, quota_id, api_key_id, effect, bucket, ${words.join(", ")}, calls, first_at, last_at)
  select organisation_id, quota_id, api_key_id, effect, date_trunc('hour', at, 'UTC'),
    ${words.map((word) => `max(${word})`).join(", ")}, count(*), min(at), max(at)
  from (select organisation_id, quota_id, api_key_id, effect, ${words.join(", ")}, timestamptz 'epoch' + at_ms * interval '1 millisecond' as at
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
      as given (organisation_id, quota_id, api_key_id, effect, at_ms, ${words.join(", ")})) as given
  group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
  on conflict (organisation_id, quota_id, effect, api_key_id, bucket) do update set
    ${words.map((word) => `${word} = excluded.${word}`).join(", ")}, calls = kept.calls + excluded.calls,
    first_at = least(kept.first_at, excluded.first_at), last_at = greatest(kept.last_at, excluded.last_at)`;

/** @param events that are new to the ledger. */
export async function recordQuotaMarks(em: EntityManager, events: readonly UsageEvent[]): Promise<void> {
  const marks = events.flatMap((event) => event.quotaMarks.map((mark) => ({ event, mark })));
  if (marks.length === 0) return;
  const texts = (of: (one: (typeof marks)[number]) => string) => arrayParameter(marks.map((one) => textOf(of(one))));
  await executeBound(em, statement, [
    arrayParameter(marks.map(({ event }) => event.organisationId)),
    texts(({ mark }) => mark.quotaId),
    texts(({ event }) => event.apiKeyId),
    texts(({ mark }) => mark.effect),
    arrayParameter(marks.map(({ event }) => msOf(event))),
    texts(({ mark }) => mark.quotaKey),
    texts(({ mark }) => mark.scope),
    texts(({ mark }) => mark.resource),
    texts(({ mark }) => mark.window),
    texts(({ mark }) => mark.enforcement),
  ]);
}

const msOf = ({ startedAt }: UsageEvent): bigint => (startedAt?.seconds ?? 0n) * 1000n + BigInt(Math.floor((startedAt?.nanos ?? 0) / 1e6));

export interface QuotaDenials {
  readonly quotaId: string;
  readonly quotaKey: string;
  readonly scope: string;
  readonly resource: string;
  readonly window: string;
  readonly enforcement: string;
  readonly calls: bigint;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly effects: readonly { readonly effect: QuotaEffect; readonly calls: bigint }[];
  /** Those with the most first, at most `keysMax`. */
  readonly keys: readonly { readonly apiKeyId: string; readonly calls: bigint }[];
}

export interface DenialsQuestion {
  readonly since: Date;
  readonly until: Date;
  readonly effects: readonly QuotaEffect[];
  readonly quotaId: string | undefined;
  readonly apiKeyId: string | undefined;
}

const quotasMax = 500;
const keysMax = 20;

interface Row {
  readonly quota_id: string;
  readonly quota_key: string;
  readonly scope: string;
  readonly resource: string;
  readonly window: string;
  readonly enforcement: string;
  readonly calls: string;
  readonly first_at_ms: string;
  readonly last_at_ms: string;
  readonly effects: Readonly<Record<string, number>>;
  readonly keys: Readonly<Record<string, number>>;
}

/** Of hours that begin within the range: those with the most calls first. */
export async function readDenials(database: Database, organisationId: string, question: DenialsQuestion): Promise<QuotaDenials[]> {
  const { since, until, effects, quotaId, apiKeyId } = question;
  const rows = await database.tenant(organisationId, (em) =>
    executeBound<Row>(
      em,
      `with asked as (select * from quota_mark_hour where bucket >= date_trunc('hour', $1::timestamptz, 'UTC') and bucket < $2::timestamptz
          and effect = any($3::text[]) and ($4::text is null or quota_id = $4) and ($5::text is null or api_key_id = $5)),
        by_effect as (select quota_id, jsonb_object_agg(effect, calls) as effects
          from (select quota_id, effect, sum(calls) as calls from asked group by 1, 2) as one group by 1),
        by_key as (select quota_id, jsonb_object_agg(api_key_id, calls) as keys
          from (select quota_id, api_key_id, calls from
              (select quota_id, api_key_id, sum(calls) as calls, row_number() over (partition by quota_id order by sum(calls) desc, api_key_id) as place
                from asked group by 1, 2) as ranked where place <= ${keysMax}) as one group by 1)
      select quota_id, (array_agg(quota_key order by bucket desc))[1] as quota_key, (array_agg(scope order by bucket desc))[1] as scope,
        max(resource) as resource, max("window") as "window", (array_agg(enforcement order by bucket desc))[1] as enforcement,
        sum(calls)::text as calls, floor(extract(epoch from min(first_at)) * 1000)::bigint::text as first_at_ms,
        floor(extract(epoch from max(last_at)) * 1000)::bigint::text as last_at_ms, effects, keys
      from asked join by_effect using (quota_id) join by_key using (quota_id)
      group by quota_id, effects, keys order by sum(calls) desc, quota_id limit ${quotasMax}`,
      [since.toISOString(), until.toISOString(), arrayParameter([...effects]), quotaId ?? null, apiKeyId ?? null],
    ),
  );
  return rows.map((row) => ({
    quotaId: row.quota_id,
    quotaKey: row.quota_key,
    scope: row.scope,
    resource: row.resource,
    window: row.window,
    enforcement: row.enforcement,
    calls: BigInt(row.calls),
    firstAt: new Date(Number(row.first_at_ms)),
    lastAt: new Date(Number(row.last_at_ms)),
    effects: counts(row.effects).map(([effect, calls]) => ({ effect: effect as QuotaEffect, calls })),
    keys: counts(row.keys).map(([apiKeyId, calls]) => ({ apiKeyId, calls })),
  }));
}

const counts = (of: Readonly<Record<string, number>>): [string, bigint][] =>
  Object.entries(of)
    .map(([name, calls]): [string, bigint] => [name, BigInt(calls)])
    .sort(([a, more], [b, less]) => (more === less ? (a < b ? -1 : 1) : more > less ? -1 : 1));
