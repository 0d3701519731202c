/**
 * The routes that the caller's key may call, in Anthropic's shape and in its pages. Source: the API reference, "List Models". What
 * the gateway does not know of a route (a line, a retirement, capabilities) is null, as the reference has it.
 */
import { GatewayError } from "../../gateway-error.ts";
import { backendsOf } from "../../pipeline/operation-tiers.ts";
import type { CompiledRoute } from "../../snapshot/compiled-route.ts";

const limitDefault = 20;
const limitMax = 1000;

/** @param routes sorted by name. @throws GatewayError INVALID_ARGUMENT naming the parameter. */
export function modelPage(routes: readonly CompiledRoute[], query: URLSearchParams): object {
  const limit = Number(query.get("limit") ?? limitDefault);
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) throw wrong("limit", `must be a whole number from 1 to ${limitMax}`);
  const after = query.get("after_id");
  const before = query.get("before_id");
  if (after !== null && before !== null) throw wrong("before_id", "cannot be said beside after_id");
  // By name and not by place: what was added or taken away between two pages moves nothing.
  const rest = routes.filter(({ name }) => (after === null || name > after) && (before === null || name < before));
  const page = before === null ? rest.slice(0, limit) : rest.slice(-limit);
  return {
    data: page.map(modelInfo),
    has_more: rest.length > page.length,
    first_id: page[0]?.name ?? null,
    last_id: page.at(-1)?.name ?? null,
  };
}

export const modelInfo = (route: CompiledRoute): object => ({
  type: "model",
  id: route.name,
  display_name: route.name,
  created_at: new Date(route.createdAtMs).toISOString(),
  lifecycle: "active",
  line: null,
  deprecated_at: null,
  retires_at: null,
  capabilities: null,
  max_input_tokens: null,
  max_tokens: outputTokensMaxOf(route),
});

/** What each of its backends can give, as far as the catalogue knows all of them. */
function outputTokensMaxOf(route: CompiledRoute): number | null {
  const limits = backendsOf(route).map(({ outputTokensMax }) => outputTokensMax ?? 0);
  return limits.length === 0 || limits.includes(0) ? null : Math.min(...limits);
}

const wrong = (field: string, what: string) => new GatewayError("INVALID_ARGUMENT", `${field} ${what}`, { field });
