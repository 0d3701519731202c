/**
 * The columns of the exports: documented in docs/chargeback.md, and a promise. New ones come at the end; none is renamed, moved
 * or taken away. Every value is text: amounts are whole numbers of 64 bits, which JSON has no numbers for. Empty: not known, or
 * there was none.
 */

/** Of usage_event as `e`, and of the names joined to it: see read-export.ts. Keys, but for `tags`, go out as they are. */
const tokenColumns = [
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "cache_write_one_hour_tokens",
  "reasoning_tokens",
  "audio_input_tokens",
  "audio_output_tokens",
  "image_input_tokens",
  "image_output_tokens",
] as const;

const instant = (expression: string) => `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
/** Dollars with nine decimal places, exactly. */
const dollars = (nanodollars: string) => `to_char(${nanodollars} / 1000000000.0, 'FM999999999990.000000000')`;

/** One row for each call. */
export const callColumns: Readonly<Record<string, string>> = {
  call_id: "e.call_id::text",
  started_at: instant("e.started_at"),
  organisation_id: "e.organisation_id::text",
  organisation_key: "organisation.key",
  project_id: "e.project_id",
  project_key: "project.key",
  api_key_id: "e.api_key_id",
  api_key_name: "api_key.name",
  end_user_hash: "e.end_user_hash",
  route_name: "e.route_name",
  provider_id: "e.provider_id",
  provider_key: "provider.key",
  backend_id: "e.backend_id",
  backend_key: "backend.key",
  model_asked: "e.model_asked",
  model_served: "e.model_served",
  outcome: "e.outcome",
  ...Object.fromEntries(tokenColumns.map((column) => [column, `e.${column}::text`])),
  usage_estimated: "e.usage_estimated::text",
  price_version: "nullif(e.price_version, 0)::text",
  discount_basis_points: "e.discount_basis_points::text",
  cost_nanodollars: "e.cost_nanodollars::text",
  cost_usd: dollars("e.cost_nanodollars"),
  tags: "e.tags::text",
  recorded_at: instant("e.recorded_at"),
};

/** What the calls of a day have in common, in the order in which rows come. */
export const dayKeys = ["project_id", "api_key_id", "route_name", "provider_id", "backend_id", "model_served", "price_version"] as const;

/** One row for each day and what its calls have in common. */
export const dayColumns: Readonly<Record<string, string>> = {
  day: "e.day",
  organisation_id: "e.organisation_id::text",
  organisation_key: "organisation.key",
  project_id: "e.project_id",
  project_key: "project.key",
  api_key_id: "e.api_key_id",
  api_key_name: "api_key.name",
  route_name: "e.route_name",
  provider_id: "e.provider_id",
  provider_key: "provider.key",
  backend_id: "e.backend_id",
  backend_key: "backend.key",
  model_served: "e.model_served",
  price_version: "nullif(e.price_version, 0)::text",
  calls: "e.calls::text",
  unpriced_calls: "e.unpriced_calls::text",
  ...Object.fromEntries(tokenColumns.map((column) => [column, `e.${column}::text`])),
  cost_nanodollars: "e.cost_nanodollars::text",
  cost_usd: dollars("e.cost_nanodollars"),
};

/** What is summed up for a day. */
export const daySums = [
  "count(*) as calls",
  "count(*) filter (where input_tokens is not null and cost_nanodollars is null) as unpriced_calls",
  ...tokenColumns.map((column) => `coalesce(sum(${column}), 0) as ${column}`),
  "coalesce(sum(cost_nanodollars), 0) as cost_nanodollars",
].join(", ");

/** Names of now: they may have changed since the call, ids have not. */
export const names = `
  left join organisation on organisation.id = e.organisation_id
  left join project on project.id::text = e.project_id
  left join api_key on api_key.id::text = e.api_key_id
  left join provider on provider.id::text = e.provider_id
  left join backend on backend.id::text = e.backend_id`;
