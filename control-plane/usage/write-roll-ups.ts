/**
 * Adds to the roll-ups, inside the transaction that writes the calls. One at a time over all control planes: each touches
 * the sums of the same minute, hour and day, and would wait for the other's rows in an order that neither chose.
 *
 * Latencies are added by writing the new sketch behind the old one. A sketch that has grown long that way is written anew.
 */
import { arrayParameter, executeBound } from "../database/bound-statement.ts";
import type { EntityManager } from "../database/orm.ts";
import { type Combination, columnsOf, cubes, dimensionNames, type Figure, figureNames, type Grain, grains } from "./cubes.ts";
import { compacted, sketchOf } from "./latency-sketch.ts";
import type { Addition } from "./roll-up.ts";

/** Any constant: who writes roll-ups, or makes them anew, holds it to the end of the transaction. */
export const rollUpLock = 7_361_605;
/** A sketch of every bin once has 501 bytes. */
const sketchBytesMax = 600;

export async function writeRollUps(em: EntityManager, additions: readonly Addition[]): Promise<void> {
  await em.execute(`select pg_advisory_xact_lock(${rollUpLock})`);
  await writeCombinations(em, [...new Set(additions.map(({ combination }) => combination))]);
  // Most calls have no sound, no images, no errors: what is 0 in all of them is neither sent nor added.
  const counted = figureNames.flatMap((figure, index) =>
    additions.some(({ figures }) => figures[index] !== 0) ? [{ figure, index }] : [],
  );
  const long = await executeBound<LongSketch>(em, additionStatement(counted.map(({ figure }) => figure)), [
    arrayParameter(additions.map(({ combination }) => combination.organisationId)),
    arrayParameter(additions.map(({ combination }) => combination.cube.number)),
    arrayParameter(additions.map(({ bucketMs }) => bucketMs)),
    arrayParameter(additions.map(({ combination }) => combination.id)),
    arrayParameter(additions.map(({ durations }) => sketchOf(durations).toString("base64"))),
    arrayParameter(additions.map(({ timesToFirstToken }) => sketchOf(timesToFirstToken).toString("base64"))),
    ...counted.map(({ index }) => arrayParameter(additions.map(({ figures }) => figures[index] ?? 0))),
  ]);
  for (const grain of grains)
    await compact(
      em,
      grain,
      long.filter((row) => row.grain === grain),
    );
}

/** Most are there already: to ask for ids is a tenth of the work. */
async function writeCombinations(em: EntityManager, combinations: readonly Combination[]): Promise<void> {
  const missing = await executeBound<{ place: number }>(
    em,
    `select place::integer from unnest($1::uuid[], $2::uuid[]) with ordinality as given (organisation_id, id, place)
      where not exists (select from usage_combination as kept where kept.organisation_id = given.organisation_id and kept.id = given.id)`,
    [arrayParameter(combinations.map(({ organisationId }) => organisationId)), arrayParameter(combinations.map(({ id }) => id))],
  );
  if (missing.length === 0) return;
  const written = missing.flatMap(({ place }) => combinations[place - 1] ?? []);
  await executeBound(
    em,
    combinationStatement,
    combinationColumns.map((column) => arrayParameter(written.map((combination) => cellOf(combination, column)))),
  );
}

const combinationColumns: readonly string[] = ["organisation_id", "id", "cube", ...dimensionNames, "tag_name", "tag_value"];
const combinationTypes: Readonly<Record<string, string>> = { organisation_id: "uuid", id: "uuid", cube: "smallint" };
const combinationStatement = `insert into usage_combination (${combinationColumns.join(", ")})
  select * from unnest(${combinationColumns.map((column, index) => `$${index + 1}::${combinationTypes[column] ?? "text"}[]`).join(", ")})
  on conflict (organisation_id, id) do nothing`;

function cellOf(combination: Combination, column: string): string | number | null {
  switch (column) {
    case "organisation_id":
      return combination.organisationId;
    case "id":
      return combination.id;
    case "cube":
      return combination.cube.number;
    default: {
      const index = columnsOf(combination.cube).indexOf(column);
      return index < 0 ? null : (combination.values[index] ?? null);
    }
  }
}

const keyColumns = ["organisation_id", "cube", "bucket", "combination_id"] as const;
const sketchColumns = ["durations", "times_to_first_token"] as const;

/** Additions stand at their cube's finest grain: minutes are written as they come, hours and days are their sums. */
function additionStatement(counted: readonly Figure[]): string {
  const types = ["uuid", "smallint", "bigint", "uuid", "text", "text", ...counted.map(() => "bigint")];
  const columns = [...keyColumns, ...sketchColumns, ...counted];
  return `with given as materialized (
    select organisation_id, cube, timestamptz 'epoch' + bucket * interval '1 millisecond' as bucket, combination_id,
      ${[...sketchColumns.map((sketch) => `decode(${sketch}, 'base64') as ${sketch}`), ...counted].join(", ")}
    from unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(", ")}) as given (${columns.join(", ")})),
    ${grains.map((grain) => `${grain}s as (${upsert(grain, counted)})`).join(",\n    ")}
    ${grains.map((grain) => `select '${grain}' as grain, * from ${grain}s where ${long}`).join(" union all ")}`;
}

const long = sketchColumns.map((sketch) => `octet_length(${sketch}) > ${sketchBytesMax}`).join(" or ");

function upsert(grain: Grain, counted: readonly Figure[]): string {
  const held = cubes.filter((cube) => cube.grains.includes(grain)).map(({ number }) => number);
  const bucket = `date_trunc('${grain}', bucket, 'UTC')`;
  const summed = [
    ...sketchColumns.map((sketch) => `string_agg(${sketch}, '')`),
    ...figureNames.map((figure) => (counted.includes(figure) ? `sum(${figure})::bigint` : "0")),
  ];
  return `insert into usage_${grain} as kept (${[...keyColumns, ...sketchColumns, ...figureNames].join(", ")})
      select organisation_id, cube, ${bucket}, combination_id, ${summed.join(", ")} from given
      where cube in (${held.join(", ")}) group by organisation_id, cube, ${bucket}, combination_id
      on conflict (organisation_id, combination_id, bucket) do update set
        ${counted.map((figure) => `${figure} = kept.${figure} + excluded.${figure}`).join(", ")},
        ${sketchColumns.map((sketch) => `${sketch} = kept.${sketch} || excluded.${sketch}`).join(", ")}
      returning organisation_id, cube, bucket::text, combination_id, durations, times_to_first_token`;
}

interface LongSketch {
  readonly grain: Grain;
  readonly organisation_id: string;
  readonly cube: number;
  readonly bucket: string;
  readonly combination_id: string;
  readonly durations: Buffer;
  readonly times_to_first_token: Buffer;
}

async function compact(em: EntityManager, grain: Grain, rows: readonly LongSketch[]): Promise<void> {
  if (rows.length === 0) return;
  await executeBound(
    em,
    `update usage_${grain} as kept set ${sketchColumns.map((sketch) => `${sketch} = decode(given.${sketch}, 'base64')`).join(", ")}
      from unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::uuid[], $5::text[], $6::text[])
        as given (${[...keyColumns, ...sketchColumns].join(", ")})
      where ${keyColumns.map((column) => `kept.${column} = given.${column}`).join(" and ")}`,
    [
      ...keyColumns.map((column) => arrayParameter(rows.map((row) => row[column]))),
      ...sketchColumns.map((sketch) => arrayParameter(rows.map((row) => compacted(row[sketch]).toString("base64")))),
    ],
  );
}
