/** Sealed credentials: they open where they belong and nowhere else, and not after anything of them was changed. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { openSecret, sealingKeyId, sealSecret } from "#agreements/sealed-secret.ts";

const key = new Uint8Array(32).fill(1);
const place = { organisationId: "0198-a", rowId: "0198-b", baseUrl: "https://api.openai.com/v1" };

test("any secret opens in its own place, and is nowhere in its sealed text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret, anyKey) => {
      const sealed = sealSecret(anyKey, place, secret);
      expect(openSecret(anyKey, place, sealed)).toBe(secret);
      if (secret.length > 8) expect(sealed).not.toContain(secret);
    }),
  );
});

test("two sealings of one secret have nothing in common but the form and the key's name", () => {
  const [one, other] = [sealSecret(key, place, "sk-1").split("."), sealSecret(key, place, "sk-1").split(".")];
  expect(one.slice(0, 2)).toEqual(["sealed1", sealingKeyId(key)]);
  expect(other.slice(0, 2)).toEqual(one.slice(0, 2));
  for (const part of [2, 3, 4]) expect(other[part]).not.toBe(one[part]);
});

test.each([
  ["another organisation", { ...place, organisationId: "0198-c" }],
  ["another row", { ...place, rowId: "0198-c" }],
  ["another base URL", { ...place, baseUrl: "https://api.openai.com.example/v1" }],
  ["organisation and row exchanged", { ...place, organisationId: place.rowId, rowId: place.organisationId }],
  ["a character moved from the organisation to the row", { ...place, organisationId: "0198-", rowId: "a0198-b" }],
  ["a character moved from the row to the base URL", { ...place, rowId: "0198-", baseUrl: `b${place.baseUrl}` }],
])("a secret does not open for %s", (_, other) => {
  expect(() => openSecret(key, other, sealSecret(key, place, "sk-1"))).toThrow();
});

test("a secret does not open with another key, and says that it is another", () => {
  expect(() => openSecret(new Uint8Array(32).fill(2), place, sealSecret(key, place, "sk-1"))).toThrow(
    `sealed with another key (${sealingKeyId(key)})`,
  );
});

test("any character that is changed keeps it shut", () => {
  const sealed = sealSecret(key, place, "sk-proj-1234567890");
  const characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.+/= \n";
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.constantFrom(...characters), (at, by) => {
      fc.pre(sealed[at] !== by);
      expect(() => openSecret(key, place, sealed.slice(0, at) + by + sealed.slice(at + 1))).toThrow();
    }),
    { numRuns: 1200 },
  );
});

test("any character of its last, that holds fewer bits than it could, keeps it shut too", () => {
  const sealed = sealSecret(key, place, "sk-1");
  for (const by of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
    if (by !== sealed.at(-1)) expect(() => openSecret(key, place, sealed.slice(0, -1) + by)).toThrow();
  }
});

test("it does not open cut short, made longer, or without one of its parts", () => {
  const sealed = sealSecret(key, place, "sk-proj-1234567890");
  for (let length = 0; length < sealed.length; length++) expect(() => openSecret(key, place, sealed.slice(0, length))).toThrow();
  for (const more of [".", ".AAAA", "A", "AAAA", "=", " "]) expect(() => openSecret(key, place, sealed + more)).toThrow();
  const parts = sealed.split(".");
  for (const without of parts.keys()) expect(() => openSecret(key, place, parts.toSpliced(without, 1).join("."))).toThrow();
});

test("a key's name does not tell the key, and differs for each", () => {
  expect(sealingKeyId(key)).toMatch(/^[0-9a-f]{8}$/);
  expect(sealingKeyId(key)).not.toBe(sealingKeyId(new Uint8Array(32).fill(2)));
});
