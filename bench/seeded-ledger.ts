/**
 * A ledger of some size, made by the database itself: calls of a month by day and night, of one large organisation and one
 * small, with the skew that calls have. The same from run to run. Its sums are made anew from it, which writes what calls that
 * came one by one would have written (test/ledger holds the one against the other).
 */
import type { Database } from "../control-plane/database/orm.ts";
import { figureNames, sketchNames } from "../control-plane/usage/cubes.ts";
import { rebuildRollUps } from "../control-plane/usage/rebuild-roll-ups.ts";

const dayMs = 86_400_000;
const statementMs = 600_000;

export interface SeededLedger {
  readonly organisationId: string;
  readonly smallOrganisationId: string;
  readonly rows: number;
  readonly days: number;
  /** The last day's midnight; calls were made up to two thirds of it. */
  readonly lastDay: Date;
}

/**
 * The first day is drawn, those after it are the same calls a day later; the last is drawn again, because it is not over.
 * @param progress is told of each day.
 */
export async function seedLedger(database: Database, ledger: SeededLedger, progress: (text: string) => void): Promise<void> {
  const first = new Date(ledger.lastDay.getTime() - (ledger.days - 1) * dayMs);
  for (let day = 0; day < ledger.days; day++) {
    const from = new Date(first.getTime() + day * dayMs);
    await database.system(async (em) => {
      await em.execute(`set local statement_timeout = ${statementMs}`);
      for (const parent of ["usage_event", "usage_minute"])
        await em.execute("select make_day_partition(?, ?::date)", [parent, from.toISOString().slice(0, 10)]);
      const isLast = day === ledger.days - 1;
      if (day > 0 && !isLast) {
        for (const statement of sameCallsLater(first, day)) await em.execute(statement);
        return;
      }
      await em.execute(callsOfDay(ledger, from, isLast ? 0.66 : 1));
      await rebuildRollUps(em, { from, until: new Date(from.getTime() + dayMs) });
    });
    progress(`${from.toISOString().slice(0, 10)} is in the ledger`);
  }
  await database.orm.em.fork().execute("analyze");
}

function sameCallsLater(first: Date, days: number): readonly string[] {
  const day = `>= '${first.toISOString()}' and %< '${new Date(first.getTime() + dayMs).toISOString()}'`;
  const within = (time: string) => `${time} ${day.replace("%", `${time} `)}`;
  const later = (time: string) => `${time} + interval '${days} days'`;
  const columns = ledgerColumns.join(", ");
  const id = `overlay(replace(call_id::text, '-', '') placing lpad(to_hex((extract(epoch from started_at) * 1000)::bigint + ${days * dayMs}), 12, '0') from 1 for 12)::uuid`;
  return [
    `insert into usage_event (call_id, started_at, ${columns}) select ${id}, ${later("started_at")}, ${columns} from usage_event where ${within("started_at")}`,
    ...["minute", "hour", "day"].map(
      (
        grain,
      ) => `insert into usage_${grain} select organisation_id, cube, ${later("bucket")}, ${["combination_id", ...figureNames, ...sketchNames].join(", ")}
        from usage_${grain} where ${within("bucket")}`,
    ),
  ];
}

const ledgerColumns =
  "node_id organisation_id project_id api_key_id end_user_hash route_id route_name ingress streamed attempts backend_id provider_id model_asked model_served prompt_id prompt_version exposure input_tokens output_tokens cache_read_tokens cache_write_tokens reasoning_tokens usage_estimated usage_raw cost_nanodollars price_version duration_ms time_to_first_token_ms outcome error_reason finish_reason cache config_epoch config_number tags request_id".split(
    " ",
  );

/** Twelve hex digits of a number for an id of its kind. */
const id = (kind: string, number: string): string => `('0199${kind}-0000-7000-8000-' || lpad(to_hex((${number})::int), 12, '0'))`;

function callsOfDay({ organisationId, smallOrganisationId, rows, days }: SeededLedger, from: Date, share: number): string {
  const count = Math.round((rows / days) * share);
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
        ${from.getTime()} + (${dayMs * share} * (i + random()) / ${count + 1})::bigint as ms from generate_series(1, ${count}) as i) as drawn) as called,
      lateral (select (route + (i % 3)) % 10 as backend) as served`;
}
