/** Commits revisions as the control plane does, without its checks: for tests of what happens after the commit. */
import { create, toBinary } from "@bufbuild/protobuf";
import { v7 } from "uuid";
import { revisionHash, type Signer } from "#agreements/signature.ts";
import {
  DeltaSchema,
  type Resource,
  ResourceKind,
  ResourceSchema,
  type Revision,
  RevisionSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { Database } from "../../control-plane/database/orm.ts";

export interface ConfigWriter {
  readonly organisationId: string;
  /** One revision that makes one project. */
  commit(): Promise<Revision>;
  /** Many in one transaction. */
  commitMany(count: number): Promise<Revision>;
  /** A project as the next revision would hold it. */
  project(): Resource;
}

export async function configWriter(database: Database, signer: Signer): Promise<ConfigWriter> {
  const organisationId = v7();
  await database.system(async (em) => {
    await em.execute(
      `insert into organisation (id, organisation_id, revision, created_at, updated_at, key, name) values (?, ?, 1, now(), now(), ?, 'Test')`,
      [organisationId, organisationId, organisationId],
    );
  });
  const project = (): Resource => {
    const id = v7();
    return create(ResourceSchema, { resource: { case: "project", value: { id, organisationId, key: `project-${id}` } } });
  };
  const commitMany = (count: number) =>
    database.system(async (em) => {
      const [state] = await em.execute<{ epoch: string; number: string; hash: Uint8Array }[]>(
        "select epoch::text as epoch, number::text as number, hash from config_state for update",
      );
      if (state === undefined) throw new Error("no config_state");
      let number = BigInt(state.number);
      let hash: Uint8Array = new Uint8Array(state.hash);
      for (let index = 0; index < count; index++) {
        const resource = project();
        const previousHash = hash;
        number += 1n;
        const createdAt = new Date();
        const payload = toBinary(
          DeltaSchema,
          create(DeltaSchema, { epoch: state.epoch, number, previousHash, createdAtMs: BigInt(createdAt.getTime()), upserted: [resource] }),
        );
        hash = new Uint8Array(revisionHash(previousHash, payload));
        await em.execute(
          `insert into revision (epoch, number, hash, previous_hash, payload, signature, key_id, created_at, actor, organisation_id, summary)
           values (?, ?, ?, ?, ?, ?, ?, ?, 'test', ?, 'a project')`,
          [
            state.epoch,
            number.toString(),
            Buffer.from(hash),
            Buffer.from(previousHash),
            Buffer.from(payload),
            Buffer.from(signer.sign("delta", payload)),
            signer.keyId,
            createdAt.toISOString(),
            organisationId,
          ],
        );
        await em.execute("insert into config_resource (kind, id, organisation_id, payload, reference_ids) values (?, ?, ?, ?, '{}')", [
          ResourceKind.PROJECT,
          resource.resource.case === "project" ? resource.resource.value.id : "",
          organisationId,
          Buffer.from(toBinary(ResourceSchema, resource)),
        ]);
      }
      await em.execute("update config_state set number = ?, hash = ?", [number.toString(), Buffer.from(hash)]);
      return create(RevisionSchema, { epoch: state.epoch, number, hash });
    });
  return { organisationId, project, commitMany, commit: () => commitMany(1) };
}
