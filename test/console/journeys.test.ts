/** What people do with the console, in a real browser against real planes: each journey ends with what it was for. Each stands on what those before it made. */
import { readFileSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
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
/** As people do where there may be thousands: by a part of the name. */
const choose = async (dialog: Locator, field: string, name: string) => {
  await dialog.getByRole("combobox", { name: field, exact: true }).click();
  await page.keyboard.type(name.slice(0, -1));
  await page.getByRole("option", { name }).click();
};

it(
  "first run: a link from the terminal signs in once, and the playground streams a first answer that is in the log",
  async () => {
    const { path } = (await (
      await fetch(`${gateway.url}/session/link`, { method: "POST", headers: { authorization: `Bearer ${gateway.credentials.adminToken}` } })
    ).json()) as { path: string };
    const context = await gateway.browser.newContext();
    const newcomer = await context.newPage();
    await newcomer.goto(`${gateway.url}${path}`);
    await newcomer.getByRole("heading", { name: "Overview" }).waitFor();
    expect(newcomer.url()).not.toContain("link=");
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });

    await newcomer.getByRole("link", { name: "Playground", exact: true }).click();
    await newcomer.getByRole("button", { name: /^Run/ }).click();
    const answer = newcomer.locator(".answer[data-phase=done]");
    await answer.waitFor({ timeout: 30_000 });
    expect((await answer.textContent())?.length).toBeGreaterThan(10);
    await newcomer.getByText("first token").waitFor();
    await newcomer.locator('a[href^="/calls/"]').click();
    await newcomer.getByRole("heading", { name: "A call to demo-chat" }).waitFor({ timeout: 30_000 });
    await newcomer.getByText("Where the time went").waitFor();
    await newcomer.getByText("until the first content").waitFor();
    await newcomer.getByRole("img", { name: /^\d+ pieces in .* The longest gap was/ }).waitFor();
    await newcomer.getByRole("link", { name: "Open in the playground" }).click();
    await newcomer.getByText("Its route and prompt version are those of the call").waitFor();
    expect(newcomer.url()).toMatch(/playground\?m=.*support-answer.*from=/);
    await context.close();

    const again = await gateway.browser.newContext();
    const late = await again.newPage();
    await late.goto(`${gateway.url}${path}`);
    await late.getByText("this link has been used").waitFor();
    await again.close();
  },
  slow,
);

it(
  "makes provider, backend, route and key, calls it, and finds the call",
  async () => {
    await page.goto(`${gateway.url}/backends?make=provider`);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("second-server");
    await dialog.getByLabel("Base URL").fill(gateway.simulatorUrl);
    await dialog.getByRole("button", { name: "Make the provider" }).click();
    await page.getByRole("cell", { name: "second-server" }).first().waitFor();

    await page.getByRole("button", { name: "New backend" }).click();
    await dialog.getByLabel("Name", { exact: true }).fill("second-fast");
    await choose(dialog, "Provider", "second-server");
    await dialog.getByLabel("Model", { exact: true }).fill("sim-fast");
    await dialog.getByRole("button", { name: "Make the backend" }).click();
    await heading("second-fast").waitFor();

    await page.goto(`${gateway.url}/routes?make=true`);
    await dialog.getByLabel("Name", { exact: true }).fill("second-chat");
    await dialog.getByRole("button", { name: "Add a backend" }).click();
    await choose(dialog, "Backend", "second-fast");
    await dialog.getByRole("button", { name: "Make the route" }).click();
    await heading("second-chat").waitFor();

    await page.getByRole("link", { name: "Explain a request" }).click();
    await page.getByRole("button", { name: "Explain it" }).click();
    await page.getByText("second-chat, because model says so").waitFor();
    await page.getByRole("list", { name: "Backends, in the order of tiers" }).getByRole("link", { name: "second-fast" }).waitFor();

    await page.goto(`${gateway.url}/keys?make=true`);
    await dialog.getByLabel("Name", { exact: true }).fill("journey");
    await choose(dialog, "Add a route", "second-chat");
    await dialog.getByRole("button", { name: "Not second-chat" }).waitFor();
    await dialog.getByRole("button", { name: "Make the key" }).click();
    await page.getByRole("heading", { name: "Your new API key" }).waitFor();
    const key = (await page.getByRole("region", { name: "The secret" }).textContent()) ?? "";
    expect(key).toMatch(/^psk_live_/);
    // What nobody can show again is not lost by one key.
    await page.keyboard.press("Escape");
    await page.getByText("It was not copied yet.").waitFor();
    await page.getByRole("button", { name: "I have it" }).click();

    expect((await gateway.call("demo-chat", "ada", key)).status).toBeGreaterThanOrEqual(400);
    const answered = await gateway.call("second-chat", "ada", key);
    expect(answered.status).toBe(200);
    await page.goto(`${gateway.url}/calls?route=second-chat`);
    await expect
      .poll(
        async () =>
          (await page.getByRole("gridcell", { name: "second-fast" }).count()) ||
          page
            .getByRole("button", { name: "Newest" })
            .click()
            .then(() => 0),
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0);
    await page.keyboard.press("j");
    await page.getByRole("heading", { name: "Where the time went" }).waitFor();
    expect(page.url()).toContain("call=");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Where the time went" }).waitFor({ state: "detached" });
  },
  slow,
);

