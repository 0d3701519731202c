/**
 * What holds for every page of the console: no serious finding of axe in either theme, nothing from another host, nothing that
 * the content security policy stops, one GraphQL request, no sideways scrolling at 360 pixels, and a first load within its budget.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type { Page, Response } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openConsole, type RunningConsole } from "../harness/console.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const firstLoadBytesMax = 250 * 1024;

let gateway: RunningConsole;
let page: Page;
const paths = new Map<string, string>();

beforeAll(async () => {
  gateway = await openConsole();
  for (let user = 0; user < 8; user++) await (await gateway.call("demo-chat", `user-${user}`)).text();
  await gateway.graphql(
    'mutation { createDataset(input: { name: "greetings", cases: [{ request: { model: "demo-chat", messages: [{ role: "user", content: "Hi" }] } }] }) { __typename } }',
  );
  const found = await gateway.graphql<Record<string, { edges: { node: { id?: string; callId?: string; number?: string } }[] }>>(`{
    routes(first: 1) { edges { node { id } } } backends(first: 1) { edges { node { id } } } prompts(first: 1) { edges { node { id } } }
    experiments(first: 1) { edges { node { id } } } datasets(first: 1) { edges { node { id } } } apiKeys(first: 1) { edges { node { id } } } revisions(first: 1) { edges { node { number } } }
    projects(first: 1) { edges { node { id } } }
  }`);
  for (const [kind, { edges }] of Object.entries(found)) paths.set(kind, edges[0]?.node.id ?? edges[0]?.node.number ?? "");
  await vi.waitFor(
    async () => {
      const { usageEvents } = await gateway.graphql<{ usageEvents: { edges: { node: { callId: string } }[] } }>(
        "{ usageEvents(first: 1) { edges { node { callId } } } }",
      );
      paths.set("calls", usageEvents.edges[0]?.node.callId ?? "");
      expect(usageEvents.edges.length).toBe(1);
    },
    { timeout: 20_000 },
  );
  page = await gateway.signedIn();
}, 90_000);
afterAll(() => gateway?.close());

const pages = [
  ["/", "Overview"],
  ["/live", "Live traffic"],
  ["/calls", "Calls"],
  ["/calls/:calls", "A call to demo-chat"],
  ["/cost", "Cost"],
  ["/cost?tab=periods", "Cost"],
  ["/cost?tab=missing", "Cost"],
  ["/playground", "Playground"],
  ["/playground?m=demo-chat~support-answer@1,demo-chat", "Playground"],
  ["/prompts", "Prompts"],
  ["/prompts/:prompts", "support-answer"],
  ["/prompts/:prompts?tab=edit", "support-answer"],
  ["/prompts/:prompts?tab=compare", "support-answer"],
  ["/prompts/:prompts?tab=try", "support-answer"],
  ["/prompts/:prompts?tab=metrics", "support-answer"],
  ["/prompts/:prompts?tab=used", "support-answer"],
  ["/prompts/:prompts?tab=code", "support-answer"],
  ["/experiments", "Experiments"],
  ["/experiments?make=true", "New experiment"],
  ["/experiments/:experiments", "support-answer-steps"],
  ["/experiments/:experiments?change=true", "Change support-answer-steps"],
  ["/replays", "Replays"],
  ["/replays?make=true", "New replay"],
  ["/replays?make=true&dataset=:datasets", "New replay"],
  ["/replays?tab=datasets", "Replays"],
  ["/replays?tab=datasets&make=true", "New dataset"],
  ["/datasets/:datasets", "greetings"],
  ["/developers", "Developers"],
  ["/explorer", "GraphQL"],
  ["/explorer?tab=schema", "GraphQL"],
  ["/explorer?tab=schema&type=Route", "GraphQL"],
  ["/routes", "Routes"],
  ["/routes?make=true", "New route"],
  ["/routes/:routes", "demo-chat"],
  ["/routes/:routes?tab=explain", "demo-chat"],
  ["/backends", "Backends"],
  ["/backends?tab=providers", "Backends"],
  ["/backends?tab=capabilities", "Backends"],
  ["/backends?make=backend", "New backend"],
  ["/backends?make=provider", "New provider"],
  ["/backends/:backends", "sim-fast"],
  ["/models", "Models"],
  ["/models?model=openai/gpt-4o", "Models"],
  ["/models?make=true", "New model"],
  ["/quotas", "Quotas"],
  ["/quotas?make=true", "New quota"],
  ["/quotas?tab=did", "Quotas"],
  ["/quotas?tab=held", "Quotas"],
  ["/budgets", "Budgets"],
  ["/alerts", "Alerts"],
  ["/alerts?tab=rules", "Alerts"],
  ["/alerts?tab=rules&make=true", "New alert rule"],
  ["/alerts?tab=webhooks", "Alerts"],
  ["/alerts?tab=deliveries", "Alerts"],
  ["/keys", "API keys"],
  ["/keys/:apiKeys", "first-start"],
  ["/nodes", "Nodes"],
  ["/revisions", "Revisions"],
  ["/revisions/:revisions", "Revision 1"],
  ["/audit", "Audit"],
  ["/organisation", "Default"],
  ["/organisation?tab=members", "Default"],
  ["/organisation?tab=keeps", "Default"],
  ["/organisation?tab=all", "Default"],
  ["/projects/:projects", "Default"],
  ["/settings", "Settings"],
] as const;

const addressOf = (path: string): string => `${gateway.url}${path.replace(/:(\w+)/, (_, kind: string) => paths.get(kind) ?? "")}`;

interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** Of animations nobody sees the middle: they are over before axe looks at colours. */
async function seriousFindings(of: Page): Promise<string[]> {
  await of.evaluate(async () => {
    await Promise.all(
      document
        .getAnimations()
        .map((animation) =>
          animation.effect?.getTiming().iterations === Infinity ? undefined : animation.finished.catch(() => undefined),
        ),
    );
  });
  // Put in by the debugger's way, which the page's own policy does not concern.
  await of.evaluate(axeSource);
  const violations = await of.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(where: Document, options: object): Promise<{ violations: AxeViolation[] }> } };
    return (await axe.run(document, { resultTypes: ["violations"] })).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}

