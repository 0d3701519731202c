/** One loader for each kind and request: all rows that a level of a query points at cost one statement. */
import DataLoader from "dataloader";
import { type ConfigKind, type ConfigRow, configKinds } from "../database/config-kinds.ts";
import type { Database } from "../database/orm.ts";
import { findRows } from "./config-type.ts";
import type { GraphQLContext, Principal } from "./context.ts";

const batchMax = 500;

/** Without a principal nothing loads: there is no organisation to look in. */
export function openLoaders(database: Database, principal: Principal | undefined): GraphQLContext["loaders"] {
  const loaderOf = (kind: ConfigKind) =>
    new DataLoader<string, ConfigRow | undefined>(
      async (ids) => {
        if (principal === undefined) return ids.map(() => undefined);
        const rows = await database.tenant(principal.organisationId, (em) => findRows(em, kind, { id: { $in: [...ids] } }, {}));
        const byId = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => byId.get(id));
      },
      { maxBatchSize: batchMax },
    );
  // Each kind's loader gives that kind's rows: findRows asked its table.
  return Object.fromEntries(configKinds.map((kind) => [kind, loaderOf(kind)])) as unknown as GraphQLContext["loaders"];
}
