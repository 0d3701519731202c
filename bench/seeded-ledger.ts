/**
 * A ledger of some size, made by the database itself: calls of a month by day and night, of one large organisation and one
 * small, with the skew that calls have. The same from run to run. Its sums are made anew from it, which writes what calls that
 * came one by one would have written (test/ledger holds the one against the other).
 */
import type { Database, EntityManager } from "../control-plane/database/orm.ts";
import { figureNames, sketchNames } from "../control-plane/usage/cubes.ts";
import { rebuildRollUps } from "../control-plane/usage/rebuild-roll-ups.ts";

const dayMs = 86_400_000;
const statementMs = 600_000;
/** Of the last day. */
const lastHours = 16;

export interface SeededLedger {
  readonly organisationId: string;
  readonly smallOrganisationId: string;
  readonly rows: number;
  readonly days: number;
  /** The last day's midnight; calls were made up to two thirds of it. */
  readonly lastDay: Date;
}

/**
 * The first day is drawn, those after it are the same calls a day later; the last is not over. What is copied goes into tables that get their indexes afterwards, on two connections.
 * @param progress is told of each step.
 */
export async function seedLedger(database: Database, ledger: SeededLedger, progress: (text: string) => void): Promise<void> {
  const first = new Date(ledger.lastDay.getTime() - (ledger.days - 1) * dayMs);
  const at = (day: number) => new Date(first.getTime() + day * dayMs);
  const work = (statements: readonly string[]) => inOne(database, (em) => each(em, statements));
  await work([madeDay("usage_event", first), madeDay("usage_minute", first), callsOfDay(ledger, first)]);
  await inOne(database, (em) => rebuildRollUps(em, { from: first, until: at(1) }));
  progress("the first day is drawn");
  await work(copied.flatMap(({ table, indexes }) => indexes.map(({ name }) => without(table, name))));
  const waiting = Array.from({ length: Math.max(0, ledger.days - 1) }, (_, index) => index + 1);
  const lane = async () => {
    for (let day = waiting.shift(); day !== undefined; day = waiting.shift())
      await work(sameCallsLater(first, day, day === ledger.days - 1 ? lastHours : 24));
  };
  await Promise.all([lane(), lane()]);
  progress("the days after it are the same");
  await Promise.all(copied.map(({ indexes }) => work(indexes.map(({ made }) => made))));
  await work(["analyze"]);
  progress("sums have their indexes again");
}

const each = async (em: EntityManager, statements: readonly string[]): Promise<void> => {
  for (const statement of statements) await em.execute(statement);
};

const inOne = (database: Database, work: (em: EntityManager) => Promise<void>): Promise<void> =>
  database.system(async (em) => {
    await em.execute(`set local statement_timeout = ${statementMs}`);
    await em.execute(`set local lock_timeout = ${statementMs}`);
    await work(em);
  });

const copied = ["usage_hour", "usage_day"].map((table) => ({
  table,
  indexes: [
    { name: `${table}_pkey`, made: `alter table ${table} add primary key (organisation_id, combination_id, bucket)` },
    { name: `${table}_listed`, made: `create index ${table}_listed on ${table} (organisation_id, cube, bucket)` },
  ],
}));
const without = (table: string, index: string): string =>
  index.endsWith("_pkey") ? `alter table ${table} drop constraint ${index}` : `drop index ${index}`;

const dateOf = (day: Date): string => day.toISOString().slice(0, 10);
const madeDay = (parent: string, day: Date): string => `select make_day_partition('${parent}', '${dateOf(day)}')`;

function sameCallsLater(first: Date, days: number, hours: number): readonly string[] {
  const before = (time: string) => `${time} < '${new Date(first.getTime() + hours * 3_600_000).toISOString()}'`;
  const day = new Date(first.getTime() + days * dayMs);
  const name = (parent: string, of: Date) => `${parent}_${dateOf(of).replaceAll("-", "")}`;
  const later = (time: string) => `${time} + interval '${days} days'`;
  const columns = ledgerColumns.join(", ");
  const id = `overlay(replace(call_id::text, '-', '') placing lpad(to_hex((extract(epoch from started_at) * 1000)::bigint + ${days * dayMs}), 12, '0') from 1 for 12)::uuid`;
  const sums = ["combination_id", ...figureNames, ...sketchNames].join(", ");
  const sameSums = (to: string, from: string) =>
    `insert into ${to} (organisation_id, cube, bucket, ${sums}) select organisation_id, cube, ${later("bucket")}, ${sums} from ${from}`;
  /** A day's table by itself gets its indexes as it becomes one of its parent's. */
  const partition = (parent: string, filled: (table: string) => string) => [
    // One that was made ahead is empty.
    `drop table if exists ${name(parent, day)}`,
    `create table ${name(parent, day)} (like ${parent} including defaults)`,
    filled(name(parent, day)),
    `do $$ begin execute format('alter table ${parent} attach partition ${name(parent, day)} for values from (%L) to (%L)',
       day_bound('${parent}', '${dateOf(day)}'), day_bound('${parent}', '${dateOf(new Date(day.getTime() + dayMs))}')); end $$`,
    `select wall_around('${name(parent, day)}')`,
  ];
  return [
    ...partition(
      "usage_event",
      (table) =>
        `insert into ${table} (call_id, started_at, ${columns}) select ${id}, ${later("started_at")}, ${columns} from ${name("usage_event", first)} where ${before("started_at")}`,
    ),
    ...partition("usage_minute", (table) => `${sameSums(table, name("usage_minute", first))} where ${before("bucket")}`),
    `${sameSums("usage_hour", "usage_hour")} where bucket >= '${first.toISOString()}' and ${before("bucket")}`,
    `insert into usage_day (organisation_id, cube, bucket, ${sums})
      select organisation_id, cube, timestamptz '${day.toISOString()}', combination_id, ${figureNames.map((figure) => `sum(${figure})`).join(", ")},
        ${sketchNames.map((sketch) => `string_agg(${sketch}, '')`).join(", ")}
      from usage_hour where bucket >= '${first.toISOString()}' and ${before("bucket")} group by organisation_id, cube, combination_id`,
  ];
}

