/** Whose address a call comes from, where proxies stand between, and which range it is in. */
import { expect, it } from "vitest";
import { callerAddress, isIn, readAddressRange } from "#agreements/caller-address.ts";

const ranges = (...texts: string[]) => texts.map((text) => readAddressRange(text) ?? expect.fail(`${text} is no range`));

it.each([
  ["nobody is trusted", "192.0.2.1", "203.0.113.9", [], "192.0.2.1"],
  ["one proxy", "10.0.0.1", "203.0.113.9", ["10.0.0.0/8"], "203.0.113.9"],
  ["a caller that lies in front of a proxy", "10.0.0.1", "1.2.3.4, 203.0.113.9", ["10.0.0.0/8"], "203.0.113.9"],
  ["two proxies", "10.0.0.1", "203.0.113.9, 10.0.0.2", ["10.0.0.0/8"], "203.0.113.9"],
  ["a proxy that says nothing", "10.0.0.1", undefined, ["10.0.0.0/8"], "10.0.0.1"],
  ["a proxy that says no address", "10.0.0.1", "unknown", ["10.0.0.0/8"], ""],
  ["a socket of both kinds", "::ffff:192.0.2.1", undefined, [], "192.0.2.1"],
  ["a socket that is gone", "", undefined, [], ""],
] as const)("%s", (_name, peer, forwarded, trusted, address) => {
  expect(callerAddress(peer, forwarded, ranges(...trusted))).toBe(address);
});

it("an address is in a range of its own kind, and one that cannot be read is in none", () => {
  const some = ranges("10.0.0.0/8", "2001:db8::/32", "192.0.2.7");
  for (const inside of ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.7"]) expect(isIn(inside, some), inside).toBe(true);
  for (const outside of ["11.0.0.1", "2001:db9::1", "192.0.2.8", "", "unknown"]) expect(isIn(outside, some), outside).toBe(false);
  expect(["10.0.0.0/33", "10.0.0", "host.example", ""].map(readAddressRange)).toEqual([undefined, undefined, undefined, undefined]);
});
