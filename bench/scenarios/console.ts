/**
 * How soon the console shows a page, in Chromium, over the demo's week: going back and forth between pages that were visited, and
 * the log of calls with filters that nobody has asked for yet. Timed in the page itself, from the click to the second frame after
 * its content stands there: what a person waits for.
 */
import type { Page } from "playwright-core";
import { openConsole, type RunningConsole } from "../../test/harness/console.ts";
import type { Scenario } from "../scenario.ts";

const rounds = 10;
const weekMsMax = 120_000;
const weekCallsMin = 1_000;

export const consolePages: Scenario = {
  name: "console",
  title: "The console's pages in a browser",
  quick: false,
  onlyWhenAsked: true,
  run: async (stage) => {
    const gateway = await openConsole({ demo: true });
    try {
      await weekIsThere(gateway);
      const page = await gateway.signedIn();
      await page.goto(gateway.url);
      await page.getByRole("heading", { name: "Overview" }).waitFor();
      const places = await page.evaluate(() => [
        ...new Set(Array.from(document.querySelectorAll<HTMLAnchorElement>("nav a[href^='/']"), ({ pathname }) => pathname)),
      ]);
      const first = await timesOf(page, places, 1);
      const visited = await timesOf(page, places, rounds);
      stage.say(`  ${places.length} pages, ${visited.flatMap(({ ms }) => ms).length} changes between them`);
      const log = await logTimes(page, logSearches(await routeNames(gateway)));
      return {
        tables: [
          {
            title: "From a click to the page, milliseconds",
            columns: ["page", "first visit", "p50", "p95", "most"],
            rows: [
              ...visited.map(({ place, ms }, at) => [place, text(first[at]?.ms[0]), ...spreadText(ms)]),
              ["all", spreadText(first.flatMap(({ ms }) => ms))[1] ?? "", ...spreadText(visited.flatMap(({ ms }) => ms))],
            ],
            note: `Visited pages ${rounds} times each, one after another, in the order of the sidebar. First visits fetch the page's own script and its answer. Two frames of the screen, some 33 ms, are in every figure.`,
          },
          {
            title: "From a filter of the log to its rows, milliseconds",
            columns: ["", "searches", "p50", "p95", "most"],
            rows: [["never asked before", String(log.length), ...spreadText(log)]],
            note: "Of the demo's week, through the control plane and its embedded database, on the machine that asks.",
          },
        ],
        budgets: [
          { what: "navigation between visited pages, p95, ms", value: p95Of(visited.flatMap(({ ms }) => ms)), limit: 100, kind: "at-most" },
          { what: "the log's list on the page, p95, ms", value: p95Of(log), limit: 300, kind: "at-most" },
        ],
        plots: [],
      };
    } finally {
      await gateway.close();
    }
  },
};

interface PlaceTimes {
  readonly place: string;
  readonly ms: readonly number[];
}

async function timesOf(page: Page, places: readonly string[], times: number): Promise<readonly PlaceTimes[]> {
  const measured = new Map(places.map((place) => [place, [] as number[]]));
  for (let round = 0; round < times; round++) {
    for (const place of places) {
      const ms = await page.evaluate(goTo, place);
      if (ms !== undefined) measured.get(place)?.push(ms);
      await page.evaluate(settled);
    }
  }
  return places.map((place) => ({ place, ms: measured.get(place) ?? [] }));
}

/** In the page. Undefined: it is there already. */
async function goTo(place: string): Promise<number | undefined> {
  if (location.pathname === place) return undefined;
  const before = document.title;
  performance.mark("click");
  document.querySelector<HTMLElement>(`nav a[href="${place}"]`)?.click();
  await new Promise<void>((resolve) => {
    const look = () => {
      if (location.pathname === place && document.title !== before && document.querySelector("main [aria-busy=true]") === null)
        requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
      else setTimeout(look, 0);
    };
    look();
  });
  return performance.measure("page", "click").duration;
}

/** In the page: what is asked behind a page that is shown already is not the next page's. */
const settled = (): Promise<void> => new Promise((resolve) => requestIdleCallback(() => resolve(), { timeout: 1_000 }));

async function logTimes(page: Page, searches: readonly string[]): Promise<readonly number[]> {
  await page.evaluate(goTo, "/calls");
  const times: number[] = [];
  for (const search of searches) {
    times.push(await page.evaluate(searchLog, search));
    await page.evaluate(settled);
  }
  return times;
}

/** In the page: another address, as a filter makes one; over when its answer has come and is painted. */
async function searchLog(search: string): Promise<number> {
  performance.clearResourceTimings();
  performance.mark("search");
  const startedAt = performance.now();
  history.pushState({}, "", `/calls?${search}`);
  window.dispatchEvent(new PopStateEvent("popstate"));
  await new Promise<void>((resolve) => {
    const look = () => {
      const answered = performance
        .getEntriesByType("resource")
        .some((entry) => entry.name.endsWith("/graphql") && entry.startTime >= startedAt && entry.duration > 0);
      if (answered && document.querySelector("main [aria-busy=true]") === null)
        requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
      else setTimeout(look, 0);
    };
    look();
  });
  return performance.measure("log", "search").duration;
}

const logSearches = (routes: readonly string[]): readonly string[] =>
  routes.flatMap((route) =>
    ["1h", "24h", "7d", "30d"].flatMap((range) => [
      `route=${route}&range=${range}`,
      `route=${route}&range=${range}&outcome=FAILED`,
      `route=${route}&range=${range}&slow=2000`,
    ]),
  );

async function routeNames(gateway: RunningConsole): Promise<readonly string[]> {
  const { routes } = await gateway.graphql<{ routes: { edges: { node: { name: string } }[] } }>("{ routes { edges { node { name } } } }");
  return routes.edges.map(({ node }) => node.name);
}

/** It is laid behind a new installation while it serves already. */
async function weekIsThere(gateway: RunningConsole): Promise<void> {
  const until = performance.now() + weekMsMax;
  for (;;) {
    const { demo } = await gateway.graphql<{ demo: { state: string } | null }>("{ demo { state } }");
    const range = { since: new Date(Date.now() - 8 * 86_400_000).toISOString(), until: new Date(Date.now() + 60_000).toISOString() };
    const { usage } = await gateway.graphql<{ usage: { total: { figures: { calls: string } } } }>(
      "query ($range: UsageRange!) { usage(range: $range) { ... on UsageReport { total { figures { calls } } } } }",
      { range },
    );
    if (demo?.state === "READY" && Number(usage.total.figures.calls) > weekCallsMin) return;
    if (performance.now() > until) throw new Error("the demo's week did not come");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const p95Of = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[Math.ceil(0.95 * values.length) - 1] ?? 0;
const text = (ms: number | undefined): string => (ms === undefined ? "–" : ms.toFixed(0));
const spreadText = (values: readonly number[]): readonly string[] => [
  text(values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]),
  text(p95Of(values)),
  text(Math.max(...values)),
];
