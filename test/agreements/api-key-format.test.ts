/** Credentials: what is refused without a look-up, and that only the whole credential under the right pepper matches its hash. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  credentialLengthMax,
  credentialMatches,
  credentialPattern,
  hashCredential,
  makeCredential,
  publicIdOf,
} from "#agreements/api-key-format.ts";

test.each(["psk", "pat"] as const)("a new %s credential is well-formed, found by its public id, and seen by secret scanners", (prefix) => {
  for (const environment of ["live", "ab", "abcdefghijkl"]) {
    const { credential, publicId } = makeCredential(prefix, environment);
    expect(credential).toMatch(new RegExp(`^${prefix}_${environment}_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$`));
    expect(publicIdOf(credential, prefix)).toBe(publicId);
    expect(credential.length).toBeLessThanOrEqual(credentialLengthMax);
    expect(credentialPattern.exec(`key = "${credential}",`)?.[0]).toBe(credential);
  }
});

test("the longest credential is as long as is said", () => {
  expect(makeCredential("psk", "abcdefghijkl").credential).toHaveLength(credentialLengthMax);
});

test("no two credentials are the same, nor any of their parts", () => {
  const made = Array.from({ length: 1000 }, () => makeCredential("psk", "live"));
  expect(new Set(made.map(({ publicId }) => publicId)).size).toBe(made.length);
  expect(new Set(made.map(({ credential }) => credential.split("_")[3])).size).toBe(made.length);
});

test("each letter and digit comes about equally often, so that no bit of the secret is lost", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 1000; i++)
    for (const character of makeCredential("psk", "live").credential.split("_")[3] ?? "")
      counts.set(character, (counts.get(character) ?? 0) + 1);
  expect(counts.size).toBe(62);
  const expected = 43_000 / 62;
  // Bytes taken modulo 62 would give the first eight a quarter more than the others: 870 against 690.
  for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(160);
});

/** Made once and written down: it must stay valid for ever. */
const known = { credential: "psk_live_0123456789Ab_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_0dLw8f", publicId: "0123456789Ab" };

test("a credential of the first version is still one", () => {
  expect(publicIdOf(known.credential, "psk")).toBe(known.publicId);
});

test("any single character that is changed is noticed without a look-up", () => {
  const { credential } = makeCredential("psk", "live");
  const characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-. ü";
  fc.assert(
    fc.property(fc.nat(credential.length - 1), fc.constantFrom(...characters), (at, by) => {
      fc.pre(credential[at] !== by);
      expect(publicIdOf(credential.slice(0, at) + by + credential.slice(at + 1), "psk")).toBeUndefined();
    }),
    { numRuns: 3000 },
  );
});

test("two neighbours that are swapped are noticed", () => {
  const { credential } = makeCredential("psk", "live");
  for (let at = 0; at < credential.length - 1; at++) {
    const swapped = credential.slice(0, at) + credential[at + 1] + credential[at] + credential.slice(at + 2);
    if (swapped !== credential) expect(publicIdOf(swapped, "psk")).toBeUndefined();
  }
});

describe("no credential", () => {
  const { credential } = makeCredential("psk", "live");
  test.each([
    ["an admin token where an API key is asked for", makeCredential("pat", "live").credential],
    ["nothing", ""],
    ["one that is cut", credential.slice(0, -1)],
    ["one with more behind it", `${credential}0`],
    ["one with a line break behind it", `${credential}\n`],
    ["one with a space before it", ` ${credential}`],
    ["one in capitals", credential.toUpperCase()],
    ["an environment of one letter", credential.replace("live", "l")],
    ["an environment with a digit", credential.replace("live", "liv3")],
    ["an OpenAI key", "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"],
    ["a very long text", `psk_live_${"0".repeat(1_000_000)}`],
  ])("is %s", (_, text) => {
    expect(publicIdOf(text, "psk")).toBeUndefined();
  });
});

test("a hash matches its own credential under its own pepper, and nothing else", () => {
  const { credential } = makeCredential("psk", "live");
  const hash = hashCredential("pepper", credential);
  expect(hash).toHaveLength(32);
  expect(credentialMatches("pepper", credential, hash)).toBe(true);
  expect(credentialMatches("Pepper", credential, hash)).toBe(false);
  expect(credentialMatches("pepper", makeCredential("psk", "live").credential, hash)).toBe(false);
  expect(credentialMatches("pepper", credential, hash.subarray(0, 31))).toBe(false);
  expect(credentialMatches("pepper", credential, new Uint8Array())).toBe(false);
  expect(credentialMatches("pepper", credential, Buffer.concat([hash, Buffer.alloc(1)]))).toBe(false);
  fc.assert(
    fc.property(fc.nat(31), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const other = Buffer.from(hash);
      other[at] = (other[at] ?? 0) ^ by;
      expect(credentialMatches("pepper", credential, other)).toBe(false);
    }),
  );
});
