/** What a period comes to: by the ledger, which is the truth, and by the roll-ups, which must say the same. */
import type { EntityManager } from "../database/orm.ts";
import { ceiling, whole } from "../usage/bucket-sql.ts";
import { totalsCube } from "../usage/cubes.ts";
import type { Period } from "./period.ts";

export interface PeriodTotals {
  readonly calls: bigint;
  /** Their tokens are known and their price is not. */
  readonly unpricedCalls: bigint;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  readonly costNanodollars: bigint;
}

/** A month of some millions of calls is read in seconds. */
const statementMs = 60_000;

const ledgerSums = `count(*) as calls, count(*) filter (where input_tokens is not null and cost_nanodollars is null) as unpriced,
  coalesce(sum(input_tokens), 0) as input, coalesce(sum(output_tokens), 0) as output, coalesce(sum(cost_nanodollars), 0) as cost`;

/** Whose id tells another hour than their start are listed beside the ledger: see usage/ledger-span.ts. */
const ledgerStatement = `select ${ledgerSums} from (
    select e.* from usage_event as e, b where organisation_id = b.id and started_at >= first and started_at < beyond
      and call_id >= ids_from and call_id < ids_until
    union all
    select e.* from b join usage_event_astray as a on a.organisation_id = b.id and a.started_at >= first and a.started_at < beyond
      join usage_event as e on e.call_id = a.call_id where not (a.call_id >= ids_from and a.call_id < ids_until)) as calls`;

const rolledUp = (table: string, range: string): string => `select calls, unpriced_calls as unpriced,
    input_tokens as input, output_tokens as output, cost_nanodollars as cost
  from ${table}, b where organisation_id = b.id and cube = ${totalsCube.number} and ${range}`;

/** Whole days and hours from the roll-ups; what a period has beyond them, which is less than an hour at each end, from the ledger. */
const rollUpStatement = `select coalesce(sum(calls), 0) as calls, coalesce(sum(unpriced), 0) as unpriced, coalesce(sum(input), 0) as input,
    coalesce(sum(output), 0) as output, coalesce(sum(cost), 0) as cost
  from (
    ${rolledUp("usage_day", "bucket >= day_from and bucket < day_until")}
    union all
    ${rolledUp("usage_hour", "bucket >= hour_from and bucket < hour_until and not (bucket >= day_from and bucket < day_until)")}
    union all
    select ${ledgerSums} from usage_event, b where (first < hour_from or hour_until < beyond) and organisation_id = b.id
      and ((started_at >= first and started_at < hour_from) or (started_at >= hour_until and started_at < beyond))
  ) as parts`;

export const ledgerTotals = async (em: EntityManager, organisationId: string, period: Period): Promise<PeriodTotals> =>
  (await totals(em, organisationId, period, [ledgerStatement]))[0] ?? nothing;

/** In one statement, which sees one moment: calls that come meanwhile are in neither. */
export async function bothTotals(
  em: EntityManager,
  organisationId: string,
  period: Period,
): Promise<{ readonly ledger: PeriodTotals; readonly rollUps: PeriodTotals }> {
  const [ledger = nothing, rollUps = nothing] = await totals(em, organisationId, period, [ledgerStatement, rollUpStatement]);
  return { ledger, rollUps };
}

async function totals(
  em: EntityManager,
  organisationId: string,
  { start, end }: Period,
  statements: readonly string[],
): Promise<readonly PeriodTotals[]> {
  await em.execute(`set local statement_timeout = ${statementMs}`);
  const rows = await em.execute<Row[]>(
    `with given as (select ?::uuid as id, ?::timestamptz as first, ?::timestamptz as beyond),
      b as (select *, ${ceiling("hour", "first")} as hour_from, ${whole("hour", "beyond")} as hour_until,
        ${ceiling("day", "first")} as day_from, ${whole("day", "beyond")} as day_until,
        call_id_at(first - interval '1 hour') as ids_from, call_id_at(beyond + interval '1 hour') as ids_until from given)
     ${statements.map((statement, place) => `select ${place} as place, ${texts} from (${statement}) as sums`).join(" union all ")}
     order by place`,
    [organisationId, start.toISOString(), end.toISOString()],
  );
  return rows.map(totalsOf);
}

export const agree = (one: PeriodTotals, other: PeriodTotals): boolean =>
  one.calls === other.calls &&
  one.unpricedCalls === other.unpricedCalls &&
  one.inputTokens === other.inputTokens &&
  one.outputTokens === other.outputTokens &&
  one.costNanodollars === other.costNanodollars;

type Row = Readonly<Record<"calls" | "unpriced" | "input" | "output" | "cost", string>>;
const texts = ["calls", "unpriced", "input", "output", "cost"].map((name) => `${name}::text as ${name}`).join(", ");

const totalsOf = (row: Row): PeriodTotals => ({
  calls: BigInt(row.calls),
  unpricedCalls: BigInt(row.unpriced),
  inputTokens: BigInt(row.input),
  outputTokens: BigInt(row.output),
  costNanodollars: BigInt(row.cost),
});

const nothing: PeriodTotals = { calls: 0n, unpricedCalls: 0n, inputTokens: 0n, outputTokens: 0n, costNanodollars: 0n };
