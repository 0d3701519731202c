/** When API keys were last used, from the sums by hour: as long as those are kept, and without a look at single calls. */
import type { EntityManager } from "../database/orm.ts";
import { totalsCube } from "./cubes.ts";

/** @returns by key the beginning of the hour; those that were never used are missing. */
export async function lastUses(
  em: EntityManager,
  organisationId: string,
  apiKeyIds: readonly string[],
): Promise<ReadonlyMap<string, Date>> {
  const rows = await em.execute<{ readonly api_key_id: string; readonly last_ms: string | null }[]>(
    `select combination.api_key_id, floor(extract(epoch from max(last.bucket)) * 1000)::bigint::text as last_ms
     from usage_combination as combination, lateral (
       select bucket from usage_hour
       where usage_hour.organisation_id = combination.organisation_id and usage_hour.combination_id = combination.id
       order by bucket desc limit 1) as last
     where combination.organisation_id = ? and combination.cube = ?
       and combination.api_key_id in (select jsonb_array_elements_text(?::jsonb))
     group by combination.api_key_id`,
    [organisationId, totalsCube.number, JSON.stringify(apiKeyIds)],
  );
  return new Map(rows.flatMap(({ api_key_id, last_ms }) => (last_ms === null ? [] : [[api_key_id, new Date(Number(last_ms))] as const])));
}