const ledgerColumns =
  "node_id organisation_id project_id api_key_id end_user_hash route_id route_name ingress streamed attempts backend_id provider_id model_asked model_served prompt_id prompt_version exposure input_tokens output_tokens cache_read_tokens cache_write_tokens reasoning_tokens usage_estimated usage_raw cost_nanodollars price_version duration_ms time_to_first_token_ms outcome error_reason finish_reason cache config_epoch config_number tags request_id".split(
    " ",
  );

/** Twelve hex digits of a number for an id of its kind. */
const id = (kind: string, number: string): string => `('0199${kind}-0000-7000-8000-' || lpad(to_hex((${number})::int), 12, '0'))`;

function callsOfDay({ organisationId, smallOrganisationId, rows, days }: SeededLedger, from: Date): string {
  const count = Math.round(rows / (days - 1 + lastHours / 24));
  return `insert into usage_event (call_id, node_id, started_at, organisation_id, project_id, api_key_id, end_user_hash, route_id, route_name,
      ingress, streamed, attempts, backend_id, provider_id, model_asked, model_served, prompt_id, prompt_version, exposure,
      input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, usage_estimated, usage_raw,
      cost_nanodollars, price_version, duration_ms, time_to_first_token_ms, outcome, error_reason, finish_reason, cache,
      config_epoch, config_number, tags, request_id)
    select (lpad(to_hex(ms), 12, '0') || '7' || substr(noise, 1, 3) || '8' || substr(noise, 4, 15))::uuid,
      'node-' || (i % 3), timestamptz 'epoch' + ms * interval '1 millisecond',
      case when i % 20 = 0 then '${smallOrganisationId}'::uuid else '${organisationId}'::uuid end,
      ${id("aaaa", "key % 12")}, ${id("bbbb", "key")}, encode(sha256(person::text::bytea), 'hex'), ${id("cccc", "route")}, 'route-' || route,
      case when route % 4 = 0 then 'grpc' else 'openai-chat' end, i % 3 <> 0,
      case when i % 50 = 0
        then jsonb_build_array(jsonb_build_object('backendId', ${id("dddd", "(backend + 1) % 10")}, 'result', 'UPSTREAM_UNAVAILABLE', 'durationMs', 12, 'httpStatus', 503), jsonb_build_object('backendId', ${id("dddd", "backend")}, 'result', 'ok', 'durationMs', took, 'httpStatus', 200))
        else jsonb_build_array(jsonb_build_object('backendId', ${id("dddd", "backend")}, 'result', 'ok', 'durationMs', took, 'httpStatus', 200)) end,
      case when denied then '' else ${id("dddd", "backend")} end, case when denied then '' else ${id("eeee", "backend % 4")} end,
      'route-' || route, case when denied then '' else 'model-' || backend end,
      case when route % 2 = 0 then ${id("ffff", "route")} else '' end, case when route % 2 = 0 then 1 + (i % 2)::int else 0 end,
      case when route % 6 = 0 then jsonb_build_object('experimentId', ${id("9999", "route")}, 'variantKey', (array['control', 'concise'])[1 + i % 2], 'unitType', 'end_user', 'unitHash', noise, 'bucket', 0.5, 'hashVersion', 2, 'forced', false) end,
      case when denied then null else 50 + (took * 7) % 3000 end, case when denied then null else took % 700 end,
      case when denied then null else (took * 3) % 900 end, case when denied then null else 0 end, case when denied then null else 0 end,
      case when denied then null else i % 40 = 0 end, case when denied then null else '{"prompt_tokens":812,"completion_tokens":97,"total_tokens":909}' end,
      case when denied or backend = 9 then null else took::bigint * 1700 end, 1 + backend, case when denied then 1 else took end,
      case when denied then null else took / 5 + 20 end,
      case when denied then 'denied' when i % 97 = 0 then 'upstream_error' when i % 211 = 0 then 'timeout' when i % 83 = 0 then 'cancelled' else 'ok' end,
      case when denied then 'RATE_LIMITED' when i % 97 = 0 then 'UPSTREAM_UNAVAILABLE' when i % 211 = 0 then 'UPSTREAM_TIMEOUT' when i % 83 = 0 then 'CANCELLED' else '' end,
      case when denied then '' when i % 9 = 0 then 'length' else 'stop' end, (array['off', 'miss', 'hit'])[1 + i % 3],
      '01990000-0000-7000-8000-000000000001', 100 + extract(hour from timestamptz 'epoch' + ms * interval '1 millisecond')::int / 6,
      jsonb_build_object('team', 'team-' || (key % 8)), case when i % 10 = 0 then 'request-' || noise else '' end
    from (select *, (person % 60) as key, ((person % 60) * 5 + (random() ^ 2 * 4)::int) % 24 as route, md5(i::text || '${from.toISOString()}') as noise, i % 31 = 0 as denied,
        (20 + 400 * exp(random() * 2.5))::int as took
      from (select i, (5000 * random() ^ 2)::int as person,
        ${from.getTime()} + (${dayMs} * (i + random()) / ${count + 1})::bigint as ms from generate_series(1, ${count}) as i) as drawn) as called,
      lateral (select (route + (i % 3)) % 10 as backend) as served`;
}
