/** `npm run screenshots [-- directory]`: each page of the console in both themes, and at the width of a phone, from a gateway with some traffic. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openConsole } from "../harness/console.ts";

const directory = process.argv[2] ?? "screenshots";
const pages = [
  "",
  "live",
  "calls",
  "cost",
  "playground",
  "prompts",
  "experiments",
  "developers",
  "routes",
  "backends",
  "quotas",
  "keys",
  "nodes",
  "revisions",
  "audit",
  "organisation",
  "settings",
];
const paintMs = 1_500;

mkdirSync(directory, { recursive: true });
const gateway = await openConsole();
try {
  for (let user = 0; user < 40; user++)
    await (await gateway.call(user % 13 === 12 ? "no-such-route" : "demo-chat", `user-${user % 9}`)).text();
  const page = await gateway.signedIn();
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const path of pages) {
      for (const [width, name] of [
        [1360, theme],
        [360, `${theme}-phone`],
      ] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.goto(`${gateway.url}/${path}`);
        await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
        await page.waitForTimeout(paintMs);
        await page.screenshot({ path: join(directory, `${path || "overview"}-${name}.png`), fullPage: true });
      }
    }
  }
  process.stdout.write(`${pages.length * 4} pictures are in ${directory}\n`);
} finally {
  await gateway.close();
}
