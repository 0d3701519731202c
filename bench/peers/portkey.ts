/**
 * Portkey's open-source gateway, of one fixed version, from the npm registry: installed once into a temporary directory outside
 * of the repository, because it is a peer and no part of us. Without a registry the row says so.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Part, startProgram } from "../processes.ts";

export const portkeyVersion = "1.15.2";
const installMsMax = 120_000;

/** @returns undefined where it can not be had, or is not there yet and may not be installed. */
export async function startPortkey(mayInstall: boolean): Promise<Part | undefined> {
  const directory = join(tmpdir(), `penstock-bench-portkey-${portkeyVersion}`);
  const server = join(directory, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
  if (!existsSync(server)) {
    if (!mayInstall) return undefined;
    mkdirSync(directory, { recursive: true });
    const install = [
      "install",
      "--prefix",
      directory,
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      `@portkey-ai/gateway@${portkeyVersion}`,
    ];
    spawnSync("npm", install, { stdio: "ignore", timeout: installMsMax, cwd: directory });
    if (!existsSync(server)) return undefined;
  }
  const port = await freePort();
  return startProgram(process.execPath, [server, `--port=${port}`, "--headless"], port, {
    env: { PATH: process.env["PATH"], NODE_ENV: "production" },
  });
}

/** How a call names the backend that it is for. */
export const portkeyHeaders = (backendPort: number): Record<string, string> => ({
  authorization: "Bearer not-checked",
  "x-portkey-provider": "openai",
  "x-portkey-custom-host": `http://127.0.0.1:${backendPort}/v1`,
});
