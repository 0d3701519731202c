import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ResourceSchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { openDatabase } from "../../control-plane/database/orm.ts";
import { takeProcessLock } from "../../control-plane/database/process-lock.ts";
import { openLogger } from "../../control-plane/logger.ts";
import { type ControlPlane, startControlPlane } from "../../control-plane/main.ts";
import { readControlPlaneSettings } from "../../control-plane/settings.ts";
import { type PostgresServer, startPostgres } from "../harness/postgres.ts";

let postgres: PostgresServer;
let dataDir: string;
const running: ControlPlane[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "penstock-start-"));
});
afterEach(async () => {
  for (const plane of running.splice(0)) await plane.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const settingsFor = (more: Record<string, string> = {}) =>
  readControlPlaneSettings({
    PENSTOCK_DATA_DIR: dataDir,
    PENSTOCK_CONTROL_PORT: "0",
    PENSTOCK_CONFIG_PORT: "0",
    PENSTOCK_PEPPER: "a pepper for tests",
    PENSTOCK_SEALING_KEY: "11".repeat(32),
    PENSTOCK_SIGNING_KEY: "22".repeat(32),
    PENSTOCK_LOG_LEVEL: "silent",
    ...more,
  });
const start = async (more: Record<string, string> = {}) => {
  const settings = settingsFor(more);
  const plane = await startControlPlane(settings, openLogger(settings.logLevel));
  running.push(plane);
  return plane;
};
const credentials = () => JSON.parse(readFileSync(join(dataDir, "credentials.json"), "utf8")) as { apiKey: string; adminToken: string };
const ask = async (plane: ControlPlane, query: string) => {
  const response = await fetch(`http://127.0.0.1:${plane.graphqlPort}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${credentials().adminToken}` },
    body: JSON.stringify({ query }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for, the compiler does not.
  return ((await response.json()) as { data: any }).data;
};

describe("the first start", () => {
  it("on the embedded database makes one token, one key and the demo; the next start changes nothing", async () => {
    const demo = { PENSTOCK_DEMO_SIMULATOR_URL: "http://127.0.0.1:4005/v1" };
    const plane = await start(demo);
    expect(statSync(join(dataDir, "credentials.json")).mode & 0o777).toBe(0o600);
    const first = credentials();
    expect(first.apiKey).toMatch(/^psk_live_/);
    expect(first.adminToken).toMatch(/^pat_live_/);
    const query = `{
      organisations { edges { node { key } } } projects { edges { node { key } } } apiKeys { edges { node { name } } }
      adminTokens { edges { node { installation } } }
      backends { edges { node { key } } } quotas { edges { node { key } } }
      routes { edges { node { name tiers { targets { weight } } prompt { label } } } }
      prompts { edges { node { name labels { name version } } } }
      experiments { edges { node { status variants { key prompt { version } } } } }
      revisions { edges { node { number summary } } } }`;
    const made = await ask(plane, query);
    expect(made.routes.edges).toEqual([
      { node: { name: "demo-chat", tiers: [{ targets: [{ weight: 1 }] }, { targets: [{ weight: 1 }] }], prompt: { label: "production" } } },
    ]);
    expect(made.experiments.edges[0].node.status).toBe("RUNNING");
    expect(made.revisions.edges).toEqual([{ node: { number: "1", summary: "first start" } }]);
    expect(made.apiKeys.edges).toHaveLength(1);
    await running.pop()?.close();

    const again = await start(demo);
    expect(credentials()).toEqual(first);
    expect(await ask(again, query)).toEqual(made);
    await running.pop()?.close();

    const moved = await start({ PENSTOCK_DEMO_SIMULATOR_URL: "http://127.0.0.1:4006/v1" });
    const providers = await ask(moved, "{ providers { edges { node { baseUrl } } } }");
    expect(providers.providers.edges).toEqual([{ node: { baseUrl: "http://127.0.0.1:4006/v1" } }]);
  });

  it("has an epoch of its own, though all begin with the same packed database", async () => {
    const epochs = new Set<string>();
    for (const name of ["one", "two"]) {
      const database = await openDatabase({ dataDir: join(dataDir, name), databaseUrl: undefined }, openLogger("silent"));
      const [state] = await database.system((em) => em.execute<{ epoch: string }[]>("select epoch::text as epoch from config_state"));
      epochs.add(state?.epoch ?? "");
      await database.close();
    }
    expect(epochs.size).toBe(2);
  });

  it("makes everything once, though two control planes start at once on one PostgreSQL", async () => {
    const databaseUrl = await postgres.createDatabase();
    const planes = await Promise.all([start({ PENSTOCK_DATABASE_URL: databaseUrl }), start({ PENSTOCK_DATABASE_URL: databaseUrl })]);
    expect(planes).toHaveLength(2);
    const database = await openDatabase(settingsFor({ PENSTOCK_DATABASE_URL: databaseUrl }), openLogger("silent"));
    const counts = await database.system((em) =>
      em.execute<{ organisations: number; tokens: number; number: string }[]>(
        "select (select count(*)::int from organisation) organisations, (select count(*)::int from admin_token) tokens, number from config_state",
      ),
    );
    const resources = await database.system((em) =>
      em.execute<{ payload: Uint8Array }[]>("select payload from config_resource order by kind, id"),
    );
    await database.close();
    expect(counts).toEqual([{ organisations: 1, tokens: 1, number: "1" }]);
    expect(resources.map(({ payload }) => fromBinary(ResourceSchema, payload).resource.case)).toEqual([
      "organisation",
      "project",
      "apiKey",
    ]);
    expect((await ask(planes[0], "{ viewer { installation } }")).viewer.installation).toBe(true);
  });

  it("that crashed after the file was written begins again and replaces it", async () => {
    const databaseUrl = await postgres.createDatabase();
    writeFileSync(join(dataDir, "credentials.json"), '{"apiKey":"of a start that did not commit"}');
    const plane = await start({ PENSTOCK_DATABASE_URL: databaseUrl });
    expect((await ask(plane, "{ viewer { role } }")).viewer.role).toBe("ADMIN");
  });
});

describe("a start that cannot be", () => {
  it("names the process that holds the data directory", async () => {
    await start();
    await expect(start()).rejects.toThrow(new RegExp(`in use by process ${process.pid}`));
  });

  it("takes over a lock whose process is gone, or whose number is another process's by now", () => {
    const path = join(dataDir, "a.lock");
    for (const owner of [{ pid: 2 ** 22 - 1, startedAt: "1" }, { pid: process.pid, startedAt: "1" }, "half written {"]) {
      writeFileSync(path, typeof owner === "string" ? owner : JSON.stringify(owner));
      const lock = takeProcessLock(path);
      expect(() => takeProcessLock(path)).toThrow(/in use/);
      lock.release();
      expect(existsSync(path)).toBe(false);
    }
  });

  it("names the busy port and gives back what it had opened", async () => {
    const busy = createServer();
    const port = await new Promise<number>((resolve) => {
      busy.listen(0, "127.0.0.1", () => {
        const address = busy.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    await expect(start({ PENSTOCK_CONTROL_PORT: String(port) })).rejects.toThrow(/PENSTOCK_CONTROL_PORT/);
    await new Promise((resolve) => busy.close(resolve));
    await start({ PENSTOCK_CONTROL_PORT: String(port) });
  });

  it("names the secret that is missing or empty", () => {
    const environment = { PENSTOCK_SEALING_KEY: "11".repeat(32), PENSTOCK_SIGNING_KEY: "22".repeat(32) };
    expect(() => readControlPlaneSettings(environment)).toThrow(/PENSTOCK_PEPPER is not set/);
    expect(() => readControlPlaneSettings({ ...environment, PENSTOCK_PEPPER: "" })).toThrow(/PENSTOCK_PEPPER is empty/);
    expect(() => readControlPlaneSettings({ ...environment, PENSTOCK_PEPPER: "p", PENSTOCK_SIGNING_KEY: "short" })).toThrow(/32 bytes/);
  });

  it("says that PostgreSQL does not answer", async () => {
    await expect(start({ PENSTOCK_DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" })).rejects.toMatchObject({ kind: "UNAVAILABLE" });
  });
});
