/**
 * Makes the roll-ups of some days anew from the ledger, in one transaction: for rows that came into the ledger by another
 * way than record-usage.ts (an older version, a restored backup), and to check one against the other. What is already right
 * stays as it was. Days that the ledger no longer holds are left alone.
 */
import type { EntityManager } from "../database/orm.ts";
import { type Cube, columnsOf, combinationIdSql, cubes, dimensions, figureNames, figures, grains, sketches, sketchNames } from "./cubes.ts";
import { rollUpLock } from "./write-roll-ups.ts";

export interface DayRange {
  /** Midnight in UTC. */
  readonly from: Date;
  /** Not included; midnight in UTC. */
  readonly until: Date;
}

export async function rebuildRollUps(em: EntityManager, { from, until }: DayRange): Promise<void> {
  await em.execute(`select pg_advisory_xact_lock(${rollUpLock})`);
  const range = [from.toISOString(), until.toISOString()];
  for (const grain of grains) await em.execute(`delete from usage_${grain} where bucket >= ? and bucket < ?`, range);
  for (const cube of cubes) {
    await em.execute(`create temporary table counted on commit drop as ${countedCalls(cube)}`, range);
    await em.execute(
      `insert into usage_combination (${["id", "organisation_id", "cube", ...columnsOf(cube)].join(", ")})
        select distinct on (organisation_id, combination_id) ${["combination_id", "organisation_id", cube.number, ...columnsOf(cube)].join(", ")}
        from counted on conflict (organisation_id, id) do nothing`,
    );
    for (const grain of cube.grains) await em.execute(summed(cube, grain));
    await em.execute("drop table counted");
  }
}

/** One row for each call, or for each tag of one: what it falls under and what it counts. */
function countedCalls(cube: Cube): string {
  const values = cube.dimensions.map((dimension) => `${dimensions[dimension].ledger}`);
  const named = cube.dimensions.map((dimension, index) => `${values[index]} as ${dimension}`);
  const tag = cube.tags ? ["tag.key as tag_name", "tag.value as tag_value"] : [];
  const id = combinationIdSql(cube, cube.tags ? [...values, "tag.key", "tag.value"] : values);
  return `select organisation_id, ${id} as combination_id, ${["started_at", ...named, ...tag].join(", ")},
      ${figureNames.map((figure) => `(${figures[figure].ledger})::bigint as ${figure}_counted`).join(", ")},
      ${sketchNames.map((sketch) => `latency_bin(${sketches[sketch].ledger}) as ${sketch}_bin`).join(", ")}
    from usage_event ${cube.tags ? ", jsonb_each_text(tags) as tag" : ""} where started_at >= ? and started_at < ?`;
}

function summed(cube: Cube, grain: string): string {
  const bucket = `date_trunc('${grain}', started_at, 'UTC')`;
  const sketchOf = (
    name: string,
  ) => `(select organisation_id, bucket, combination_id, string_agg(sketch_entries(bin, calls), '' order by bin) as sketch
      from (select organisation_id, ${bucket} as bucket, combination_id, ${name}_bin as bin, count(*) as calls
        from counted where ${name}_bin is not null group by 1, 2, 3, 4) as bins group by 1, 2, 3) as ${name}_of`;
  return `insert into usage_${grain} (organisation_id, cube, bucket, combination_id, ${figureNames.join(", ")}, ${sketchNames.join(", ")})
    select sums.*, ${sketchNames.map((name) => `coalesce(${name}_of.sketch, '')`).join(", ")}
    from (select organisation_id, ${cube.number}, ${bucket} as bucket, combination_id, ${figureNames.map((figure) => `sum(${figure}_counted)::bigint`).join(", ")}
      from counted group by 1, 2, 3, 4) as sums
    ${sketchNames.map((name) => `left join ${sketchOf(name)} using (organisation_id, bucket, combination_id)`).join("\n    ")}`;
}
