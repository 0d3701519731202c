/** Experiments as the control plane takes them: who takes part, what they hold on to, and how they begin and end. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, mutate as mutateAs, serveGraphql, tokenFor } from "../harness/graphql.ts";

let services: TestServices;
let client: GraphqlClient;
let admin: string;
let projectId: string;
let backendId: string;

beforeAll(async () => {
  services = await openTestServices(undefined);
  client = await serveGraphql(services);
  admin = await tokenFor(services, await makeOrganisation(services, "ours"), "admin");
  projectId = (await mutate("createProject", { key: "p", name: "p" }, "project { id }")).project.id;
  const provider = await mutate("createProvider", { key: "s", kind: "SIMULATED", baseUrl: "http://127.0.0.1:9/v1" }, "provider { id }");
  backendId = (await mutate("createBackend", { key: "b", providerId: provider.provider.id, model: "m" }, "backend { id }")).backend.id;
}, 30_000);
afterAll(async () => {
  await client.close();
  await services.close();
});

const mutate = (name: string, input: object, fields: string) => mutateAs(client, admin, name, input, fields);

const routeNamed = (name: string) => mutate("createRoute", { name, tiers: [{ targets: [{ backendId, weight: 1 }] }] }, "route { id }");

let made = 0;
async function experiment(more: object) {
  made++;
  const route = await routeNamed(`r${made}`);
  return mutate(
    "createExperiment",
    {
      key: `e${made}`,
      routeId: route.route.id,
      unit: "END_USER",
      variants: ["control", "warm"].map((key) => ({ key, weight: 1 })),
      ...more,
    },
    "experiment { id revision seed hashVersion holdout sticky namespace { name start end } targeting { projectIds projects { name } apiKeys { name } headers { name values } share } }",
  );
}
const start = ({ id, revision }: { id: string; revision: number }) =>
  mutate("startExperiment", { id, expectedRevision: revision, aaTest: true }, "experiment { status }");

it("keeps what was said, with names of headers in lower case", async () => {
  const { experiment: row } = await experiment({
    seed: "from-elsewhere",
    hashVersion: 2,
    holdout: 0.05,
    sticky: true,
    namespace: { name: "n", start: 0, end: 0.5 },
    targeting: { projectIds: [projectId], headers: [{ name: "X-Region", values: ["eu"] }] },
  });
  expect(row).toMatchObject({
    seed: "from-elsewhere",
    hashVersion: 2,
    holdout: 0.05,
    sticky: true,
    namespace: { name: "n", start: 0, end: 0.5 },
    targeting: {
      projectIds: [projectId],
      projects: [{ name: "p" }],
      apiKeys: [],
      headers: [{ name: "x-region", values: ["eu"] }],
      share: 1,
    },
  });
});

it("refuses running experiments whose ranges of a namespace overlap, and names the other", async () => {
  const [one, other, beside] = [
    await experiment({ namespace: { name: "shared", start: 0, end: 0.5 } }),
    await experiment({ namespace: { name: "shared", start: 0.4, end: 1 } }),
    await experiment({ namespace: { name: "shared", start: 0.5, end: 1 } }),
  ];
  expect((await start(one.experiment)).experiment.status).toBe("RUNNING");
  expect((await start(other.experiment)).issues).toEqual([
    { path: "namespace", message: expect.stringMatching(/overlaps with experiment e/) },
  ]);
  expect((await start(beside.experiment)).experiment.status).toBe("RUNNING");
});

it.each([
  ["an unknown version of the hash", { hashVersion: 1 }, "hashVersion"],
  ["a namespace that ends before it starts", { namespace: { name: "n", start: 0.5, end: 0.2 } }, "namespace"],
  ["a holdout of more than half", { holdout: 0.6 }, "holdout"],
  [
    "a header that carries a credential",
    { targeting: { headers: [{ name: "Authorization", values: ["x"] }] } },
    "targeting.headers[0].name",
  ],
  ["a bandit whose units would change sides", { bandit: {}, sticky: false }, "sticky"],
  ["a rollout that keeps variants", { rollout: {}, sticky: true }, "sticky"],
  ["an unknown project", { targeting: { projectIds: ["0198c0de-0000-7000-8000-000000000001"] } }, "targeting.projectIds[0]"],
  ["a fallback to the request", { fallbackUnit: "REQUEST" }, "fallbackUnit"],
  [
    "a prompt or parameters by request",
    {
      unit: "REQUEST",
      variants: [
        { key: "a", weight: 1 },
        { key: "b", weight: 1, parameters: { top_p: 1 } },
      ],
    },
    "variants[1]",
  ],
  [
    "the holdout's own name",
    {
      variants: [
        { key: "holdout", weight: 1 },
        { key: "b", weight: 1 },
      ],
    },
    "variants[0].key",
  ],
])("refuses %s", async (_, more, path) => {
  expect((await experiment(more)).issues).toContainEqual({ path, message: expect.any(String) });
});

it("a bandit keeps its units where they are without being told", async () => {
  expect((await experiment({ bandit: {} })).experiment.sticky).toBe(true);
  expect((await experiment({ bandit: {}, unit: "REQUEST" })).experiment.sticky).toBe(false);
});

describe("they", () => {
  const variants = [
    { key: "control", weight: 1 },
    { key: "other", weight: 1, parameters: { temperature: 0 } },
  ];

  it("start, hold their route, keep their seed, begin new phases, and stop", async () => {
    const { route } = await routeNamed("tested");
    const make = (key: string) =>
      mutate(
        "createExperiment",
        { key, routeId: route.id, unit: "END_USER", variants },
        "experiment { id status seed phase } configRevision { number }",
      );
    const one = (await make("one")).experiment;
    const other = (await make("other")).experiment;
    expect(one).toMatchObject({ status: "DRAFT", phase: 1 });
    const started = await mutate("startExperiment", { id: one.id, expectedRevision: 1 }, "experiment { status revision }");
    expect(started.experiment).toEqual({ status: "RUNNING", revision: 2 });
    const second = await mutate("startExperiment", { id: other.id, expectedRevision: 1 }, "experiment { id }");
    expect(second.issues[0].message).toMatch(/experiment one runs on the same route/);
    const archived = await mutate("archiveRoute", { id: route.id, expectedRevision: 1 }, "route { id }");
    expect(archived.issues[0].message).toMatch(/still used by experiment one/);
    const widened = await mutate("updateExperiment", { id: one.id, expectedRevision: 2, coverage: 0.5 }, "experiment { phase seed }");
    expect(widened.experiment).toEqual({ phase: 1, seed: one.seed });
    const changed = await mutate("updateExperiment", { id: one.id, expectedRevision: 3, variants }, "experiment { phase }");
    expect(changed.experiment.phase).toBe(1 + 1);
    const stopped = await mutate("stopExperiment", { id: one.id, expectedRevision: 4 }, "experiment { status }");
    expect(stopped.experiment.status).toBe("STOPPED");
    expect((await mutate("startExperiment", { id: other.id, expectedRevision: 1 }, "experiment { status }")).experiment.status).toBe(
      "RUNNING",
    );
    const gone = await mutate("archiveExperiment", { id: other.id, expectedRevision: 2 }, "experiment { status archivedAt }");
    expect(gone.experiment.status).toBe("STOPPED");
  });

  it("start with arms that are alike only as a test of what measures", async () => {
    const { id } = (await experiment({ variants: [variants[0], { key: "other", weight: 3, parameters: {} }] })).experiment;
    const begin = (more: object) => mutate("startExperiment", { id, expectedRevision: 1, ...more }, "experiment { status }");
    expect((await begin({})).issues).toEqual([{ path: "variants", message: expect.stringMatching(/are alike.*A\/A test/) }]);
    expect((await begin({ aaTest: true })).experiment).toEqual({ status: "RUNNING" });
  });

  it("need two variants with weights, keys of their own and a known route", async () => {
    const { route } = await routeNamed("strictly-tested");
    const refused = async (more: object) =>
      (await mutate("createExperiment", { key: "strict", routeId: route.id, unit: "SESSION", variants, ...more }, "experiment { id }"))
        .issues[0].path;
    expect(await refused({ variants: variants.slice(1) })).toBe("variants");
    expect(await refused({ variants: [variants[0], { key: "other", weight: 0 }] })).toBe("variants[1].weight");
    expect(await refused({ variants: [variants[0], variants[0]] })).toBe("variants[1].key");
    expect(await refused({ coverage: 1.5 })).toBe("coverage");
    expect(await refused({ fallbackUnit: "SESSION" })).toBe("fallbackUnit");
    expect(await refused({ routeId: "01a1fb95-37ca-7388-b9cc-27c6410b4ebf" })).toBe("routeId");
  });
});
