/**
 * `npm run screenshots [-- directory [page,page…]]`: each page of the console, or those named, in both themes, and at the width
 * of a phone, from a gateway with the demo's week behind it.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openConsole } from "../harness/console.ts";

const directory = process.argv[2] ?? "screenshots";
const pages = [
  "",
  "live",
  "calls",
  "cost",
  "cost?tab=periods",
  "alerts",
  "alerts?tab=rules",
  "alerts?tab=rules&make=true&metric=TIME_TO_FIRST_TOKEN_P95",
  "alerts?tab=webhooks",
  "alerts?tab=deliveries",
  "playground",
  "prompts",
  "prompts?make=true",
  "experiments",
  "experiments?make=true",
  "replays",
  "replays?make=true",
  "replays?tab=datasets",
  "developers",
  "explorer",
  "routes",
  "backends",
  "models",
  "models?model=openai/gpt-4o",
  "quotas",
  "quotas?make=true",
  "quotas?tab=did",
  "quotas?tab=held",
  "budgets",
  "keys",
  "nodes",
  "revisions",
  "audit",
  "organisation",
  "organisation?tab=members",
  "organisation?tab=keeps",
  "settings",
];
const paintMs = 1_500;
const weekMsMax = 60_000;

mkdirSync(directory, { recursive: true });
const gateway = await openConsole({ demo: true });
try {
  for (let user = 0; user < 40; user++)
    await (await gateway.call(user % 13 === 12 ? "no-such-route" : "demo-chat", `user-${user % 9}`)).text();
  await furnish();
  const wanted = process.argv[3]?.split(",") ?? [...pages, ...(await detailPages())];
  const page = await gateway.signedIn();
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const path of wanted) {
      for (const [width, name] of [
        [1360, theme],
        [360, `${theme}-phone`],
      ] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.goto(`${gateway.url}/${path}`);
        await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
        await page.waitForTimeout(paintMs);
        await page.screenshot({ path: join(directory, `${path.replace(/[?=&/]/g, "-") || "overview"}-${name}.png`), fullPage: true });
      }
    }
  }
  process.stdout.write(`${wanted.length * 4} pictures are in ${directory}\n`);
} finally {
  await gateway.close();
}

interface Things {
  readonly [kind: string]: {
    readonly edges: readonly { readonly node: { readonly id?: string; readonly callId?: string; readonly number?: string } }[];
  };
}

/** Of each kind of thing the newest, and of experiments all. */
async function detailPages(): Promise<readonly string[]> {
  const things = await gateway.graphql<Things>(`{
    experiments(first: 10) { edges { node { id } } } routes(first: 1) { edges { node { id } } } backends(first: 1) { edges { node { id } } }
    prompts(first: 1) { edges { node { id } } } keys: apiKeys(first: 1) { edges { node { id } } } projects(first: 1) { edges { node { id } } }
    revisions(first: 1) { edges { node { number } } } calls: usageEvents(first: 1) { edges { node { callId } } }
  }`);
  return Object.entries(things).flatMap(([kind, { edges }]) => edges.map(({ node }) => `${kind}/${node.id ?? node.callId ?? node.number}`));
}

/** What a first start does not have. */
async function furnish(): Promise<void> {
  const { graphql } = gateway;
  const until = performance.now() + weekMsMax;
  // The week comes in the background.
  for (;;) {
    const range = { since: new Date(Date.now() - 8 * 86_400_000).toISOString(), until: new Date(Date.now() + 60_000).toISOString() };
    const { usage } = await graphql<{ usage: { total: { figures: { calls: string } } } }>(
      "query ($range: UsageRange!) { usage(range: $range) { ... on UsageReport { total { figures { calls } } } } }",
      { range },
    );
    if (Number(usage.total.figures.calls) > 1000) break;
    if (performance.now() > until) throw new Error("the demo's week did not come");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const make = async (name: string, input: Record<string, unknown>) => {
    const field = `create${name}`;
    await graphql(`mutation ($input: Create${name}Input!) { ${field}(input: $input) { __typename ... on UserError { message } } }`, {
      input,
    });
  };
  await make("Budget", { key: "everything", scopeKind: "ORGANISATION", period: "MONTH", limitNanodollars: "1600000" });
  await make("Budget", {
    key: "quarter",
    scopeKind: "ORGANISATION",
    period: "QUARTER",
    limitNanodollars: "900000000000",
    timeZone: "Europe/Berlin",
  });
  await make("Webhook", { name: "on-call", url: `${gateway.simulatorUrl}/hook` });
  await make("Quota", {
    key: "cost-per-user",
    scopeKind: "END_USER",
    resource: "COST",
    window: "DAY",
    limit: "500000",
    enforcement: "HARD",
  });
  await make("Quota", {
    key: "at-once",
    scopeKind: "ORGANISATION",
    resource: "CONCURRENT_CALLS",
    window: "NONE",
    limit: "64",
    enforcement: "HARD",
  });
  await make("Quota", {
    key: "calls-a-week",
    scopeKind: "ORGANISATION",
    resource: "REQUESTS",
    window: "WEEK",
    limit: "48",
    enforcement: "SHADOW",
    timeZone: "Asia/Kolkata",
  });
  const rule = { comparison: "ABOVE", windowMinutes: 15 };
  await make("AlertRule", { ...rule, name: "Many errors", metric: "ERROR_RATE", threshold: 0.05, callsMin: 20 });
  await make("AlertRule", { ...rule, name: "First tokens are late", metric: "TIME_TO_FIRST_TOKEN_P95", threshold: 4000, holdMinutes: 5 });
  await make("AlertRule", {
    ...rule,
    name: "Nobody asks the judge",
    metric: "CALLS",
    comparison: "BELOW",
    threshold: 1,
    windowMinutes: 360,
  });
}
