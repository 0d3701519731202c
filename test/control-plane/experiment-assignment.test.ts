/** What the control plane lets be said about who takes part in an experiment. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeOrganisation, openTestServices, type TestServices } from "../harness/control-plane.ts";
import { type GraphqlClient, serveGraphql, tokenFor } from "../harness/graphql.ts";

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

async function mutate(name: string, input: object, fields: string) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const answer = await client.ask(
    admin,
    `mutation($input: ${type}Input!) { ${name}(input: $input) { ... on ${type}Payload { ${fields} } ... on ValidationError { issues { path message } } } }`,
    { input },
  );
  expect(answer.errors).toEqual([]);
  return answer.data[name];
}

let made = 0;
async function experiment(more: object) {
  made++;
  const route = await mutate("createRoute", { name: `r${made}`, tiers: [{ targets: [{ backendId, weight: 1 }] }] }, "route { id }");
  return mutate(
    "createExperiment",
    {
      key: `e${made}`,
      routeId: route.route.id,
      unit: "END_USER",
      variants: ["control", "warm"].map((key) => ({ key, weight: 1 })),
      ...more,
    },
    "experiment { id revision seed hashVersion holdout sticky namespace { name start end } targeting { projectIds headers { name values } share } }",
  );
}
const start = ({ id, revision }: { id: string; revision: number }) =>
  mutate("startExperiment", { id, expectedRevision: revision }, "experiment { status }");

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
    targeting: { projectIds: [projectId], headers: [{ name: "x-region", values: ["eu"] }], share: 1 },
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
