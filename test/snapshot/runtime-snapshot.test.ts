/** What a node serves from: the same however it came to its revision, as it was for whoever still holds it, and all or nothing. */
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ResourceKind, SnapshotSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { quotaScope } from "../../data-plane/snapshot/compiled-quota.ts";
import { buildRuntimeSnapshot, type RuntimeSnapshot } from "../../data-plane/snapshot/runtime-snapshot.ts";
import { backendNamed, organisationId, type ResourceInit, snapshotOf } from "../pipeline/sample-call.ts";
import {
  answersOf,
  beginning,
  built,
  type Change,
  change,
  changed,
  deltaOf,
  isPossible,
  plainRoute,
  revision,
} from "./random-configuration.ts";

test("a chain of deltas answers as the full snapshot does, refuses what it refuses, and changes no snapshot before it", () => {
  const seen = { applied: 0, refused: 0 };
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 25 }), (changes) => {
      let state = beginning;
      let current = built(state, 0);
      const history = [{ snapshot: current, answers: answersOf(current) }];
      for (const [i, step] of changes.entries()) {
        const next = changed(state, step);
        if (!isPossible(next)) continue;
        let full: RuntimeSnapshot | undefined;
        try {
          full = built(next, i + 1);
        } catch {
          // It does not hold together: the delta must say so, too, and leave things as they are.
        }
        if (full === undefined) {
          seen.refused++;
          expect(() => current.withDelta(deltaOf(step), revision(i + 1))).toThrow();
          continue;
        }
        seen.applied++;
        current = current.withDelta(deltaOf(step), revision(i + 1));
        state = next;
        const answers = answersOf(current);
        expect(answers).toEqual(answersOf(full));
        expect(current.revisionText).toBe(`epoch-${i + 1}`);
        history.push({ snapshot: current, answers });
      }
      for (const { snapshot, answers } of history) expect(answersOf(snapshot)).toEqual(answers);
    }),
    { numRuns: 70 },
  );
  // Histories that hardly ever move would prove nothing.
  expect(seen.applied).toBeGreaterThan(120);
  expect(seen.refused).toBeGreaterThan(10);
});

describe("within one delta", () => {
  const prompt = (id: string, called: string): ResourceInit => ({ case: "prompt", value: { id, organisationId, name: called } });
  const key = (id: string, publicId: string): ResourceInit => ({ case: "apiKey", value: { id, organisationId, publicId } });
  const route = (id: string, called: string): ResourceInit => ({
    case: "route",
    value: { id, organisationId, name: called, tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] },
  });
  const before = snapshotOf([
    ...backendNamed("a"),
    prompt("q1", "one"),
    prompt("q2", "two"),
    key("k1", "one"),
    key("k2", "two"),
    route("r1", "one"),
    route("r2", "two"),
  ]);
  const idsOf = (snapshot: RuntimeSnapshot) =>
    ["one", "two"].map((called) => [
      snapshot.prompt(organisationId, called)?.id,
      snapshot.apiKey(called)?.id,
      snapshot.route(organisationId, called)?.id,
    ]);

  test("a name passes from what is removed to what comes", () => {
    const upserted = [prompt("q3", "one"), key("k3", "one"), route("r3", "one")];
    const removed = [
      { kind: ResourceKind.PROMPT, id: "q1" },
      { kind: ResourceKind.API_KEY, id: "k1" },
      { kind: ResourceKind.ROUTE, id: "r1" },
    ];
    expect(idsOf(before.withDelta(deltaOf({ upserted, removed }), revision(2)))).toEqual([
      ["q3", "k3", "r3"],
      ["q2", "k2", "r2"],
    ]);
  });

  test("two names are exchanged", () => {
    const upserted = [prompt("q1", "two"), prompt("q2", "one"), key("k1", "two"), key("k2", "one"), route("r1", "two"), route("r2", "one")];
    expect(idsOf(before.withDelta(deltaOf({ upserted, removed: [] }), revision(2)))).toEqual([
      ["q2", "k2", "r2"],
      ["q1", "k1", "r1"],
    ]);
    expect(idsOf(before)).toEqual([
      ["q1", "k1", "r1"],
      ["q2", "k2", "r2"],
    ]);
  });
});

