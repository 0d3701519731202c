/**
 * Two control planes over one database: one looks at experiments, the other follows when it is killed, within the lease of three
 * looks and one look more, and does what follows from what it finds.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { graphqlClient, installation, type RunningProcess } from "../harness/planes.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

const lookMs = 1000;
const leaseLooks = 3;

let postgres: PostgresServer;
let penstock: ReturnType<typeof installation>;
let planes: RunningProcess[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  penstock = installation({ databaseUrl: await postgres.createDatabase() });
  const environment = { PENSTOCK_EXPERIMENT_EVALUATION_MS: String(lookMs), PENSTOCK_LOG_LEVEL: "info" };
  const first = await penstock.controlPlane(environment);
  planes = [first, await penstock.controlPlane({ ...environment, PENSTOCK_DATA_DIR: `${penstock.directory}/second` })];
}, 120_000);
afterAll(async () => {
  await Promise.all(planes.map((plane) => plane.kill("SIGKILL")));
  await postgres?.close();
  penstock?.close();
});

const leads = (plane: RunningProcess) => plane.errors().includes("this control plane evaluates experiments now");

it("one of two looks, and the other takes over when it is killed", async () => {
  const ask = planes.map((plane) =>
    graphqlClient(`http://127.0.0.1:${plane.ready["graphqlPort"]}/graphql`, penstock.credentials().adminToken),
  );
  const [one] = ask;
  if (one === undefined) throw new Error("two planes were started");
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for, the compiler does not.
  const mutate = async (name: string, input: object, fields: string): Promise<any> => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const data = await one<Record<string, unknown>>(
      `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename ... on ${type}Payload { ${fields} } } }`,
      { input },
    );
    return data[name];
  };
  const { provider } = await mutate("createProvider", { key: "s", kind: "SIMULATED", baseUrl: "http://127.0.0.1:9/v1" }, "provider { id }");
  const { backend } = await mutate("createBackend", { key: "b", providerId: provider.id, model: "m" }, "backend { id }");
  const { route } = await mutate(
    "createRoute",
    { name: "chat", tiers: [{ targets: [{ backendId: backend.id, weight: 1 }] }] },
    "route { id }",
  );
  const made = await mutate(
    "createExperiment",
    { key: "e", routeId: route.id, unit: "END_USER", variants: ["a", "b"].map((key) => ({ key, weight: 1 })) },
    "experiment { id revision }",
  );
  const { id, revision } = made.experiment;
  await mutate("startExperiment", { id, expectedRevision: revision, aaTest: true }, "experiment { id }");
  const looks = async (client: (typeof ask)[number]) =>
    (
      await client<{ experiment: { evaluations: { at: string }[] } }>(
        "query ($id: ID!) { experiment(id: $id) { evaluations(first: 500) { at } } }",
        { id },
      )
    ).experiment.evaluations.map(({ at }) => Date.parse(at));

  await expect.poll(async () => (await looks(one)).length, { timeout: 30_000, interval: 250 }).toBeGreaterThanOrEqual(6);
  expect(planes.filter(leads)).toHaveLength(1);
  // Two that looked would leave twice as many looks.
  const before = await looks(one);
  const turns = (Math.max(...before) - Math.min(...before)) / lookMs + 1;
  expect(before.length).toBeLessThanOrEqual(1.4 * turns + 1);

  const [leader, follower] = planes[0] !== undefined && leads(planes[0]) ? planes : planes.toReversed();
  const survivor = ask[planes.indexOf(follower as RunningProcess)];
  if (leader === undefined || follower === undefined || survivor === undefined) throw new Error("unreachable");
  await leader.kill("SIGKILL");
  const killedAtMs = Date.now();
  await expect.poll(async () => Math.max(...(await looks(survivor))), { timeout: 30_000, interval: 100 }).toBeGreaterThan(killedAtMs);
  expect(leads(follower)).toBe(true);
  const gapMs = Math.max(...(await looks(survivor))) - killedAtMs;
  process.stdout.write(`the other control plane looked ${gapMs} ms after the first was killed (a look every ${lookMs} ms)\n`);
  expect(gapMs).toBeLessThan((leaseLooks + 2) * lookMs + 2000);

  // What follows from a look is done by it too: here the end of the time.
  const clock = new Date(Date.now() + 500).toISOString();
  const now = await survivor<{ experiment: { revision: number } }>("query ($id: ID!) { experiment(id: $id) { revision } }", { id });
  await survivor("mutation ($input: UpdateExperimentInput!) { updateExperiment(input: $input) { __typename } }", {
    input: { id, expectedRevision: now.experiment.revision, endsAt: clock },
  });
  await expect
    .poll(
      async () =>
        (await survivor<{ experiment: unknown }>("query ($id: ID!) { experiment(id: $id) { status conclusion { reason actor } } }", { id }))
          .experiment,
      { timeout: 20_000, interval: 250 },
    )
    .toEqual({ status: "STOPPED", conclusion: { reason: "its time is over", actor: "system:experiments" } });
}, 120_000);
