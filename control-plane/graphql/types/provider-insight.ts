/** What tells a provider's credential from another, and when it was last of use. Imported for its side effects by schema.ts. */
import DataLoader from "dataloader";
import { credentialPlace } from "#agreements/provider-secrets.ts";
import { openSecret } from "#agreements/sealed-secret.ts";
import { arrayParameter, executeBound } from "../../database/bound-statement.ts";
import { type Provider as ProviderRow, tokenUrlOf } from "../../database/entities/provider.ts";
import type { ControlPlaneSettings } from "../../settings.ts";
import { answersCube } from "../../usage/cubes.ts";
import { builder } from "../builder.ts";
import { inOrganisation } from "../config-type.ts";
import type { GraphQLContext } from "../context.ts";
import { Provider } from "./provider.ts";

/** Of a shorter one four characters would be too much. */
const tellingLengthMin = 16;

builder.objectField(Provider, "credentialLastFour", (t) =>
  t.string({
    nullable: true,
    description: "Null: there is no credential, or it is short, a key file, or sealed with a key that this control plane does not have.",
    resolve: (row, _args, { services }) => lastFourOf(row, services.settings),
  }),
);

function lastFourOf(row: ProviderRow, { sealingKey }: Pick<ControlPlaneSettings, "sealingKey">): string | null {
  if (row.sealedCredential === "" || row.authentication.method === "google-service-account") return null;
  const { organisationId, id, baseUrl } = row;
  try {
    const place = credentialPlace({ organisationId, id, baseUrl, tokenUrl: tokenUrlOf(row.authentication) });
    const secret = openSecret(sealingKey, place, row.sealedCredential);
    return secret.length < tellingLengthMin ? null : secret.slice(-4);
  } catch {
    return null;
  }
}

builder.objectField(Provider, "lastCallAt", (t) =>
  t.field({
    type: "DateTime",
    nullable: true,
    description: "The hour in which the last call that it answered, or failed as the last to be tried, began. Null: there was none.",
    resolve: (row, _args, context) => lastCallsOf(context).load(row.id),
  }),
);

const loaders = new WeakMap<GraphQLContext, DataLoader<string, Date | null>>();

function lastCallsOf(context: GraphQLContext): DataLoader<string, Date | null> {
  const loader = loaders.get(context) ?? new DataLoader((ids) => readLastCalls(context, ids));
  loaders.set(context, loader);
  return loader;
}

/** Of each combination of the cube the newest hour is the last of its key, so that years of calls cost as much as a day's. */
async function readLastCalls(context: GraphQLContext, ids: readonly string[]): Promise<readonly (Date | null)[]> {
  const rows = await inOrganisation(context, (em) =>
    executeBound<{ id: string; at_ms: string | null }>(
      em,
      `select provider_id as id, floor(extract(epoch from max(newest.bucket)) * 1000)::bigint::text as at_ms
       from usage_combination as told, lateral (
         select bucket from usage_hour as hour
         where hour.organisation_id = told.organisation_id and hour.combination_id = told.id order by bucket desc limit 1) as newest
       where told.cube = ${answersCube.number} and told.provider_id = any($1::text[])
       group by provider_id`,
      [arrayParameter(ids)],
    ),
  );
  const byId = new Map(rows.map(({ id, at_ms }) => [id, at_ms === null ? null : new Date(Number(at_ms))]));
  return ids.map((id) => byId.get(id) ?? null);
}
