/**
 * What makes a node believe configuration: the signature of its control plane, and the chain of hashes from one revision to
 * the next. Nothing else, so that it does not matter which way the bytes came.
 */
import { create, fromBinary } from "@bufbuild/protobuf";
import { revisionHash, type Verifier } from "#agreements/signature.ts";
import {
  type Delta,
  DeltaSchema,
  type Revision,
  RevisionSchema,
  type SignedDelta,
  type SignedSnapshot,
  type Snapshot,
  SnapshotSchema,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { PulledConfig } from "./config-feed.ts";

export interface ConfigTrust {
  /** The same object for the same message, so that a second look costs nothing. @throws ConfigRefused */
  snapshot(signed: SignedSnapshot): Snapshot & { readonly revision: Revision };
  /** @throws ConfigRefused */
  delta(signed: SignedDelta): Delta;
  /** The revision that the delta leads to. @throws ConfigRefused where it does not follow `from`. */
  follow(from: Revision, signed: SignedDelta): Revision;
}

/** Configuration that is not believed, or does not hold together. The message is for the operator and names what was wrong. */
export class ConfigRefused extends Error {
  override readonly name = "ConfigRefused";
  /** Of what was refused, as far as it can be known. */
  readonly epoch: string;
  readonly number: bigint;

  constructor(message: string, refused: { readonly epoch: string; readonly number: bigint }, cause?: unknown) {
    super(message, { cause });
    this.epoch = refused.epoch;
    this.number = refused.number;
  }
}

export function configTrust(verifier: Verifier): ConfigTrust {
  const snapshots = new WeakMap<SignedSnapshot, Snapshot & { readonly revision: Revision }>();
  const deltas = new WeakMap<SignedDelta, Delta>();

  const checkSignature = (kind: "snapshot" | "delta", signed: SignedSnapshot | SignedDelta) => {
    if (signed.keyId !== verifier.keyId)
      throw new ConfigRefused(
        `the ${kind} is signed with key ${signed.keyId || "(none)"}, this node believes ${verifier.keyId}; give both planes the same PENSTOCK_SIGNING_KEY`,
        unknownRevision,
      );
    if (!verifier.verify(kind, signed.payload, signed.signature))
      throw new ConfigRefused(
        `the ${kind}'s signature is wrong: it was changed on its way or not made by the control plane`,
        unknownRevision,
      );
  };
  const decoded = <T>(kind: string, decode: () => T): T => {
    try {
      return decode();
    } catch (cause) {
      throw new ConfigRefused(`the ${kind} cannot be read; is the control plane of another version?`, unknownRevision, cause);
    }
  };
  const delta = (signed: SignedDelta): Delta => {
    const known = deltas.get(signed);
    if (known !== undefined) return known;
    checkSignature("delta", signed);
    const read = decoded("delta", () => fromBinary(DeltaSchema, signed.payload));
    deltas.set(signed, read);
    return read;
  };
  return {
    snapshot: (signed) => {
      const known = snapshots.get(signed);
      if (known !== undefined) return known;
      checkSignature("snapshot", signed);
      const read = decoded("snapshot", () => fromBinary(SnapshotSchema, signed.payload));
      const { revision } = read;
      if (revision === undefined) throw new ConfigRefused("the snapshot names no revision", unknownRevision);
      const whole = Object.assign(read, { revision });
      snapshots.set(signed, whole);
      return whole;
    },
    delta,
    follow: (from, signed) => {
      const read = delta(signed);
      const where = `revision ${read.number} does not follow ${from.number}`;
      if (read.epoch !== from.epoch) throw new ConfigRefused(`${where}: it is of epoch ${read.epoch}, not ${from.epoch}`, read);
      if (read.number !== from.number + 1n) throw new ConfigRefused(`${where}: there is a gap`, read);
      if (Buffer.compare(read.previousHash, from.hash) !== 0)
        throw new ConfigRefused(`${where}: its history is another than this node's`, read);
      return create(RevisionSchema, { epoch: read.epoch, number: read.number, hash: revisionHash(from.hash, signed.payload) });
    },
  };
}

const unknownRevision = { epoch: "", number: 0n };

/** Checks all signatures and the chain. @returns where it leads to; undefined: nothing is new. @throws ConfigRefused */
export function checkPulled(trust: ConfigTrust, have: Revision | undefined, pulled: PulledConfig): Revision | undefined {
  let revision = pulled.snapshot === undefined ? have : trust.snapshot(pulled.snapshot).revision;
  for (const signed of pulled.deltas) {
    if (revision === undefined) throw new ConfigRefused("deltas came without a snapshot to lead on from", trust.delta(signed));
    revision = trust.follow(revision, signed);
  }
  return revision;
}
