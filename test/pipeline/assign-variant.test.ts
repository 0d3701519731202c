/** Which arm a call falls in: the same for the same unit always and on every node, in shares close to the weights. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { ExperimentSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { assignVariant } from "../../data-plane/pipeline/assign-variant.ts";
import type { CompiledRoute } from "../../data-plane/snapshot/compiled-route.ts";
import { backendNamed, organisationId, type ResourceInit, sampleCaller, sampleRequest, snapshotOf } from "./sample-call.ts";

function routeWith(experiment: MessageInitShape<typeof ExperimentSchema> | undefined): CompiledRoute {
  const resources: ResourceInit[] = [
    ...backendNamed("a"),
    {
      case: "route",
      value: { id: "route-1", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] },
    },
  ];
  const value = {
    id: "experiment-1",
    organisationId,
    key: "greeting",
    routeId: "route-1",
    seed: "seed",
    hashVersion: 3,
    unit: "end_user",
    coverage: 1,
    variants: [
      { key: "control", weight: 50 },
      { key: "warm", weight: 50 },
    ],
    ...experiment,
  };
  if (experiment !== undefined) resources.push({ case: "experiment", value });
  const route = snapshotOf(resources).route(organisationId, "chat");
  if (route === undefined) throw new Error("the route was not compiled");
  return route;
}

const call = sampleRequest();
const by = (endUserId: string, more = {}) => ({ ...call, endUserId, ...more });
const caller = sampleCaller();

test("a user stays in its variant over 1,000 calls, on two nodes, whatever else the call says", () => {
  const [one, other] = [routeWith({}), routeWith({})];
  const first = assignVariant(one, by("ada"), caller)?.variant.label;
  expect(first).toMatch(/^greeting:(control|warm)$/);
  for (let i = 0; i < 1000; i++) {
    const request = by("ada", { callId: `call-${i}`, sessionId: `session-${i}`, receivedAtMs: i });
    expect(assignVariant(i % 2 === 0 ? one : other, request, sampleCaller({ id: `key-${i}` }))?.variant.label).toBe(first);
  }
});

test.each([
  ["halves", [50, 50]],
  ["a tenth", [10, 90]],
  ["three", [1, 2, 5]],
])("shares over 20,000 users are close to the weights: %s", (_, weights) => {
  const route = routeWith({ variants: weights.map((weight, i) => ({ key: `v${i}`, weight })) });
  const counts = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const key = assignVariant(route, by(`user-${i}`), caller)?.variant.key ?? "none";
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  // Four standard deviations of half of 20,000 are 283.
  for (const [i, weight] of weights.entries()) expect(Math.abs((counts.get(`v${i}`) ?? 0) - (20_000 * weight) / sum)).toBeLessThan(283);
  expect(counts.get("none")).toBeUndefined();
});

test("coverage leaves the others out, and raising it moves nobody who is in", () => {
  const [tenth, half, all, none] = [0.1, 0.5, 1, 0].map((coverage) => routeWith({ coverage }));
  if (tenth === undefined || half === undefined || all === undefined || none === undefined) throw new Error("unreachable");
  let covered = 0;
  for (let i = 0; i < 5000; i++) {
    const keys = [tenth, half, all].map((route) => assignVariant(route, by(`user-${i}`), caller)?.variant.key);
    if (keys[0] !== undefined) expect(keys[1]).toBe(keys[0]);
    if (keys[1] !== undefined) expect(keys[2]).toBe(keys[1]);
    if (keys[1] !== undefined) covered++;
    expect(assignVariant(none, by(`user-${i}`), caller)).toBeUndefined();
  }
  expect(Math.abs(covered - 2500)).toBeLessThan(150);
});

test.each([
  ["end_user", { unitType: "end_user", unit: "ada" }],
  ["session", { unitType: "session", unit: "session-1" }],
  ["api_key", { unitType: "api_key", unit: "key-1" }],
  ["request", { unitType: "request", unit: call.callId }],
])("the unit may be the %s", (unit, expected) => {
  expect(assignVariant(routeWith({ unit }), by("ada", { sessionId: "session-1" }), caller)).toMatchObject(expected);
});

test("the fallback unit is used where the call has none of the first kind, and only then", () => {
  const route = routeWith({ unit: "end_user", fallbackUnit: "session" });
  expect(assignVariant(route, by("", { sessionId: "session-1" }), caller)).toMatchObject({ unitType: "session", unit: "session-1" });
  expect(assignVariant(route, by("ada", { sessionId: "session-1" }), caller)).toMatchObject({ unitType: "end_user", unit: "ada" });
  expect(assignVariant(route, by(""), caller)).toBeUndefined();
  expect(assignVariant(routeWith({}), by("", { sessionId: "session-1" }), caller)).toBeUndefined();
});

test("no experiment, an unknown unit and an unknown hash version assign nobody", () => {
  expect(assignVariant(routeWith(undefined), by("ada"), caller)).toBeUndefined();
  expect(assignVariant(routeWith({ unit: "planet" }), by("ada"), caller)).toBeUndefined();
  expect(assignVariant(routeWith({ hashVersion: 9 }), by("ada"), caller)).toBeUndefined();
});

test("what was hashed and where it fell is told, for the exposure's record", () => {
  expect(assignVariant(routeWith({ seed: "checkout" }), by("user-1"), caller)).toMatchObject({
    unitType: "end_user",
    unit: "user-1",
    bucket: expect.closeTo(0.039998872, 9),
    variant: { key: "control", label: "greeting:control" },
    experiment: { hashVersion: 3 },
  });
});

test("another seed makes another draw", () => {
  const [one, other] = [routeWith({ seed: "a" }), routeWith({ seed: "b" })];
  let same = 0;
  for (let i = 0; i < 1000; i++)
    if (assignVariant(one, by(`user-${i}`), caller)?.variant.key === assignVariant(other, by(`user-${i}`), caller)?.variant.key) same++;
  expect(Math.abs(same - 500)).toBeLessThan(80);
});

const users = Array.from({ length: 10_000 }, (_, i) => `user-${i}`);
const keyOf = (route: CompiledRoute, user: string, more = {}) => assignVariant(route, by(user, more), caller)?.variant.key;

test.each([
  ["the API key", { apiKeyIds: ["key-1"] }, { apiKeyIds: ["key-2"] }, {}],
  ["the project", { projectIds: ["project-1"] }, { projectIds: ["project-2"] }, {}],
  [
    "a tag",
    { tags: [{ name: "team", values: ["search", "chat"] }] },
    { tags: [{ name: "team", values: ["ads"] }] },
    { tags: { team: "search" } },
  ],
  [
    "a header",
    { headers: [{ name: "x-region", values: ["eu"] }] },
    { headers: [{ name: "x-region", values: ["us"] }] },
    { callerHeader: (name: string) => (name === "x-region" ? "eu" : undefined) },
  ],
])("only calls that are targeted take part: by %s", (_, holds, fails, more) => {
  expect(keyOf(routeWith({ targeting: holds }), "ada", more)).toBeDefined();
  expect(keyOf(routeWith({ targeting: fails }), "ada", more)).toBeUndefined();
  expect(keyOf(routeWith({ targeting: { ...holds, tags: [{ name: "absent", values: ["x"] }] } }), "ada", more)).toBeUndefined();
});

test("a share of the units may be targeted, apart from coverage", () => {
  const [third, covered] = [routeWith({ targeting: { share: 0.3 } }), routeWith({ coverage: 0.3 })];
  const inShare = users.filter((user) => keyOf(third, user) !== undefined);
  expect(Math.abs(inShare.length - 3000)).toBeLessThan(200);
  const both = inShare.filter((user) => keyOf(covered, user) !== undefined).length;
  expect(Math.abs(both - 900)).toBeLessThan(130);
});

test("experiments that share a namespace exclude each other, and leave no gap between them", () => {
  const [first, second] = [
    routeWith({ seed: "one", namespace: { name: "checkout", start: 0, end: 0.4 } }),
    routeWith({ seed: "two", namespace: { name: "checkout", start: 0.4, end: 1 } }),
  ];
  let inFirst = 0;
  for (const user of users) {
    const both = [keyOf(first, user), keyOf(second, user)].filter((key) => key !== undefined);
    expect(both).toHaveLength(1);
    if (keyOf(first, user) !== undefined) inFirst++;
  }
  expect(Math.abs(inFirst - 4000)).toBeLessThan(200);
});

test("the holdout is the same units in every experiment, sees no variant, and is compared with as many others", () => {
  const routes = [routeWith({ seed: "one", holdout: 0.05 }), routeWith({ seed: "two", holdout: 0.05 })];
  const [first, second] = routes.map((route) => users.map((user) => assignVariant(route, by(user), caller)));
  const held = (first ?? []).map((assignment) => assignment?.holdout);
  expect((second ?? []).map((assignment) => assignment?.holdout)).toEqual(held);
  expect(Math.abs(held.filter((value) => value === "held-out").length - 500)).toBeLessThan(90);
  expect(Math.abs(held.filter((value) => value === "compared").length - 500)).toBeLessThan(90);
  for (const assignment of first ?? [])
    if (assignment?.holdout === "held-out")
      expect(assignment.variant).toMatchObject({ key: "holdout", prompt: undefined, tiers: undefined, parameters: undefined });
});

test("a caller may choose a variant where its key may, is told so in the exposure, and is refused otherwise", () => {
  const route = routeWith({});
  const asked = by("ada", { model: "chat@warm" });
  expect(assignVariant(route, asked, sampleCaller({ mayForceVariants: true }))).toMatchObject({ variant: { key: "warm" }, forced: true });
  expect(() => assignVariant(route, asked, caller)).toThrow(/may not choose a variant/);
});
