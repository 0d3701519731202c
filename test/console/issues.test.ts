/** What the control plane finds wrong, in the words of the form that was sent. */
import { describe, expect, it } from "vitest";
import { issueOfGraphql, problemAt, sentenceOf, unplaced } from "../../web-console/change/issues.ts";

const labels = { key: "Name", tiers: "Backends, tier by tier", attemptsMax: "Backends tried at the most" };
const weight = { path: "tiers[0].targets[1].weight", message: "must be above 0 and up to 1000" };
const name = { path: "key", message: "must have 1 to 200 characters" };

describe("at its field", () => {
  it("is what is wrong there, and of what is below it also where", () => {
    expect(problemAt([weight, name], "key", labels)).toBe("must have 1 to 200 characters");
    expect(problemAt([weight, name], "tiers", labels)).toBe("tier 1, backend 2, weight: must be above 0 and up to 1000");
    expect(problemAt([weight], "tiers[0].targets[1].weight", labels)).toBe("must be above 0 and up to 1000");
    expect(problemAt([weight], "tiers.0", labels)).toBe("backend 2, weight: must be above 0 and up to 1000");
    expect(problemAt([weight], "tier", labels)).toBeUndefined();
  });

  it("is no endless list", () => {
    const many = [1, 2, 3, 4, 5].map((at) => ({ path: `cases[${at}]`, message: "must be an object" }));
    expect(problemAt(many, "cases", labels)).toBe(
      "case 2: must be an object; case 3: must be an object; case 4: must be an object; and 2 more",
    );
  });
});

it("is said in a sentence where no field shows it, and never by its path", () => {
  const issues = [weight, name, { path: "id", message: "the key is revoked; make a new one" }];
  expect(unplaced(issues, new Set(["key"]))).toEqual([weight, issues[2]]);
  expect(sentenceOf([weight], labels)).toBe("Tier 1, backend 2, weight: must be above 0 and up to 1000.");
  expect(sentenceOf([issues[2] ?? weight], labels)).toBe("The key is revoked; make a new one.");
  expect(sentenceOf([{ path: "attemptsMax", message: "must be from 0 to 10" }], labels)).toBe(
    "Backends tried at the most: must be from 0 to 10.",
  );
});

it("names what the form names, and leaves people's own names alone", () => {
  const said = (message: string) => problemAt([{ path: "key", message }], "key", labels);
  expect(said("a quota for API_KEY needs scopeId")).toBe("a quota for api key needs the one it is for");
  expect(said("must be after `from`")).toBe("must be after from");
  expect(said("the operator can allow it in PENSTOCK_PRIVATE_ADDRESSES")).toBe("the operator can allow it in PENSTOCK_PRIVATE_ADDRESSES");
  expect(said('there is no route named "myRoute"')).toBe('there is no route named "myRoute"');
});

it.each([
  [
    'Variable "$input" got invalid value 1.5 at "input.attemptsMax"; Int cannot represent non-integer value: 1.5',
    "attemptsMax",
    "must be a whole number",
  ],
  [
    'Variable "$input" got invalid value 99999999999 at "input.tiers[0].targets[0].weight"; Int cannot represent non 32-bit signed integer value: 99999999999',
    "tiers[0].targets[0].weight",
    "is too large a number",
  ],
  [
    'Variable "$input" got invalid value "99999999999000000000" at "input.price.inputNanodollarsPerMillion"; a BigInt is a whole number of at most 64 bits, best written as text: "1000000"',
    "price.inputNanodollarsPerMillion",
    "is too large a number",
  ],
  [
    'Variable "$input" got invalid value null at "input.limit"; Expected non-nullable type "BigInt!" not to be null.',
    "limit",
    "must be filled in",
  ],
])("what GraphQL refuses by itself stands at a field too: %s", (message, path, said) => {
  expect(issueOfGraphql(message)).toEqual({ path, message: said });
});

it("any other error of GraphQL is none of a field", () => {
  expect(issueOfGraphql('Cannot query field "x" on type "Query".')).toBeUndefined();
});
