/** What cannot work is refused at the start, in one line that names it and says what to do, with a code other than 0. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { startTestNode } from "../harness/node.ts";
import { startProcess } from "../harness/planes.ts";

const directory = mkdtempSync(join(tmpdir(), "penstock-refusing-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const secret = () => randomBytes(32).toString("hex");
const good = () => ({
  PENSTOCK_PEPPER: secret(),
  PENSTOCK_SEALING_KEY: secret(),
  PENSTOCK_SIGNING_KEY: secret(),
  PENSTOCK_REST_PORT: "0",
  PENSTOCK_GRPC_PORT: "0",
  PENSTOCK_OPS_PORT: "0",
  PENSTOCK_CONTROL_PORT: "0",
  PENSTOCK_CONFIG_PORT: "0",
});

const refusal = async (command: readonly string[], environment: Record<string, string>) => {
  const reason = (await startProcess(command, environment).then(
    (running) => running.kill("SIGKILL").then(() => new Error("it started")),
    (error: unknown) => error,
  )) as Error & { exitCode?: number };
  return { code: reason.exitCode, text: reason.message };
};

describe.each(["data-plane", "control-plane"])("the %s", (plane) => {
  const environment = () => ({ ...good(), PENSTOCK_DATA_DIR: join(directory, `${plane}-${secret().slice(0, 8)}`) });

  it.each([
    ["an empty secret", { PENSTOCK_PEPPER: "" }, "PENSTOCK_PEPPER is empty"],
    ["a key of another length", { PENSTOCK_SEALING_KEY: "abc" }, "PENSTOCK_SEALING_KEY must be 32 bytes"],
    ["a port that is none", { PENSTOCK_GRPC_PORT: "http", PENSTOCK_CONTROL_PORT: "http" }, "must be a whole number from 0 to 65535"],
    ["a flag that is none", { PENSTOCK_GRPC_REFLECTION: "perhaps", PENSTOCK_GRAPHQL_EXPLORER: "perhaps" }, "must be true or false"],
    ["a secret's file that is not there", { PENSTOCK_PEPPER: undefined, PENSTOCK_PEPPER_FILE: "/nowhere/at/all" }, "cannot be read"],
  ])("refuses %s by name", async (_, change, words) => {
    const settings = Object.fromEntries(
      Object.entries({ ...environment(), ...change }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    const { code, text } = await refusal([plane], settings);
    expect(code).toBe(1);
    expect(text).toContain(words);
    expect(text).not.toContain("    at ");
  });

  it("refuses a secret that is missing, and a file of a secret that is empty", async () => {
    const { PENSTOCK_SIGNING_KEY, ...rest } = environment();
    expect((await refusal([plane], rest)).text).toContain("PENSTOCK_SIGNING_KEY");
    const file = join(directory, `${plane}-empty`);
    writeFileSync(file, "\n");
    const { PENSTOCK_PEPPER, ...without } = environment();
    expect((await refusal([plane], { ...without, PENSTOCK_PEPPER_FILE: file })).text).toContain("is empty");
    expect(PENSTOCK_SIGNING_KEY).not.toBe(PENSTOCK_PEPPER);
  });

  it("names a port that is taken, its setting, and the way out", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const port = String((taken.address() as AddressInfo).port);
    for (const name of plane === "data-plane"
      ? ["PENSTOCK_REST_PORT", "PENSTOCK_GRPC_PORT", "PENSTOCK_OPS_PORT"]
      : ["PENSTOCK_CONTROL_PORT", "PENSTOCK_CONFIG_PORT"]) {
      const { code, text } = await refusal([plane], { ...environment(), [name]: port });
      expect(code).toBe(1);
      expect(text).toContain(port);
      expect(text).not.toContain("    at ");
      expect(text).toContain(name);
    }
    taken.close();
  }, 60_000);
});

it("a data directory that another node uses is refused, naming the process", async () => {
  await using node = await startTestNode({ resources: [] });
  const { code, text } = await refusal(["data-plane"], { ...good(), PENSTOCK_DATA_DIR: node.dataDirectory });
  expect(code).toBe(1);
  expect(text).toContain(`process ${process.pid}`);
});

it("an unknown command is answered with those that there are", async () => {
  const { code, text } = await refusal(["serve"], {});
  expect(code).toBe(2);
  expect(text).toContain("penstock start");
});