describe("what does not hold together is refused by name, and changes nothing:", () => {
  const route: ResourceInit = {
    case: "route",
    value: {
      id: "r",
      organisationId,
      name: "chat",
      tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }],
      prompt: { promptId: "q" },
    },
  };
  const whole: ResourceInit[] = [
    ...backendNamed("a"),
    { case: "prompt", value: { id: "q", organisationId, name: "greeter", labels: [{ name: "latest", version: 1 }] } },
    {
      case: "promptVersion",
      value: { id: "v", organisationId, promptId: "q", version: 1, messages: [{ role: "system", template: "Hi" }] },
    },
    route,
  ];
  test.each<[string, Partial<Change>, string]>([
    [
      "a backend that a route draws from",
      { removed: [{ kind: ResourceKind.BACKEND, id: "backend-a" }] },
      'route "chat" refers to backend backend-a, which is not there',
    ],
    [
      "a provider behind it",
      { removed: [{ kind: ResourceKind.PROVIDER, id: "provider-a" }] },
      'backend "a" refers to provider provider-a, which is not there',
    ],
    [
      "a prompt that a route binds",
      { removed: [{ kind: ResourceKind.PROMPT, id: "q" }] },
      'route "chat" refers to prompt q, which is not there',
    ],
    [
      "the version that its label means",
      { removed: [{ kind: ResourceKind.PROMPT_VERSION, id: "v" }] },
      'route "chat" refers to a version of prompt "greeter" that is not there',
    ],
    [
      "the label itself",
      { upserted: [{ case: "prompt", value: { id: "q", organisationId, name: "greeter" } }] },
      'a version of prompt "greeter" that is not there',
    ],
    [
      "a template that is wrong",
      {
        upserted: [
          { case: "promptVersion", value: { id: "v2", promptId: "q", version: 2, messages: [{ role: "system", template: "{{ x" }] } },
        ],
      },
      "prompt version v2:",
    ],
    [
      "a quota in a window that nobody knows",
      {
        upserted: [
          {
            case: "quota",
            value: {
              id: "u",
              key: "u",
              scope: { case: "endUser", value: true },
              resource: "tokens",
              window: "fortnight",
              enforcement: "hard",
            },
          },
        ],
      },
      'quota "u" says "fortnight"',
    ],
    [
      "a quota on nothing",
      { upserted: [{ case: "quota", value: { id: "u", key: "u", resource: "tokens", window: "day", enforcement: "hard" } }] },
      "quota u has no scope",
    ],
    [
      "an experiment's backend",
      {
        upserted: [
          {
            case: "experiment",
            value: {
              id: "e",
              key: "e",
              routeId: "r",
              variants: [{ key: "v", weight: 1, tiers: [{ targets: [{ backendId: "none", weight: 1 }] }] }],
            },
          },
        ],
      },
      'experiment "e" refers to backend none',
    ],
    ["a resource of a kind of the future", { upserted: [{ case: undefined } as never] }, "of a kind that this node does not know"],
    ["the removal of one", { removed: [{ kind: 99 as ResourceKind, id: "x" }] }, "resource x is of a kind that this node does not know"],
  ])("%s", (_, part, message) => {
    const before = snapshotOf(whole);
    const answers = plainRoute(before.route(organisationId, "chat"));
    const broken: Change = { upserted: [], removed: [], ...part };
    expect(() => before.withDelta(deltaOf(broken), revision(2))).toThrow(message);
    expect(plainRoute(before.route(organisationId, "chat"))).toEqual(answers);
    // The next good delta goes on from there.
    expect(
      before
        .withDelta(
          deltaOf({ upserted: [{ ...route, value: { ...route.value, description: "new" } } as ResourceInit], removed: [] }),
          revision(2),
        )
        .route(organisationId, "chat")?.description,
    ).toBe("new");
    // Whole, it is refused just the same, where a snapshot can hold such a thing.
    if (broken.upserted.length > 0)
      expect(() =>
        snapshotOf([...whole.filter((resource) => resource.value?.id !== broken.upserted[0]?.value?.id), ...broken.upserted]),
      ).toThrow(message);
  });

  test("a snapshot without a revision", () => {
    expect(() => buildRuntimeSnapshot(create(SnapshotSchema, {}))).toThrow("names no revision");
  });
});

test("the quotas of a scope stand in one order, however they came", () => {
  // Both in one shard of the map, which keeps the order in which they were put in.
  const quota = (id: string): ResourceInit => ({
    case: "quota",
    value: { id, organisationId, key: id, scope: { case: "endUser", value: true }, resource: "tokens", window: "day", enforcement: "hard" },
  });
  const [first, second] = [quota("uAa"), quota("uBB")];
  const came = snapshotOf([second])
    .withDelta(deltaOf({ upserted: [first], removed: [] }), revision(2))
    .quotas(organisationId, quotaScope.endUser);
  expect(came.map(({ id }) => id)).toEqual(["uAa", "uBB"]);
  expect(came).toEqual(snapshotOf([first, second]).quotas(organisationId, quotaScope.endUser));
});

test("a key's revocation touches that key and nothing else", () => {
  const keys = Array.from(
    { length: 5000 },
    (_, i): ResourceInit => ({ case: "apiKey", value: { id: `k${i}`, organisationId, publicId: `public${i}` } }),
  );
  const routes = Array.from(
    { length: 500 },
    (_, i): ResourceInit => ({
      case: "route",
      value: { id: `r${i}`, organisationId, name: `route-${i}`, tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] },
    }),
  );
  const before = snapshotOf([...backendNamed("a"), ...keys, ...routes]);
  const after = before.withDelta(
    deltaOf({ upserted: [{ case: "apiKey", value: { id: "k7", organisationId, publicId: "public7", revokedAtMs: 1n } }], removed: [] }),
    revision(2),
  );
  expect(after.apiKey("public7")?.revokedAtMs).toBe(1n);
  expect(before.apiKey("public7")?.revokedAtMs).toBe(0n);
  // The same objects: nothing was compiled anew.
  for (let i = 0; i < 500; i++) expect(after.route(organisationId, `route-${i}`)).toBe(before.route(organisationId, `route-${i}`));
  for (let i = 0; i < 5000; i++) if (i !== 7) expect(after.apiKey(`public${i}`)).toBe(before.apiKey(`public${i}`));
});

test("a backend's change is compiled into the routes that draw from it, and into no other", () => {
  const route = (id: string, backend: string): ResourceInit => ({
    case: "route",
    value: { id, organisationId, name: id, tiers: [{ targets: [{ backendId: `backend-${backend}`, weight: 1 }] }] },
  });
  const before = snapshotOf([...backendNamed("a"), ...backendNamed("b"), route("r1", "a"), route("r2", "b")]);
  const after = before.withDelta(
    deltaOf({
      upserted: [{ case: "backend", value: { id: "backend-a", organisationId, key: "a", providerId: "provider-a", model: "newer" } }],
      removed: [],
    }),
    revision(2),
  );
  expect(after.route(organisationId, "r1")?.tiers[0]?.targets[0]?.backend.model).toBe("newer");
  expect(before.route(organisationId, "r1")?.tiers[0]?.targets[0]?.backend.model).toBe("model-a");
  expect(after.route(organisationId, "r2")).toBe(before.route(organisationId, "r2"));
});
