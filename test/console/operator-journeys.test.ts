/** What operators do in the console day by day: views, running calls, members, what was changed, and a control plane that goes away. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openConsole, type RunningConsole } from "../harness/console.ts";

let gateway: RunningConsole;
let page: Page;

beforeAll(async () => {
  gateway = await openConsole();
  page = await gateway.signedIn();
}, 120_000);
afterAll(() => gateway?.close());

const slow = 90_000;
const heading = (name: string) => page.getByRole("heading", { name }).first();

it(
  "keeps a view of the log under a name: the slowest of those that went well, by its link alone",
  async () => {
    await (await gateway.call("demo-chat", "viewed")).text();
    await page.goto(`${gateway.url}/calls?outcome=OK`);
    await page.getByRole("columnheader", { name: "Took" }).getByRole("button").click();
    await page.waitForURL(/sort=slowest/);
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("menuitem", { name: "Save this view" }).click();
    await page.getByLabel("Name").fill("Good but slow");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("button", { name: "Good but slow" }).waitFor();
    const view = new URL(page.url()).searchParams.get("view");
    await page.goto(`${gateway.url}/calls?view=${view}`);
    await page.waitForURL(/outcome=OK.*sort=slowest|sort=slowest.*outcome=OK/);
    await page.getByLabel("Outcome").selectOption("DENIED");
    await page.getByRole("button", { name: "Good but slow, changed" }).click();
    await page.getByRole("menuitem", { name: "All views" }).click();
    await page.getByRole("button", { name: "Delete Good but slow" }).click();
    await page.getByText("None is left.").waitFor();
  },
  slow,
);

it(
  "watches a call while it runs, in two tabs over one connection, and ends it",
  async () => {
    const other = await page.context().newPage();
    for (const tab of [page, other]) {
      await tab.goto(`${gateway.url}/live`);
      await tab.getByRole("heading", { name: "Live traffic" }).waitFor();
      await tab.mouse.move(0, 0);
    }
    const answer = await fetch(`${gateway.restUrl}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${gateway.credentials.apiKey}`,
        "content-type": "application/json",
        "x-sim-gap-ms": "50",
        "x-sim-tokens": "2000",
      },
      body: JSON.stringify({ model: "demo-chat", stream: true, messages: [{ role: "user", content: "tell me of rivers" }] }),
    });
    for (const tab of [page, other])
      await tab.getByRole("region", { name: "Calls that run" }).getByText("streaming").waitFor({ timeout: 20_000 });
    await other.close();
    await page.getByRole("button", { name: "End it" }).click();
    await page.getByRole("button", { name: "End the call" }).click();
    expect(await answer.text()).toMatch(/an operator ended this call/);
    await page.mouse.move(0, 0);
    const ended = page.getByRole("region", { name: "Calls that have just ended" });
    await ended.locator(`a[href="/calls/${answer.headers.get("x-penstock-call-id")}"]`).waitFor({ timeout: 20_000 });
    await page.getByText("No call runs").waitFor();
  },
  slow,
);

it(
  "asks a member in, who takes it up once and sees why not; and an administrator sees what they see",
  async () => {
    await page.goto(`${gateway.url}/organisation?tab=members&make=invitation`);
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("ada");
    await page.getByRole("button", { name: "Make the link" }).click();
    const link = (await page.getByRole("region", { name: "The link" }).textContent()) ?? "";
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByText("invited", { exact: true }).waitFor();

    const context = await gateway.browser.newContext();
    const invited = await context.newPage();
    await invited.goto(link);
    await invited.getByRole("heading", { name: "Welcome" }).waitFor();
    expect(await invited.getByRole("region", { name: "Your admin token" }).textContent()).toMatch(/^pat_/);
    await invited.getByRole("button", { name: "I have it" }).click();
    await invited.getByRole("heading", { name: "Overview" }).waitFor();
    await invited.goto(`${gateway.url}/quotas`);
    const refused = invited.getByRole("button", { name: "New quota" });
    expect(await refused.isDisabled()).toBe(true);
    await refused.focus();
    expect(await invited.locator(":focus").textContent()).toContain("New quota");
    await refused.hover();
    await invited.locator(".tooltip").getByText("Your role is viewer. This needs the role operator.").waitFor();
    await context.close();

    await page.getByRole("button", { name: "View as viewer" }).click();
    await page.getByText("You see the console as its viewers do.").waitFor();
    await page.goto(`${gateway.url}/quotas`);
    expect(await page.getByRole("button", { name: "New quota" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Be yourself again" }).click();
    await heading("Overview").waitFor();
  },
  slow,
);

it(
  "finds a change in the audit log, sees what it did, and takes it back",
  async () => {
    await gateway.graphql(
      `mutation { createQuota(input: { key: "by-mistake", scopeKind: ORGANISATION, resource: REQUESTS, window: DAY, limit: 5, enforcement: SHADOW }) { __typename } }`,
    );
    await page.goto(`${gateway.url}/audit?kind=quota&action=quota.create&via=GRAPHQL`);
    await page.getByRole("cell", { name: "quota by-mistake made" }).click();
    await page.getByText("by-mistake", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: "Take it back" }).click();
    const dialog = page.getByRole("dialog").filter({ hasText: "to go on" });
    await dialog.getByRole("textbox").fill((await dialog.locator("code").textContent()) ?? "");
    await dialog.getByRole("button", { name: "Take it back" }).click();
    await page.getByText(/^Revision \d+ is taken back$/).waitFor();
    const { quotas } = await gateway.graphql<{ quotas: { edges: { node: { key: string } }[] } }>(
      `{ quotas(first: 5, search: "by-mistake") { edges { node { key } } } }`,
    );
    expect(quotas.edges).toEqual([]);
  },
  slow,
);

it(
  "makes a rule from a chart, sees it fire and why, and mutes it",
  async () => {
    for (let failed = 0; failed < 24; failed++) await (await gateway.call("no-such-route", "lost")).text();
    await page.goto(gateway.url);
    await page.getByRole("link", { name: "Alert me of calls" }).click();
    await heading("New alert rule: calls").waitFor();
    await page.getByLabel("What", { exact: true }).selectOption("ERROR_RATE");
    await page.getByLabel("Name").fill("Many errors");
    await page.getByLabel("Threshold, percent").fill("5");
    await page.getByText("It would have told 1 time.").waitFor({ timeout: 30_000 });
    await page.getByRole("button", { name: "Make the rule" }).click();
    const rule = page.locator("section", { has: page.getByRole("heading", { name: "Many errors" }) });
    await rule.getByText("fires", { exact: true }).waitFor({ timeout: 40_000 });
    await rule.getByRole("button", { name: "Mute" }).click();
    await page.getByRole("menuitem", { name: "For an hour" }).click();
    await rule.getByText("muted", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    await page.getByText("fires, muted: error rate").waitFor();
    await page.getByRole("link", { name: "To the rule" }).click();
    await heading("Change Many errors").waitFor();
    expect(await page.getByLabel("Threshold, percent").inputValue()).toBe("5");
  },
  slow,
);

it(
  "says that it is offline, and is live again with the network",
  async () => {
    await page.goto(`${gateway.url}/routes`);
    await page.getByText("Live ·").waitFor();
    await page.context().setOffline(true);
    await page.getByText("Offline", { exact: true }).waitFor();
    await page.getByRole("link", { name: "API keys", exact: true }).click();
    await page.getByRole("heading", { name: "Not loaded" }).waitFor();
    await page.context().setOffline(false);
    await page.getByText("Live ·").waitFor();
    // The frame has stayed, and the page is asked for again.
    await page.getByRole("link", { name: "Routes", exact: true }).click();
    await page.getByRole("link", { name: "API keys", exact: true }).click();
    await page.getByRole("link", { name: "first-start" }).waitFor();
  },
  slow,
);

it("keeps what it shows when the control plane goes away, says so, and goes on when it is back", async () => {
  await page.goto(`${gateway.url}/quotas`);
  await heading("Quotas").waitFor();
  await page.goto(`${gateway.url}/prompts`);
  await page.getByRole("link", { name: "support-answer" }).waitFor();
  await page.getByText("Live ·").waitFor();
  await gateway.stopControlPlane();
  await page.getByText("Reconnecting").waitFor();
  await page.getByRole("link", { name: "Quotas", exact: true }).click();
  await page.getByText("The control plane does not answer").waitFor();
  // Of a page that was never opened not even the script is here.
  await page.getByRole("link", { name: "Models", exact: true }).click();
  await page.getByRole("heading", { name: "Not loaded" }).waitFor();
  await page.goBack();
  await page.goBack();
  await page.getByText("What you see is from").waitFor();
  await page.getByRole("link", { name: "support-answer" }).waitFor();
  await gateway.startControlPlane();
  await page.getByText("What you see is from").waitFor({ state: "detached", timeout: 40_000 });
  await page.getByText("Live ·").waitFor({ timeout: 40_000 });
}, 150_000);

it("keeps what is typed into a dialog while the control plane is gone, says that it is not known what became of it, and sends it again", async () => {
  await page.goto(`${gateway.url}/quotas?make=true`);
  const dialog = page.getByRole("dialog", { name: "New quota" });
  await dialog.getByLabel("Name", { exact: true }).fill("typed-meanwhile");
  await gateway.stopControlPlane();
  await dialog.getByRole("button", { name: "Make the quota" }).click();
  await dialog.getByText("The control plane did not answer, so it is not known whether this was done.").waitFor();
  await gateway.startControlPlane();
  expect(await dialog.getByLabel("Name", { exact: true }).inputValue()).toBe("typed-meanwhile");
  await dialog.getByRole("button", { name: "Make the quota" }).click();
  await page.getByText("typed-meanwhile", { exact: true }).first().waitFor();
}, 150_000);

it(
  "tries GraphQL from what stands behind a page: completes, runs, asks before a change, follows and stops",
  async () => {
    await page.goto(`${gateway.url}/routes`);
    await page.getByRole("link", { name: "demo-chat" }).waitFor();
    await page.getByRole("button", { name: "You and this page" }).click();
    await page.getByRole("menuitem", { name: "GraphQL behind this page" }).click();
    await page.getByRole("link", { name: "Try it in the explorer" }).click();
    const query = page.getByRole("textbox", { name: "Query", exact: true });
    const answer = page.getByRole("textbox", { name: "Answer" });
    await query.filter({ hasText: /^query Routes/ }).waitFor();
    await query.press("Control+Enter");
    await page.getByText(/^HTTP 200 · .* · request /).waitFor();
    await answer.filter({ hasText: "demo-chat" }).waitFor();

    await query.fill("{ viewer { act");
    await page.locator(".cm-tooltip-autocomplete").getByText("actor").click();
    await query.press("End");
    await page.keyboard.type(" } }");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe("Variables as JSON");
    await page.keyboard.press("Control+Enter");
    await answer.filter({ hasText: '"viewer"' }).waitFor();

    await query.fill("{ viewer { nothing } }");
    await page.getByRole("alert").getByText('Cannot query field "nothing"').waitFor();

    await query.fill('mutation { createProject(input: { key: "tried", name: "Tried" }) { __typename } }');
    await query.press("Control+Enter");
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(JSON.stringify(await gateway.graphql("{ projects(first: 9) { edges { node { key } } } }"))).not.toContain("tried");
    await query.press("Control+Enter");
    await page.getByRole("button", { name: "Run it" }).click();
    await answer.filter({ hasText: "createProject" }).waitFor();
    expect(JSON.stringify(await gateway.graphql("{ projects(first: 9) { edges { node { key } } } }"))).toContain("tried");

    await query.fill("subscription { news { nodes { name state } } }");
    await query.press("Control+Enter");
    await page.getByText(/^Following: .* event/).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText(/^Over: /).waitFor();

    await page.getByRole("link", { name: "Last runs" }).click();
    await page.getByText('key: ""').waitFor();
    expect(await page.getByRole("button", { name: /^Put run/ }).count()).toBe(4);

    await page.goto(`${gateway.url}/graphql#${encodeURIComponent('{"query":"{ nodes { id } }"}')}`);
    await page.getByRole("heading", { name: "GraphQL" }).first().waitFor();
    await query.filter({ hasText: "{ nodes { id } }" }).waitFor();
  },
  slow,
);
