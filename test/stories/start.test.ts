/** `npm start` as a new user meets it: one command, one JSON line, a first call; again after kill -9, with the same key. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import OpenAI from "openai";
import { afterAll, describe, expect, it } from "vitest";
import { graphqlClient, type RunningProcess, startProcess } from "../harness/planes.ts";

const directory = join(mkdtempSync(join(tmpdir(), "penstock-start-")), "data");
const ports = Object.fromEntries(["CONTROL", "CONFIG", "REST", "GRPC", "OPS", "SIMULATOR"].map((name) => [`PENSTOCK_${name}_PORT`, "0"]));
const start = () => startProcess(["start"], { ...ports, PENSTOCK_DATA_DIR: directory, PENSTOCK_DEMO: "0" });
const credentials = () => JSON.parse(readFileSync(join(directory, "credentials.json"), "utf8")) as { apiKey: string; adminToken: string };

let running: RunningProcess | undefined;
afterAll(async () => {
  await running?.kill("SIGTERM");
  rmSync(join(directory, ".."), { recursive: true, force: true });
});

const client = (apiKey: string) => new OpenAI({ apiKey, baseURL: String(running?.ready["openai"]), maxRetries: 0 });
const ask = (user: string) =>
  client(credentials().apiKey)
    .chat.completions.create({ model: "demo-chat", user, messages: [{ role: "user", content: "hello" }] })
    .withResponse();

describe("npm start", () => {
  it("prints one line that says where everything is, and leaves keys that only the user can read", async () => {
    running = await start();
    expect(running.ready).toMatchObject({ event: "ready", model: "demo-chat", credentialsFile: join(directory, "credentials.json") });
    for (const name of ["console", "graphql", "openai", "ops"]) expect(String(running.ready[name])).toMatch(/^http:\/\/127\.0\.0\.1:\d+/);
    expect(running.ready["grpc"]).toMatch(/^127\.0\.0\.1:\d+$/);
    for (const file of ["credentials.json", "secrets.json"]) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    expect(running.errors()).not.toContain(credentials().apiKey);
  });

  it("signs in from another terminal that was not told its ports", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, "../../cli/main.ts"), "sign-in"], {
      env: { PATH: process.env["PATH"], PENSTOCK_DATA_DIR: directory },
    });
    expect(stdout).toContain(`${running?.ready["console"]}`);
  });

  it("answers the first call, which is in the ledger a moment later", async () => {
    const { data, response } = await ask("ada");
    expect(data.choices[0]?.message.content).not.toBe("");
    const graphql = graphqlClient(String(running?.ready["graphql"]), credentials().adminToken);
    const id = response.headers.get("x-request-id");
    await expect
      .poll(
        async () =>
          (await graphql<{ usageEvent: unknown }>("query ($id: ID!) { usageEvent(callId: $id) { callId outcome } }", { id })).usageEvent,
      )
      .toMatchObject({ callId: id, outcome: "OK" });
  });

  it("has a running experiment: a user keeps its variant, users are spread over both, and the prompt of the variant is sent", async () => {
    const variants = new Map<string, string | null>();
    for (let i = 0; i < 24; i++) {
      const user = `user-${i % 12}`;
      const { response } = await ask(user);
      const variant = response.headers.get("x-penstock-variant");
      expect(variants.get(user) ?? variant).toBe(variant);
      variants.set(user, variant);
      expect(response.headers.get("x-penstock-prompt")).toMatch(/^support-answer@[12]$/);
    }
    expect(new Set(variants.values()).size).toBe(2);
  });

  it("starts again after kill -9 with the same key and what it knew; its planes do not outlive it", async () => {
    const before = credentials();
    await running?.kill("SIGKILL");
    // The planes close by themselves, and until they have, their data directories are refused to others.
    await expect
      .poll(
        async () => {
          running = await start().catch(() => undefined);
          return running !== undefined;
        },
        { timeout: 25_000, interval: 500 },
      )
      .toBe(true);
    expect(credentials()).toEqual(before);
    expect((await ask("ada")).data.choices.length).toBe(1);
    expect(existsSync(join(directory, "node", "snapshot"))).toBe(true);
  });

  it("ends in good order at SIGTERM", async () => {
    expect(await running?.kill("SIGTERM")).toBe(0);
    running = undefined;
  });
});
