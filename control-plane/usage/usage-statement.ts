/**
 * A question and its plan as one SQL statement: one, so that all of its sums are of one instant. It answers cells, a row for
 * each point in time and group, with the groups beyond the limit as one; all other sums are made of these.
 */
import { dimensions, type Figure, figureNames, figures, type SketchName, sketches, sketchNames } from "./cubes.ts";
import type { Piece, UsagePlan } from "./plan-usage.ts";
import type { DimensionFilter, Granularity, Grouping, UsageQuestion } from "./usage-question.ts";

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Groups that were chosen before, as for the period before: their values, in the order of groupBy. */
export type ChosenGroups = readonly (readonly string[])[];

export function usageStatement(question: UsageQuestion, { cube, pieces }: UsagePlan, chosen: ChosenGroups | undefined): Statement {
  const parameters: unknown[] = [];
  const given = (value: unknown, type: string): string => `$${parameters.push(value)}::${type}`;
  const groups = question.groupBy.map((_, index) => `g${index + 1}`);
  const wanted = question.latencies ? sketchNames : [];
  const facts = pieces.map((piece) => {
    const inLedger = piece.source === "ledger";
    const conditions = conditionsOf(question.filter, cube?.tags === true && !inLedger, inLedger, given);
    return inLedger
      ? ledgerFacts(question, piece, conditions, wanted, given)
      : rollUpFacts(question, piece, cube?.number ?? 0, cube?.tags === true, conditions, wanted, given);
  });
  const sums = figureNames.map((figure) => `sum(${figure}) as ${figure}`);
  const added = wanted.map((sketch) => `string_agg(${sketch}, '') as ${sketch}`);
  const by = ["at", ...groups].join(", ");
  const isRanked = groups.length === 0 ? "true" : `(${groups.join(", ")}) in (select ${groups.join(", ")} from ranked)`;
  const kept = groups.map((group) => `case when ranked then ${group} else '' end as ${group}`);
  const sql = `with facts as (${facts.length === 0 ? noFacts(groups, wanted) : facts.join("\n union all ")}),
    cells as materialized (select ${[by, ...sums, ...added].join(", ")} from facts group by ${by})
    ${groups.length === 0 ? "" : `, ranked as (${rankedGroups(groups, question, chosen, given)})`},
    marked as (select *, ${isRanked} as ranked from cells)
    select ranked, (extract(epoch from at) * 1000)::bigint::text as at_ms, ${[...kept, ...figureNames.map((figure) => `sum(${figure})::text as ${figure}`), ...added].join(", ")}
    from marked group by ${["ranked", "at", ...groups.map((group) => `case when ranked then ${group} else '' end`)].join(", ")}`;
  return { sql, parameters };
}

type Given = (value: unknown, type: string) => string;

function rankedGroups(
  groups: readonly string[],
  { orderBy, limit }: UsageQuestion,
  chosen: ChosenGroups | undefined,
  given: Given,
): string {
  if (chosen !== undefined)
    return `select * from unnest(${groups
      .map((_, index) =>
        given(
          chosen.map((values) => values[index] ?? ""),
          "text[]",
        ),
      )
      .join(", ")}) as chosen (${groups.join(", ")})`;
  return `select ${groups.join(", ")} from cells group by ${groups.join(", ")} order by sum(${orderBy}) desc, ${groups.join(", ")} limit ${limit}`;
}

function rollUpFacts(
  question: UsageQuestion,
  { source, fromMs, untilMs }: Piece,
  cube: number,
  tags: boolean,
  conditions: readonly string[],
  wanted: readonly SketchName[],
  given: Given,
): string {
  const groups = question.groupBy.map((grouping, index) => `${"tag" in grouping ? "tag_value" : grouping.dimension} as g${index + 1}`);
  const tagName = tags ? [`tag_name = ${given(tagOf(question), "text")}`] : [];
  const where = [
    `sums.cube = ${cube}`,
    `bucket >= ${given(new Date(fromMs).toISOString(), "timestamptz")}`,
    `bucket < ${given(new Date(untilMs).toISOString(), "timestamptz")}`,
    ...tagName,
    ...conditions,
  ];
  // Without the combination's columns there is nothing to join for.
  const joins = groups.length > 0 || conditions.length > 0 || tags;
  return `select ${[`${pointOf(question.granularity, "bucket")} as at`, ...groups, ...figureNames, ...wanted].join(", ")}
    from usage_${source} as sums ${joins ? "join usage_combination as combination on combination.organisation_id = sums.organisation_id and combination.id = sums.combination_id" : ""}
    where ${where.join(" and ")}`;
}

function ledgerFacts(
  question: UsageQuestion,
  { fromMs, untilMs }: Piece,
  conditions: readonly string[],
  wanted: readonly SketchName[],
  given: Given,
): string {
  const groups = question.groupBy.map((grouping, index) => `${ledgerValueOf(grouping, given)} as g${index + 1}`);
  const from = given(new Date(fromMs).toISOString(), "timestamptz");
  const until = given(new Date(untilMs).toISOString(), "timestamptz");
  const columns = [
    `${pointOf(question.granularity, "started_at")} as at`,
    ...groups,
    ...figureNames.map((figure: Figure) => `(${figures[figure].ledger})::bigint as ${figure}`),
    ...wanted.map(
      (sketch) =>
        `case when ${sketches[sketch].ledger} is null then '' else sketch_entries(latency_bin(${sketches[sketch].ledger}), 1) end as ${sketch}`,
    ),
  ];
  return `select ${columns.join(", ")} from usage_event where ${[`started_at >= ${from}`, `started_at < ${until}`, ...conditions].join(" and ")}`;
}

const ledgerValueOf = (grouping: Grouping, given: Given): string =>
  "tag" in grouping ? `coalesce(tags->>${given(grouping.tag, "text")}, '')` : dimensions[grouping.dimension].ledger;

/** Of a question that the cube of tags answers: the one tag that it names. */
function tagOf({ groupBy, filter }: UsageQuestion): string {
  const [tag] = [
    ...groupBy.flatMap((grouping) => ("tag" in grouping ? [grouping.tag] : [])),
    ...(filter.tags ?? []).map(({ name }) => name),
  ];
  return tag ?? "";
}

/** For rows of the ledger, or for combinations. */
export function conditionsOf(filter: DimensionFilter, ofTagCube: boolean, ofLedger: boolean, given: Given): readonly string[] {
  const conditions: string[] = [];
  for (const [name, form] of Object.entries(dimensions)) {
    const values = filter[name as keyof typeof dimensions];
    if (values != null) conditions.push(`${ofLedger ? form.ledger : name} = any(${given([...values], "text[]")})`);
  }
  for (const { name, values } of filter.tags ?? [])
    conditions.push(`${ofTagCube ? "tag_value" : `coalesce(tags->>${given(name, "text")}, '')`} = any(${given([...values], "text[]")})`);
  return conditions;
}

const pointOf = (granularity: Granularity | undefined, time: string): string =>
  granularity === undefined ? "null::timestamptz" : `date_trunc('${granularity}', ${time}, 'UTC')`;

const noFacts = (groups: readonly string[], wanted: readonly SketchName[]): string =>
  `select ${["null::timestamptz as at", ...groups.map((group) => `'' as ${group}`), ...figureNames.map((figure) => `0::bigint as ${figure}`), ...wanted.map((sketch) => `''::bytea as ${sketch}`)].join(", ")} where false`;