/** The live subscription never ends, so the network is never idle; the page itself is, when it has nothing more to do. */
const settled = (of: Page): Promise<void> =>
  of.evaluate(
    () =>
      new Promise<void>((resolve) => {
        requestIdleCallback(() => requestIdleCallback(() => resolve()));
      }),
  );

/** What the last week says of a rule to be made is a question of its own. */
const requestsOf = (path: string): number => (path === "/alerts?tab=rules&make=true" ? 2 : 1);

describe.each(pages)("%s", (path, title) => {
  it("is there with one GraphQL request, from this host alone, and is fit for everyone in both themes and on a phone", async () => {
    const asked: string[] = [];
    const wrong: string[] = [];
    const onRequest = (request: { url(): string; headers(): Record<string, string>; postData(): string | null }) => {
      if (!request.url().startsWith(gateway.url) && !request.url().startsWith("data:") && !request.url().startsWith("blob:"))
        wrong.push(`asked ${request.url()}`);
      if (request.url().endsWith("/graphql") && !(request.headers()["accept"] ?? "").startsWith("text/event-stream"))
        asked.push(request.postData() ?? "");
    };
    const onConsole = (message: { type(): string; text(): string }) => message.type() === "error" && wrong.push(message.text());
    const onError = (error: Error) => wrong.push(error.message);
    page.on("request", onRequest).on("console", onConsole).on("pageerror", onError);
    await page.setViewportSize({ width: 1360, height: 900 });
    await page.goto(addressOf(path));
    await page.getByRole("heading", { name: title }).first().waitFor();
    await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
    await settled(page);
    expect(asked, "GraphQL requests").toHaveLength(requestsOf(path));
    expect(await seriousFindings(page)).toEqual([]);
    await page.evaluate(() => {
      document.documentElement.dataset["theme"] = "dark";
    });
    expect(await seriousFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(wrong).toEqual([]);
    page.off("request", onRequest).off("console", onConsole).off("pageerror", onError);
  });
});

it("loads at most 250 kB of compressed scripts at first", async () => {
  const fresh = await gateway.signedIn();
  const scripts: Promise<number>[] = [];
  const onResponse = (response: Response) => {
    if (response.url().endsWith(".js")) scripts.push(response.body().then((body) => gzipSync(body).length));
  };
  fresh.on("response", onResponse);
  await fresh.goto(gateway.url);
  await fresh.getByRole("heading", { name: "Overview" }).waitFor();
  await settled(fresh);
  // What comes later is not the first load, and may come when the browser closes.
  fresh.off("response", onResponse);
  const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThanOrEqual(firstLoadBytesMax);
  process.stdout.write(`first load: ${Math.round(bytes / 1024)} kB gzipped\n`);
});

it("shows a page that was seen before from what it knows, without waiting for the control plane", async () => {
  await page.setViewportSize({ width: 1360, height: 900 });
  await page.goto(`${gateway.url}/routes`);
  await page.getByRole("link", { name: "demo-chat" }).waitFor();
  await page.getByRole("link", { name: "Backends", exact: true }).click();
  await page.getByRole("link", { name: "sim-fast", exact: true }).first().waitFor();
  const answers = Promise.withResolvers<void>();
  await page.route("**/graphql", async (route) => {
    await answers.promise;
    await route.continue();
  });
  await page.getByRole("link", { name: "Routes", exact: true }).click();
  await page.getByRole("heading", { name: "Routes", exact: true }).waitFor();
  await page.getByRole("link", { name: "demo-chat" }).waitFor();
  answers.resolve();
  await page.unrouteAll({ behavior: "wait" });
});

it("paints a dark theme from the first frame", async () => {
  await page.evaluate(() => localStorage.setItem("penstock-theme", "dark"));
  await page.goto(gateway.url, { waitUntil: "commit" });
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
});
