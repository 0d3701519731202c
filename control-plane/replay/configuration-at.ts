/**
 * The configuration as it was at a revision, resource by resource: what is there now, or what history says stood there then. Only
 * within the epoch, as with a restore.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type Resource, ResourceSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { NotFoundError, ValidationError } from "../control-error.ts";
import { type ConfigKind, isUuid, resourceKinds } from "../database/config-kinds.ts";
import { ConfigResource } from "../database/entities/config-resource.ts";
import { plainProvider } from "../database/entities/provider.ts";
import type { JsonObject } from "../database/entities/route.ts";
import type { EntityManager } from "../database/orm.ts";
import { compileResource } from "../snapshot/compile.ts";
import { rowOfImage } from "../snapshot/row-image.ts";

export type ResourceOf<Case extends Resource["resource"]["case"]> = Extract<Resource["resource"], { case: Case }>["value"];

export interface ConfigurationAt {
  /** "<number>" of the revision; null: now. */
  readonly number: bigint | null;
  /** undefined: the organisation had none. */
  get(kind: ConfigKind, id: string): Promise<Resource["resource"] | undefined>;
  /** Ids that may have had the name, now or at some time. */
  idsNamed(kind: "route" | "prompt", name: string): Promise<readonly string[]>;
}

/** Of the organisation that the transaction is in. */
export const configurationNow = (em: EntityManager): ConfigurationAt => ({
  number: null,
  get: (kind, id) => resourceNow(em, kind, id),
  idsNamed: async (kind, name) => idsOf(await em.execute(`select id::text from "${kind}" where name = ? and archived_at is null`, [name])),
});

/** @throws NotFoundError where there is no such revision. */
export async function configurationAt(em: EntityManager, number: bigint): Promise<ConfigurationAt> {
  const [revision] = await em.execute<{ epoch: string }[]>(
    "select epoch::text as epoch from revision where number = ? order by created_at desc limit 1",
    [number.toString()],
  );
  if (revision === undefined) throw new NotFoundError("revision", number.toString());
  return {
    number,
    get: async (kind, id) => {
      if (!isUuid(id)) return undefined;
      const [since] = await em.execute<{ before: JsonObject | null }[]>(
        `select before from revision_change where epoch = ? and number > ? and kind = ? and entity_id = ? order by number, position limit 1`,
        [revision.epoch, number.toString(), kind, id],
      );
      if (since === undefined) return resourceNow(em, kind, id);
      return since.before === null ? undefined : compiled(kind, since.before, number);
    },
    idsNamed: async (kind, name) =>
      idsOf(
        await em.execute(
          `select id::text from "${kind}" where name = ? union
           select entity_id::text as id from revision_change where kind = ? and before->>'name' = ?`,
          [name, kind, name],
        ),
      ),
  };
}

const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

async function resourceNow(em: EntityManager, kind: ConfigKind, id: string): Promise<Resource["resource"] | undefined> {
  const row = isUuid(id) ? await em.findOne(ConfigResource, { kind: resourceKinds[kind], id }, { disableIdentityMap: true }) : null;
  return row === null ? undefined : fromBinary(ResourceSchema, row.payload).resource;
}

/** What columns that came later were then. */
const laterColumns: Partial<Record<ConfigKind, object>> = { provider: plainProvider, prompt_version: { partials: [] } };

function compiled(kind: ConfigKind, image: JsonObject, number: bigint): Resource["resource"] | undefined {
  try {
    return compileResource(kind, rowOfImage(kind, { ...laterColumns[kind], ...image }))?.resource.resource;
  } catch {
    throw new ValidationError([
      { path: "candidate.revision", message: `revision ${number} is of a form that this version no longer reads; take a later one` },
    ]);
  }
}
