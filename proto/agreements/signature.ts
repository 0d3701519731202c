/**
 * Ed25519 signatures on what a node is asked to believe. The private key stands with the control plane; a node needs only
 * the public one. What is signed names its kind, so that a delta can never pass for a snapshot.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** replay: a configuration to try calls with, which no node may take for its own. */
export type SignedKind = "snapshot" | "delta" | "replay";

/** DER of an Ed25519 private key (RFC 8410) is this and the 32 bytes of the seed. */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

export interface Signer {
  readonly keyId: string;
  /** 64 bytes. */
  sign(kind: SignedKind, payload: Uint8Array): Uint8Array;
}

export interface Verifier {
  readonly keyId: string;
  verify(kind: SignedKind, payload: Uint8Array, signature: Uint8Array): boolean;
}

/** @param seed 32 random bytes. */
export function signerOf(seed: Uint8Array): Signer & Verifier {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: "der", type: "pkcs8" });
  return {
    ...verifierOfKey(createPublicKey(privateKey)),
    sign: (kind, payload) => sign(null, message(kind, payload), privateKey),
  };
}

/** @param publicKey 32 bytes. */
export const verifierOf = (publicKey: Uint8Array): Verifier =>
  verifierOfKey(createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: "der", type: "spki" }));

function verifierOfKey(key: KeyObject): Verifier {
  const raw = key.export({ format: "der", type: "spki" }).subarray(spkiPrefix.length);
  return {
    keyId: createHash("sha256").update(raw).digest("hex").slice(0, 16),
    verify: (kind, payload, signature) => verify(null, message(kind, payload), key, signature),
  };
}

const message = (kind: SignedKind, payload: Uint8Array): Buffer => Buffer.concat([Buffer.from(`penstock/${kind}/v1\0`), payload]);

/** The chain that names a revision: SHA-256(previous hash, bytes of the delta). The first one's previous hash is empty. */
export const revisionHash = (previousHash: Uint8Array, delta: Uint8Array): Buffer =>
  createHash("sha256").update(previousHash).update(delta).digest();