/** In the playground, with a backend that takes its time. */
async function stopsWhileItStreams(): Promise<void> {
  const playground = await gateway.signedIn();
  let calls = 0;
  playground.on("request", (request) => {
    if (request.url().includes("/playground/v1/")) calls++;
  });
  await playground.goto(`${gateway.url}/playground?m=demo-chat`);
  await playground.getByRole("textbox", { name: "Message", exact: true }).fill("tell me of rivers");
  await playground.getByRole("button", { name: /^Run/ }).click();
  await playground.locator(".answer[data-phase=streaming]").waitFor();
  await playground.getByRole("button", { name: "Stop" }).click();
  await playground.locator(".answer[data-phase=stopped]").waitFor();
  expect(calls).toBe(1);
  await playground.close();
}

it(
  "sees how a backend does, tests it by a call that is in the log, drains it with a look at what that does, and sends calls again",
  async () => {
    await page.goto(`${gateway.url}/backends?sort=backends.key.desc`);
    await page.locator("tbody tr td a").first().waitFor();
    expect(await page.locator("tbody tr td a").first().textContent()).toBe("sim-slow");
    await page.getByRole("link", { name: "sim-fast", exact: true }).click();
    await page.getByText("takes calls", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Test it" }).click();
    await page.getByText("It answers, after").waitFor();
    await page.getByRole("link", { name: "in the log" }).click();
    await page.getByRole("heading", { name: /^A call to backend:/ }).waitFor({ timeout: 30_000 });
    await page.goBack();

    await page.getByRole("button", { name: "Drain", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("sim-slow answers instead").waitFor();
    await dialog.getByRole("button", { name: "Drain it" }).click();
    await page.getByText("no new call goes to it").waitFor();
    expect((await gateway.call("demo-chat", "ada")).headers.get("x-penstock-backend")).toBe("sim-slow");
    await stopsWhileItStreams();
    await page.getByRole("button", { name: "Send calls again" }).click();
    await dialog.getByRole("button", { name: "Send calls again" }).click();
    await page.getByText("no new call goes to it").waitFor({ state: "detached" });
    expect((await gateway.call("demo-chat", "ada")).headers.get("x-penstock-backend")).toBe("sim-fast");
  },
  slow,
);

it(
  "exports every call that fits the filter, and opens one of them in the playground with what was said, where that is kept",
  async () => {
    const { organisation } = await gateway.graphql<{ organisation: { revision: number } }>("{ organisation { revision } }");
    await gateway.graphql(
      `mutation { updateOrganisation(waitForPropagation: true, input: { expectedRevision: ${organisation.revision}, contentCapture: { on: true, share: 1, retentionDays: 1 } }) { __typename ... on UserError { message } } }`,
    );
    const made = await gateway.call("demo-chat", "keeper");
    const callId = made.headers.get("x-penstock-call-id") ?? "";
    await page.goto(`${gateway.url}/calls/${callId}`);
    await page.getByRole("button", { name: "Look" }).click({ timeout: 30_000 });
    await page.getByText("hello", { exact: true }).waitFor();
    await page.getByText("The caller asked").click();
    await page.getByRole("region", { name: "The caller asked" }).getByText('"demo-chat"').waitFor();
    await page.getByRole("button", { name: "It helped" }).click();
    await page.locator(".badge.good", { hasText: "yes" }).waitFor();
    await page.getByRole("link", { name: "Open in the playground" }).click();
    await page.getByText("As the call was").waitFor();
    await expect.poll(() => page.getByRole("textbox", { name: "Message", exact: true }).inputValue()).toBe("hello");
    // Another route and prompt are searched for, and what was filled in stays.
    const column = page.getByRole("region", { name: /^Answer of/ });
    await choose(column, "Route", "second-chat");
    await choose(column, "Prompt", "support-answer");
    await choose(column, "Label or version", "First version");
    await expect.poll(() => decodeURIComponent(page.url())).toContain("second-chat~support-answer@1");
    expect(await page.getByRole("textbox", { name: "Message", exact: true }).inputValue()).toBe("hello");

    await page.goto(`${gateway.url}/calls?user=keeper`);
    await page.getByRole("gridcell").first().waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export" }).click()]);
    const lines = readFileSync(await download.path(), "utf8").split("\r\n");
    expect(lines[0]).toMatch(/^call_id,started_at,outcome/);
    expect(lines.slice(1).map((line) => line.slice(1, 37))).toEqual([callId]);
  },
  slow,
);

it(
  "edits a prompt, reads the difference, deploys it to the nodes, and rolls it back",
  async () => {
    await page.goto(`${gateway.url}/prompts`);
    await page.getByRole("link", { name: "support-answer" }).click();
    await page.getByRole("link", { name: "New version" }).click();
    const editor = page.getByRole("textbox", { name: "Message 1" });
    await editor.click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" Answer in {{ language }}.");
    await page.locator(".badge", { hasText: "language" }).waitFor();
    // What is written outlives its tab, and who types before the editor has come goes on in it.
    const code = Promise.withResolvers<void>();
    await page.route(/code-mirror.*\.js/, async (route) => {
      await code.promise;
      await route.continue();
    });
    await page.reload();
    await page.getByText("Your draft, kept in this browser").waitFor();
    await page.locator(".badge", { hasText: "language" }).waitFor();
    await editor.click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" {% if");
    expect(await page.locator(".cm-editor").count()).toBe(0);
    code.resolve();
    await page.locator(".cm-editor").first().waitFor();
    await page.unrouteAll({ behavior: "wait" });
    await page.keyboard.type(" %}");
    await page.getByRole("button", { name: "Publish version 3" }).click();
    await page.locator(".cm-changedLine, .cm-insertedLine").first().waitFor();
    await page.getByRole("button", { name: "Publish only" }).click();
    // What is wrong with it stands at the message, and the hand is there.
    await page
      .getByRole("alert")
      .filter({ hasText: /invalid value|tag/i })
      .first()
      .waitFor();
    await page.locator("[aria-invalid=true]:focus").waitFor();
    await page.keyboard.press("Control+End");
    for (let letter = 0; letter < " {% if %}".length; letter++) await page.keyboard.press("Backspace");
    expect(await editor.getAttribute("aria-invalid")).toBeNull();
    await page.getByRole("button", { name: "Publish version 3" }).click();
    await page.getByLabel("What changed, and why").fill("Says the language");
    await page.getByRole("button", { name: "Publish, then deploy" }).click();

    await page.getByRole("dialog", { name: "Deploy version 3" }).waitFor();
    await page.getByText("It changes what demo-chat answers").waitFor();
    await page.getByRole("button", { name: "Deploy", exact: true }).click();
    await page.getByText("serves on 1 node").first().waitFor();
    await page.getByText("production → 3").waitFor();

    await page.getByRole("button", { name: "Roll back to 1: production" }).click();
    await page.getByText(/production goes back to version 1, where it stood until (today|yesterday) at/).waitFor();
    await page.locator(".cm-changedLine, .cm-insertedLine").first().waitFor();
    await page.getByLabel("Why").fill("Nobody asked for it");
    await page.getByRole("button", { name: "Roll back", exact: true }).click();
    await page.getByText("production → 1").waitFor();
    await page.getByText("rolled back by first-start: “Nobody asked for it”").waitFor();
    expect(await page.getByRole("button", { name: "Roll back staging" }).isDisabled()).toBe(true);
  },
  slow,
);

it(
  "designs an experiment, starts it, and watches calls fall into its arms",
  async () => {
    await page.goto(`${gateway.url}/experiments?make=true`);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").first().fill("temperature");
    await choose(dialog, "Route", "second-chat");
    await dialog.getByLabel("What it is to find out").fill("Colder answers are as good");
    await dialog.getByLabel("Parameters (JSON)").nth(1).fill('{"temperature": 0.2}');
    await dialog.getByRole("button", { name: "Next: on whom" }).click();
    await dialog.getByLabel("Calls without one").selectOption({ label: "are drawn by an API key" });
    await dialog.getByRole("button", { name: "Next: how it is measured" }).click();
    await dialog.getByText("How long it takes").waitFor();
    await dialog.getByRole("button", { name: "Make the draft" }).click();
    await page.getByText("It is a draft").waitFor();
    await page.getByText("Colder answers are as good").waitFor();
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await dialog.getByRole("button", { name: "4. How it goes on" }).click();
    await dialog.getByLabel("Ends").fill("2099-01-31T12:00");
    await dialog.getByRole("button", { name: "Publish the change" }).click();
    await page.getByText(/ends in \d+ d/).waitFor();
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await dialog.getByRole("button", { name: "Start it" }).click();
    await page.getByText("No call has come to second-chat since it began.").waitFor();
    for (let user = 0; user < 12; user++) await (await gateway.call("second-chat", `user-${user}`)).text();
    const callsOfArms = async () => {
      const cells = await page.getByRole("table", { name: "Arms" }).locator("td[data-name=Calls]").allTextContents();
      return cells.reduce((sum, text) => sum + Number(text), 0);
    };
    // The page looks again by itself.
    await expect.poll(callsOfArms, { timeout: 30_000 }).toBe(12);
    // The newest look says what it thinks, and an arm can be shipped.
    await page.getByText(/control: \d+ units?; treatment: \d+ units?/).waitFor({ timeout: 45_000 });
    await page.getByRole("button", { name: "Ship", exact: true }).click();
    await dialog.getByLabel("Arm").selectOption("treatment");
    await page.getByRole("dialog").getByRole("button", { name: "Ship it to everybody" }).click();
    await page.getByText("shipped", { exact: true }).first().waitFor();
  },
  slow,
);

it(
  "publishes a change and shows its way to the nodes, in every open page",
  async () => {
    await page.goto(`${gateway.url}/quotas`);
    const watching = await gateway.signedIn();
    await watching.goto(`${gateway.url}/nodes`);
    const current = watching.getByRole("heading", { name: /^Revision \d+ is on 1 of 1 live node/ });
    const before = Number(/Revision (\d+)/.exec((await current.textContent()) ?? "")?.[1]);
    await page.getByRole("button", { name: "Change" }).first().click();
    await page.getByRole("dialog").getByLabel("Limit", { exact: true }).fill("90000");
    await page.getByRole("button", { name: "Publish the change" }).click();
    await page
      .getByText(/serves on 1 node after/)
      .first()
      .waitFor();
    await watching.getByRole("heading", { name: `Revision ${before + 1} is on 1 of 1 live node` }).waitFor();
    await watching.close();
  },
  slow,
);

it(
  "shows both changes where two people edit the same route, and saves what is picked",
  async () => {
    const other = await gateway.signedIn();
    await page.goto(`${gateway.url}/routes`);
    await page.getByRole("link", { name: "second-chat" }).click();
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await page.getByRole("dialog").getByLabel("What it is for").fill("mine");
    await page.getByRole("dialog").getByLabel("Backends tried at the most").fill("2");

    await other.goto(page.url());
    await other.getByRole("dialog").getByLabel("What it is for").fill("theirs");
    await other.getByRole("button", { name: "Publish the change" }).click();
    await other.getByText("The route is changed").waitFor();

    await page.getByRole("button", { name: "Publish the change" }).click();
    await page.getByText("Somebody else has changed this since you opened it").waitFor();
    const row = page.getByRole("row", { name: /What it is for/ });
    expect(await row.textContent()).toMatch(/theirs.*mine/);
    await row.getByLabel("Theirs").check();
    await page.getByRole("button", { name: "Save the result" }).click();
    await page.getByText("The route is changed").first().waitFor();
    const { routes } = await gateway.graphql<{ routes: { edges: { node: { name: string; description: string; attemptsMax: number } }[] } }>(
      "{ routes(first: 10) { edges { node { name description attemptsMax } } } }",
    );
    expect(routes.edges.find(({ node }) => node.name === "second-chat")?.node).toMatchObject({ description: "theirs", attemptsMax: 2 });
    await other.close();
  },
  slow,
);

it(
  "is driven by the keyboard alone, has an address for what it shows, and goes back",
  async () => {
    await page.goto(gateway.url);
    await heading("Overview").waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await heading("Routes").waitFor();
    await page.getByRole("link", { name: "demo-chat" }).waitFor();
    const rows = await page.locator("tbody tr td:first-child a").allTextContents();
    expect(rows.length).toBeGreaterThan(1);
    for (const key of ["j", "j", "k", "j"]) await page.keyboard.press(key);
    await page.keyboard.press("Enter");
    await heading(rows[1] ?? "").waitFor();
    await page.goBack();
    await page.getByRole("link", { name: "demo-chat" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("second");
    await page.getByRole("link", { name: "demo-chat" }).waitFor({ state: "detached" });
    await expect.poll(() => page.url()).toContain("q=second");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search and commands" }).waitFor();
    await page.keyboard.type("audit");
    await page.keyboard.press("Enter");
    await heading("Audit").waitFor();
    await page.keyboard.press("Control+k");
    const asked = page.waitForRequest((request) => request.postData()?.includes("ThingsCalled") === true);
    // Slower than a search waits for the next letter: one letter alone is not asked for.
    await page.keyboard.type("su", { delay: 250 });
    await page.keyboard.type("pport-a");
    expect((await asked).postDataJSON().variables.search).toMatch(/^su/);
    await page.getByRole("group", { name: "Things" }).getByRole("option", { name: "support-answer prompt" }).waitFor();
    await page.keyboard.press("Enter");
    await heading("support-answer").waitFor();
    expect(page.url()).toContain("/prompts/");
    await page.goBack();
    await heading("Audit").waitFor();
    await page.goBack();
    await heading("Routes").waitFor();
    expect(await page.getByLabel("Search", { exact: true }).inputValue()).toBe("second");
    const link = await gateway.signedIn();
    await link.goto(page.url());
    await link.getByRole("link", { name: "second-chat" }).waitFor();
    expect(await link.getByRole("link", { name: "demo-chat" }).count()).toBe(0);
    await link.close();
  },
  slow,
);

it(
  "chooses one of many with the keys alone: what is typed takes the place of what is chosen, and Escape brings that back",
  async () => {
    await page.goto(`${gateway.url}/calls`);
    const backend = page.getByRole("combobox", { name: "Backend", exact: true });
    await backend.click();
    await page.keyboard.type("second-f");
    expect(await backend.inputValue()).toBe("second-f");
    await page.getByRole("option", { name: "sim-slow" }).waitFor({ state: "detached" });
    await page.getByRole("option", { name: "second-fast" }).waitFor();
    const popup = await page.locator(".choices").boundingBox();
    expect(popup?.width).toBeGreaterThan((await backend.boundingBox())?.width ?? 0);
    await page.keyboard.press("Enter");
    await page.waitForURL(/backend=/);
    await expect.poll(() => backend.inputValue()).toBe("second-fast");
    await page.keyboard.type("sim-sl");
    await page.getByRole("option", { name: "sim-slow" }).waitFor();
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Backspace");
    expect(await backend.inputValue()).toBe("");
    await page.getByRole("option", { name: "any", exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".choices").waitFor({ state: "detached" });
    expect(await backend.inputValue()).toBe("second-fast");
  },
  slow,
);
