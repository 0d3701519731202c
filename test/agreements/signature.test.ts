/** What a node believes: the right key, the right kind, the bytes as they were signed. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { revisionHash, type SignedKind, signerOf, verifierOf } from "#agreements/signature.ts";

/** RFC 8032, 7.1, test 1. */
const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
const publicKey = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex");
const payload = Buffer.from("revision 7");

test("a seed has the public key that RFC 8032 gives it", () => {
  const signer = signerOf(seed);
  expect(signer.keyId).toBe(createHash("sha256").update(publicKey).digest("hex").slice(0, 16));
  expect(verifierOf(publicKey).keyId).toBe(signer.keyId);
  expect(verifierOf(publicKey).verify("delta", payload, signer.sign("delta", payload))).toBe(true);
});

test("the signature is Ed25519 over the kind and the bytes, the same each time", () => {
  const signature = signerOf(seed).sign("snapshot", payload);
  expect(signature).toHaveLength(64);
  expect(signerOf(seed).sign("snapshot", payload)).toEqual(signature);
});

test("one kind never passes for the other", () => {
  const signer = signerOf(seed);
  const kinds: readonly SignedKind[] = ["snapshot", "delta"];
  for (const signed of kinds)
    for (const read of kinds) expect(signer.verify(read, payload, signer.sign(signed, payload))).toBe(signed === read);
});

test("bytes that hold the other kind's mark do not pass for it", () => {
  const signer = signerOf(seed);
  const forged = Buffer.concat([Buffer.from("penstock/delta/v1\0"), payload]);
  expect(signer.verify("delta", payload, signer.sign("snapshot", forged))).toBe(false);
  expect(signer.verify("delta", forged, signer.sign("delta", payload))).toBe(false);
});

test("another key's signature is refused", () => {
  expect(verifierOf(publicKey).verify("delta", payload, signerOf(new Uint8Array(32).fill(3)).sign("delta", payload))).toBe(false);
});

test("any change of bytes or signature is refused, and so is a signature of another length", () => {
  const signer = signerOf(seed);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, by) => {
      const signature = signer.sign("delta", bytes);
      expect(signer.verify("delta", bytes, signature)).toBe(true);
      const changed = Uint8Array.from(bytes, (byte, i) => (i === at % bytes.length ? byte ^ by : byte));
      expect(signer.verify("delta", changed, signature)).toBe(false);
      const forged = Uint8Array.from(signature, (byte, i) => (i === at % 64 ? byte ^ by : byte));
      expect(signer.verify("delta", bytes, forged)).toBe(false);
    }),
  );
  const signature = signer.sign("delta", payload);
  for (const length of [0, 1, 32, 63]) expect(signer.verify("delta", payload, signature.subarray(0, length))).toBe(false);
  expect(signer.verify("delta", payload, Buffer.concat([signature, Buffer.alloc(1)]))).toBe(false);
});

test("a revision's hash depends on each delta before it and on their order", () => {
  const none = new Uint8Array();
  const [a, b] = [Buffer.from("a"), Buffer.from("b")];
  const one = revisionHash(revisionHash(none, a), b);
  expect(one).toHaveLength(32);
  expect(revisionHash(revisionHash(none, b), a)).not.toEqual(one);
  expect(revisionHash(revisionHash(none, a), a)).not.toEqual(one);
  expect(revisionHash(revisionHash(none, a), b)).toEqual(one);
});
