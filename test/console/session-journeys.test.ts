/** Sessions of the console as people meet them: one that ends while they work, another person at the same browser, a tab that is loaded again. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openConsole, type RunningConsole } from "../harness/console.ts";

let gateway: RunningConsole;
beforeAll(async () => {
  gateway = await openConsole();
}, 120_000);
afterAll(() => gateway?.close());

const slow = 90_000;
const signInAgain = (page: Page) => page.getByRole("dialog", { name: "Sign in again" });
async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Admin token").fill(token);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

it(
  "signs in again over the page as it stands, and what was refused is sent again, once",
  async () => {
    const page = await gateway.signedIn();
    const sent: number[] = [];
    page.on("response", (answer) => {
      if (answer.request().postData()?.includes("createRoute")) sent.push(answer.status());
    });
    await page.goto(`${gateway.url}/routes?make=true`);
    const dialog = page.getByRole("dialog", { name: "New route" });
    await dialog.getByLabel("Name", { exact: true }).fill("half-written");
    await dialog.getByRole("button", { name: "Add a backend" }).click();
    await dialog.getByRole("combobox", { name: "Backend", exact: true }).click();
    await page.getByRole("option", { name: "sim-fast" }).click();
    await page.context().clearCookies();
    await dialog.getByRole("button", { name: "Make the route" }).click();
    await signInAgain(page).waitFor();
    expect(await page.getByLabel("Admin token").evaluate((field) => field === document.activeElement)).toBe(true);
    for (let press = 0; press < 2; press++) await page.keyboard.press("Escape");
    await signIn(page, "pat_live_wrong");
    await signInAgain(page).getByText("this admin token is not known").waitFor();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("half-written");
    await signIn(page, gateway.credentials.adminToken);
    await page.getByRole("heading", { name: "half-written" }).first().waitFor();
    expect(sent).toEqual([401, 200]);
    await page.getByText("Live ·").waitFor();
    await page.context().close();
  },
  slow,
);

it(
  "asks every tab to sign in again when one signs out, and lets all go on when one has",
  async () => {
    const one = await gateway.signedIn();
    const other = await one.context().newPage();
    await one.goto(`${gateway.url}/quotas?make=true`);
    await one.getByRole("dialog").getByLabel("Name", { exact: true }).fill("typed-before");
    await other.goto(gateway.url);
    await other.getByRole("button", { name: "You and this page" }).click();
    await other.getByRole("menuitem", { name: "Sign out" }).click();
    await other.getByRole("heading", { name: "Sign in" }).waitFor();
    await signInAgain(one).waitFor();
    await signIn(other, gateway.credentials.adminToken);
    await other.getByRole("heading", { name: "Overview" }).waitFor();
    await signInAgain(one).waitFor({ state: "detached" });
    const name = one.getByLabel("Name", { exact: true });
    expect(await name.inputValue()).toBe("typed-before");
    await expect.poll(() => name.evaluate((field) => field === document.activeElement)).toBe(true);
    await one.context().close();
  },
  slow,
);

it(
  "gives another person a page of their own, with nothing of who was there before",
  async () => {
    const { createAdminToken } = await gateway.graphql<{ createAdminToken: { credential: string } }>(
      'mutation { createAdminToken(input: { name: "bob", role: VIEWER }) { ... on CreateAdminTokenPayload { credential } } }',
    );
    const page = await gateway.signedIn();
    await page.goto(`${gateway.url}/prompts?q=support&make=true`);
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("of-the-first");
    await page.context().clearCookies();
    await page.getByRole("dialog").getByRole("button", { name: "Make the prompt" }).click();
    await signInAgain(page).waitFor();
    await signIn(page, createAdminToken.credential);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe("/");
    await page.goto(`${gateway.url}/quotas`);
    expect(await page.getByRole("button", { name: "New quota" }).isDisabled()).toBe(true);
    expect(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]))).not.toContain("of-the-first");
    await page.context().close();
  },
  slow,
);

it(
  "offers what was typed again after the tab was loaded anew, without what is secret, until it is let go",
  async () => {
    const page = await gateway.signedIn();
    await page.goto(`${gateway.url}/backends?make=provider`);
    const dialog = page.getByRole("dialog", { name: "New provider" });
    await dialog.getByLabel("Name", { exact: true }).fill("typed-once");
    await dialog.getByLabel(/^Credential/).fill("sk-never-kept");
    await page.reload();
    await dialog.getByText("This is what you typed").waitFor();
    expect(await dialog.getByLabel("Name", { exact: true }).inputValue()).toBe("typed-once");
    expect(await dialog.getByLabel(/^Credential/).inputValue()).toBe("");
    const kept = () => page.evaluate(() => Object.values({ ...sessionStorage, ...localStorage }).join());
    expect(await kept()).toContain("typed-once");
    expect(await kept()).not.toContain("sk-never-kept");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "You and this page" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByText("1 draft that you have not saved goes with it.").waitFor();
    await page.getByRole("button", { name: "Stay" }).click();
    await page.getByRole("button", { name: "New provider" }).click();
    await dialog.getByRole("button", { name: "Begin afresh" }).click();
    expect(await dialog.getByLabel("Name", { exact: true }).inputValue()).toBe("");
    expect(await kept()).not.toContain("typed-once");
    await dialog.getByLabel("Name", { exact: true }).fill("typed-twice");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "You and this page" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await kept()).not.toContain("typed-twice");
    await page.context().close();
  },
  slow,
);
