/** Finds models that answer calls for which no price is known, and tells of each once a day: what is not priced is on no bill. */
import type { EntityManager } from "../database/orm.ts";
import { answersCube } from "../usage/cubes.ts";
import { raiseAlert } from "./raise-alert.ts";

/** Looked back on: more than a node that could not send for a while is late. */
const windowMs = 15 * 60_000;

/** @returns how many alerts were raised. */
export async function findUnpriced(em: EntityManager, now: Date): Promise<number> {
  const rows = await em.execute<{ organisation_id: string; backend_id: string; model_served: string; calls: string }[]>(
    `select c.organisation_id::text as organisation_id, c.backend_id, c.model_served,
       sum(u.unpriced_calls)::text as calls
     from usage_minute as u join usage_combination as c on c.organisation_id = u.organisation_id and c.id = u.combination_id
     where u.cube = ${answersCube.number} and u.bucket >= ? and u.unpriced_calls > 0 and c.backend_id <> ''
     group by 1, 2, 3 order by 1, 2, 3 limit 1000`,
    [new Date(now.getTime() - windowMs).toISOString()],
  );
  let raised = 0;
  for (const { organisation_id: organisationId, backend_id: backendId, model_served: model, calls } of rows) {
    const id = await raiseAlert(em, {
      organisationId,
      at: now,
      type: "price.missing",
      occasion: `price ${backendId} ${model} ${now.toISOString().slice(0, 10)}`,
      data: { organisationId, backendId, model, calls },
    });
    if (id !== undefined) raised++;
  }
  return raised;
}
