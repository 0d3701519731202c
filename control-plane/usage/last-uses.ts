/** When API keys were last used, from sums: by hour as long as those are kept, within that hour by minute; no single call is looked at. */
import type { EntityManager } from "../database/orm.ts";
import { totalsCube } from "./cubes.ts";

/** @returns by key the beginning of the minute, or of the hour where minutes are no longer kept; those that were never used are missing. */
export async function lastUses(
  em: EntityManager,
  organisationId: string,
  apiKeyIds: readonly string[],
): Promise<ReadonlyMap<string, Date>> {
  const rows = await em.execute<{ readonly api_key_id: string; readonly last_ms: string | null }[]>(
    `select combination.api_key_id, floor(extract(epoch from max(coalesce(minute.bucket, last.bucket))) * 1000)::bigint::text as last_ms
     from usage_combination as combination cross join lateral (
       select bucket from usage_hour
       where usage_hour.organisation_id = combination.organisation_id and usage_hour.combination_id = combination.id
       order by bucket desc limit 1) as last
     left join lateral (
       select bucket from usage_minute
       where usage_minute.organisation_id = combination.organisation_id and usage_minute.combination_id = combination.id
         and usage_minute.bucket >= last.bucket and usage_minute.bucket < last.bucket + interval '1 hour'
       order by bucket desc limit 1) as minute on true
     where combination.organisation_id = ? and combination.cube = ?
       and combination.api_key_id in (select jsonb_array_elements_text(?::jsonb))
     group by combination.api_key_id`,
    [organisationId, totalsCube.number, JSON.stringify(apiKeyIds)],
  );
  return new Map(rows.flatMap(({ api_key_id, last_ms }) => (last_ms === null ? [] : [[api_key_id, new Date(Number(last_ms))] as const])));
}

/** SQL: that sums tell no use of the key since an instant, which the ? stands for. The hour of the instant counts as since. */
export const unusedSince = (organisationId: string, apiKeyId: string): string =>
  `not exists (
     select from usage_combination as told
     join usage_hour as hour on hour.organisation_id = told.organisation_id and hour.combination_id = told.id
     where told.organisation_id = ${organisationId} and told.cube = ${totalsCube.number} and told.api_key_id = ${apiKeyId}::text
       and hour.bucket > ?::timestamptz - interval '1 hour')`;
