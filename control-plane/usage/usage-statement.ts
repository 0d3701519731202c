/**
 * Questions and their plans as SQL: which groups have the most, and cells, a row for each step in time and each group. What is not
 * asked for is not summed: a sum costs as much as finding its row.
 */
import { type Cube, dimensions, type Figure, figures, type SketchName, sketches } from "./cubes.ts";
import { type Astray, daysOf, type Given, instantOf, parametersOf } from "./ledger-span.ts";
import type { Piece, UsagePlan } from "./plan-usage.ts";
import type { DimensionFilter, Grouping, UsageQuestion } from "./usage-question.ts";

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Groups by their values, in the order of groupBy. */
export type ChosenGroups = readonly (readonly string[])[];

export interface Asked {
  readonly question: UsageQuestion;
  readonly plan: UsagePlan;
  /** Of the time of the ledger's pieces. */
  readonly astray: Astray;
  /** Steps in time are told apart. */
  readonly byTime: boolean;
  readonly figures: readonly Figure[];
  readonly sketches: readonly SketchName[];
  /** Of the cube of tags, the tag whose rows are meant; undefined: the one that the question names. */
  readonly tag?: string;
}

/** The groups with the most of what is ordered by, first. They are named to the next statement, which is planned for them. */
export function rankingStatement(asked: Asked): Statement {
  const { orderBy, limit } = asked.question;
  const { parameters, given } = parametersOf();
  const groups = groupsOf(asked.question).join(", ");
  const sql = `select ${groups} from (${factsOf({ ...asked, byTime: false, figures: [orderBy], sketches: [] }, given)}) as facts
    group by ${groups} order by sum(${orderBy}) desc, ${groups} limit ${limit}`;
  return { sql, parameters };
}

/** @param chosen only these groups; undefined: all that there are. */
export function cellsStatement(asked: Asked, chosen: ChosenGroups | undefined): Statement {
  const writing = parametersOf();
  const groups = groupsOf(asked.question);
  const by = [...(asked.byTime ? ["at"] : []), ...groups];
  const wanted = chosen === undefined ? [] : isChosen(asked, chosen, writing.given);
  const sums = [
    ...asked.figures.map((figure) => `sum(${figure})::text as ${figure}`),
    ...asked.sketches.map((sketch) => `string_agg(${sketch}, '') as ${sketch}`),
  ];
  const at = asked.byTime ? "(extract(epoch from at) * 1000)::bigint::text as at_ms" : "null as at_ms";
  const sql = `select ${[at, ...groups, ...sums].join(", ")} from (${factsOf(asked, writing.given)}) as facts
    ${wanted.length === 0 ? "" : `where ${wanted.join(" and ")}`} ${by.length === 0 ? "" : `group by ${by.join(", ")}`}`;
  return { sql, parameters: writing.parameters };
}

const groupsOf = ({ groupBy }: UsageQuestion): readonly string[] => groupBy.map((_, index) => `g${index + 1}`);

/** Each column by itself too, which the planner has figures about. */
function isChosen(asked: Asked, chosen: ChosenGroups, given: Given): readonly string[] {
  const groups = groupsOf(asked.question);
  const columns = groups.map((_, index) => given([...new Set(chosen.map((values) => values[index] ?? ""))], "text[]"));
  const alone = groups.map((group, index) => `${group} = any(${columns[index]})`);
  if (groups.length === 1) return alone;
  const rows = groups.map((_, index) =>
    given(
      chosen.map((values) => values[index] ?? ""),
      "text[]",
    ),
  );
  return [...alone, `(${groups.join(", ")}) in (select * from unnest(${rows.join(", ")}))`];
}

function factsOf(asked: Asked, given: Given): string {
  const { pieces, cube } = asked.plan;
  const facts: string[] = [];
  for (const [source, own] of Map.groupBy(pieces, (piece) => piece.source)) {
    if (source === "ledger") facts.push(...ledgerFacts(asked, own, given));
    // Each by itself is a range of an index; many together are read at once.
    else if (cube !== undefined && own.length <= rangesMax) facts.push(...own.map((piece) => rollUpFacts(asked, cube, [piece], given)));
    else if (cube !== undefined) facts.push(rollUpFacts(asked, cube, own, given));
  }
  return facts.length === 0 ? noFacts(asked) : facts.join("\n union all ");
}

const rangesMax = 3;

