/** A signed history of configuration as the control plane makes one: a snapshot at any point, and the deltas that lead on. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { revisionHash, signerOf } from "#agreements/signature.ts";
import {
  DeltaSchema,
  type Resource,
  ResourceKind,
  ResourceSchema,
  type Revision,
  RevisionSchema,
  type SignedDelta,
  SignedDeltaSchema,
  type SignedSnapshot,
  SignedSnapshotSchema,
  SnapshotSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";

export interface ConfigHistory {
  readonly verifier: ReturnType<typeof signerOf>;
  revision(): Revision;
  snapshot(): SignedSnapshot;
  /** Puts resources in, new ones or in place of those with their ids. */
  change(upserted: readonly MessageInitShape<typeof ResourceSchema>[]): SignedDelta;
  /** One more organisation, or one fewer. */
  add(key: string): SignedDelta;
  remove(key: string): SignedDelta;
}

/** @param seed of the signing key, one byte repeated. */
export function configHistory(epoch = "epoch-1", seed = 7): ConfigHistory {
  const signer = signerOf(new Uint8Array(32).fill(seed));
  const resources = new Map<string, Resource>();
  let revision = create(RevisionSchema, { epoch, number: 0n, hash: new Uint8Array() });
  const change = (upserted: Resource[], removed: string[]): SignedDelta => {
    const number = revision.number + 1n;
    const payload = toBinary(
      DeltaSchema,
      create(DeltaSchema, {
        epoch,
        number,
        previousHash: revision.hash,
        createdAtMs: BigInt(Date.now()),
        upserted,
        removed: removed.map((id) => ({ kind: ResourceKind.ORGANISATION, id })),
      }),
    );
    revision = create(RevisionSchema, { epoch, number, hash: revisionHash(revision.hash, payload) });
    return create(SignedDeltaSchema, { payload, signature: signer.sign("delta", payload), keyId: signer.keyId });
  };
  return {
    verifier: signer,
    revision: () => revision,
    snapshot: () => {
      const payload = toBinary(
        SnapshotSchema,
        create(SnapshotSchema, { revision, createdAtMs: BigInt(Date.now()), resources: [...resources.values()] }),
      );
      return create(SignedSnapshotSchema, { payload, signature: signer.sign("snapshot", payload), keyId: signer.keyId });
    },
    change: (upserted) => {
      const made = upserted.map((init) => create(ResourceSchema, init));
      for (const resource of made) if (resource.resource.value !== undefined) resources.set(resource.resource.value.id, resource);
      return change(made, []);
    },
    add: (key) => {
      const resource = create(ResourceSchema, { resource: { case: "organisation", value: { id: key, key } } });
      resources.set(key, resource);
      return change([resource], []);
    },
    remove: (key) => {
      resources.delete(key);
      return change([], [key]);
    },
  };
}
