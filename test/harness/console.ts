/** The whole gateway as processes, with traffic in its ledger, and Debian's Chromium on its console. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { graphqlClient, installation, type RunningProcess } from "./planes.ts";

const builtPage = join(resolve(import.meta.dirname, "../.."), "web-console", "dist", "index.html");

export interface RunningConsole {
  readonly url: string;
  readonly restUrl: string;
  readonly simulatorUrl: string;
  readonly browser: Browser;
  readonly credentials: { readonly apiKey: string; readonly adminToken: string };
  readonly graphql: ReturnType<typeof graphqlClient>;
  /** A browser of its own, signed in. */
  signedIn(): Promise<Page>;
  call(model: string, user: string, key?: string): Promise<Response>;
  stopControlPlane(): Promise<void>;
  startControlPlane(): Promise<void>;
  close(): Promise<void>;
}

/** @param demo with the week that a first start of `npm start` has behind it; it is written in the background. */
export async function openConsole({ demo = false }: { readonly demo?: boolean } = {}): Promise<RunningConsole> {
  if (!existsSync(builtPage)) throw new Error("the console is not built; run: npm run console");
  const parts = installation({});
  const simulator = await parts.simulator();
  const simulatorUrl = `http://127.0.0.1:${simulator.ready["port"]}/v1`;
  const start = (environment: Record<string, string> = {}) =>
    parts.controlPlane({ PENSTOCK_DEMO_SIMULATOR_URL: simulatorUrl, PENSTOCK_DEMO: String(demo), ...environment });
  let controlPlane: RunningProcess = await start();
  const ports = {
    PENSTOCK_CONTROL_PORT: String(controlPlane.ready["graphqlPort"]),
    PENSTOCK_CONFIG_PORT: String(controlPlane.ready["configPort"]),
  };
  const node = await parts.node("node", { PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${ports.PENSTOCK_CONFIG_PORT}` });
  const url = `http://127.0.0.1:${ports.PENSTOCK_CONTROL_PORT}`;
  const restUrl = `http://127.0.0.1:${node.ready["restPort"]}`;
  const credentials = parts.credentials();
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const contexts: BrowserContext[] = [];
  return {
    url,
    restUrl,
    simulatorUrl,
    browser,
    credentials,
    graphql: graphqlClient(`${url}/graphql`, credentials.adminToken),
    signedIn: async () => {
      const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, colorScheme: "light" });
      contexts.push(context);
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      await context.request.post(`${url}/session`, { headers: { "x-penstock-console": "1" }, data: { token: credentials.adminToken } });
      return page;
    },
    call: (model, user, key = credentials.apiKey) =>
      fetch(`${restUrl}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ model, user, messages: [{ role: "user", content: "hello" }] }),
      }),
    stopControlPlane: async () => {
      await controlPlane.kill("SIGKILL");
    },
    startControlPlane: async () => {
      controlPlane = await start(ports);
    },
    close: async () => {
      for (const context of contexts) await context.close();
      await browser.close();
      await node.kill("SIGTERM");
      await controlPlane.kill("SIGTERM");
      await simulator.kill("SIGTERM");
      parts.close();
    },
  };
}