function rollUpFacts(asked: Asked, cube: Cube, pieces: readonly Piece[], given: Given): string {
  const { question } = asked;
  const source = pieces[0]?.source;
  const conditions = conditionsOf(question.filter, cube.tags ? "tags" : "cube", given);
  const groups = question.groupBy.map((grouping, index) => `${"tag" in grouping ? "tag_value" : grouping.dimension} as g${index + 1}`);
  // Without the combination's columns there is nothing to join for.
  const joined = groups.length > 0 || conditions.length > 0 || cube.tags;
  const where = [
    `sums.cube = ${cube.number}`,
    ...(joined ? [`combination.cube = ${cube.number}`] : []),
    within("bucket", pieces, given),
    ...(cube.tags ? [`tag_name = ${given(asked.tag ?? tagOf(question), "text")}`] : []),
    ...conditions,
  ];
  // A day of UTC may belong to a step that begins after it did: its noon does not.
  const timeIn = (): string =>
    source === "day" ? `greatest(bucket + interval '12 hours', ${given(question.range.since.toISOString(), "timestamptz")})` : "bucket";
  const columns = [...stepOf(asked, timeIn, given), ...groups, ...asked.figures, ...asked.sketches];
  return `select ${columns.join(", ")}
    from usage_${source} as sums ${joined ? "join usage_combination as combination on combination.organisation_id = sums.organisation_id and combination.id = sums.combination_id" : ""}
    where ${where.join(" and ")}`;
}

function ledgerFacts(asked: Asked, pieces: readonly Piece[], given: Given): readonly string[] {
  const { question } = asked;
  const conditions = conditionsOf(question.filter, "ledger", given);
  const columns = [
    ...stepOf(asked, () => "started_at", given),
    ...question.groupBy.map((grouping, index) => `${ledgerValueOf(grouping, given)} as g${index + 1}`),
    ...asked.figures.map((figure) => `(${figures[figure].ledger})::bigint as ${figure}`),
    ...asked.sketches.map(
      (sketch) =>
        `case when ${sketches[sketch].ledger} is null then '' else sketch_entries(latency_bin(${sketches[sketch].ledger}), 1) end as ${sketch}`,
    ),
  ];
  return pieces.map((piece) => {
    const where = [daysOf(piece, asked.astray, given), within("started_at", [piece], given), ...conditions];
    return `select ${columns.join(", ")} from usage_event where ${where.join(" and ")}`;
  });
}

const within = (time: string, pieces: readonly Piece[], given: Given): string => {
  const ranges = pieces.map(
    ({ fromMs, untilMs }) =>
      `${time} >= ${given(instantOf(fromMs), "timestamptz")} and ${time} < ${given(instantOf(untilMs), "timestamptz")}`,
  );
  return ranges.length === 1 ? ranges.join() : `(${ranges.map((range) => `(${range})`).join(" or ")})`;
};

const stepOf = ({ byTime, question: { granularity, timeZone } }: Asked, time: () => string, given: Given): readonly string[] =>
  byTime && granularity !== undefined ? [`date_trunc('${granularity}', ${time()}, ${given(timeZone, "text")}) as at`] : [];

const ledgerValueOf = (grouping: Grouping, given: Given): string =>
  "tag" in grouping ? `coalesce(tags->>${given(grouping.tag, "text")}, '')` : dimensions[grouping.dimension].ledger;

/** Of a question that the cube of tags answers: the one tag that it names. */
export function tagOf({ groupBy, filter }: Pick<UsageQuestion, "groupBy" | "filter">): string {
  const [tag] = [
    ...groupBy.flatMap((grouping) => ("tag" in grouping ? [grouping.tag] : [])),
    ...(filter.tags ?? []).map(({ name }) => name),
  ];
  return tag ?? "";
}

/** For rows of the ledger, or for combinations: of a cube, or of the cube of tags. */
export function conditionsOf(filter: DimensionFilter, of: "ledger" | "cube" | "tags", given: Given): readonly string[] {
  const conditions: string[] = [];
  for (const [name, form] of Object.entries(dimensions)) {
    const values = filter[name as keyof typeof dimensions];
    if (values != null) conditions.push(`${of === "ledger" ? form.ledger : name} = any(${given([...values], "text[]")})`);
  }
  for (const { name, values } of filter.tags ?? [])
    conditions.push(
      `${of === "tags" ? "tag_value" : `coalesce(tags->>${given(name, "text")}, '')`} = any(${given([...values], "text[]")})`,
    );
  return conditions;
}

const noFacts = (asked: Asked): string =>
  `select ${[
    ...(asked.byTime ? ["null::timestamptz as at"] : []),
    ...groupsOf(asked.question).map((group) => `'' as ${group}`),
    ...asked.figures.map((figure) => `0::bigint as ${figure}`),
    ...asked.sketches.map((sketch) => `''::bytea as ${sketch}`),
  ].join(", ")} where false`;
