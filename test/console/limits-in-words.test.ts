/** What pages decide about limits and files before anything is drawn. */
import { expect, it } from "vitest";
import { csvOf } from "../../web-console/format/csv.ts";
import { irreversible } from "../../web-console/pages/audit/reversible.ts";
import { basisPointsOf } from "../../web-console/pages/organisation/basis-points.ts";
import { keptBy } from "../../web-console/pages/projects/kept-by.ts";
import { bindingOf, bindingsOf, countsEach, marksOn, usedShare } from "../../web-console/pages/quotas/chain.ts";
import type { QuotaNow } from "../../web-console/pages/quotas/changes.ts";
import { meets } from "../../web-console/pages/quotas/meets.ts";

const quota = (id: string, facts: Partial<Omit<QuotaNow, "level">> & { readonly used?: string } = {}): QuotaNow => {
  const { used = "0", ...rest } = facts;
  return {
    id,
    key: id,
    scopeKind: "ORGANISATION",
    scopeId: null,
    scope: "the whole organisation",
    within: [],
    resource: "TOKENS",
    window: "DAY",
    timeZone: "UTC",
    limit: "100",
    burst: "0",
    enforcement: "HARD",
    revision: 1,
    createdAt: "2026-11-21T00:00:00Z",
    level: { used, leased: "0", remaining: "0", forecast: null, exhaustedAt: null, windowEnd: null, source: "LEDGER", holders: [] },
    ...rest,
  };
};

it("the limit that binds is the fullest that refuses, else the fullest, and of equals the narrower", () => {
  const wide = quota("wide", { used: "50" });
  const narrow = quota("narrow", { used: "50", scopeKind: "API_KEY", scopeId: "key" });
  const soft = quota("soft", { used: "99", enforcement: "SOFT" });
  expect(bindingOf([wide, narrow, soft])?.id).toBe("narrow");
  expect(bindingOf([quota("unused"), soft])?.id).toBe("soft");
  expect(bindingOf([quota("unused")])).toBeUndefined();
});

it("a limit of one route binds first there alone, and not for calls of another", () => {
  const all = quota("all", { used: "50" });
  const chat = quota("chat", { used: "90", scopeKind: "ROUTE", scopeId: "chat" });
  const bulk = quota("bulk", { used: "10", scopeKind: "API_KEY", scopeId: "key", within: [{ kind: "ROUTE", id: "bulk" }] });
  expect([...bindingsOf([all, chat, bulk])]).toEqual([
    ["all", "everywhere"],
    ["chat", "there"],
  ]);
  expect([...bindingsOf([all, chat], "chat")]).toEqual([["chat", "everywhere"]]);
  expect([...bindingsOf([chat])]).toEqual([["chat", "there"]]);
});

it("of a limit for each end user there is no one count", () => {
  const each = quota("each", { used: "90", within: [{ kind: "END_USER", id: null }] });
  expect([countsEach(each), countsEach(quota("one")), usedShare(each)]).toEqual([true, false, 0]);
  expect(bindingsOf([each]).size).toBe(0);
});

it("limits that count the same by the same clock are marks on one bar, the lowest first", () => {
  const hard = quota("hard", { limit: "100" });
  const marks = [quota("late", { limit: "80", enforcement: "SOFT" }), quota("early", { limit: "50", enforcement: "SHADOW" })];
  const others = [quota("other-zone", { limit: "10", timeZone: "Europe/Berlin" }), quota("above", { limit: "200" })];
  expect(marksOn(hard, [hard, ...marks, ...others]).map(({ id }) => id)).toEqual(["early", "late"]);
});

it("a project is kept by its keys that are not revoked", () => {
  const revoked = { revokedAt: "2026-11-21T00:00:00Z" };
  expect(keptBy([revoked])).toBeUndefined();
  expect(keptBy([revoked, { revokedAt: null }])).toBe("1 API key of it is not revoked: revoke it first, below.");
});

it("a call meets what is laid on its key, project, route and backends, and combinations of these", () => {
  const place = { routeId: "route", backendIds: ["one", "two"], apiKeyId: "key", projectId: "project" };
  expect(meets(quota("all"), place)).toBe(true);
  expect(meets(quota("b", { scopeKind: "BACKEND", scopeId: "two" }), place)).toBe(true);
  expect(meets(quota("k", { scopeKind: "API_KEY", scopeId: "other" }), place)).toBe(false);
  const combined = (id: string) => quota("c", { scopeKind: "API_KEY", scopeId: "key", within: [{ kind: "ROUTE", id }] });
  expect([meets(combined("route"), place), meets(combined("elsewhere"), place)]).toEqual([true, false]);
});

it("a file for a spreadsheet holds no formula and survives quotes", () => {
  expect(
    csvOf(
      ["a", "b"],
      [
        ["=1+1", 'say "hi"'],
        [null, 7],
      ],
    ),
  ).toBe('a,b\r\n"\'=1+1","say ""hi"""\r\n"","7"');
});

it("a discount is a share above nothing and up to all, to a ten-thousandth", () => {
  expect(["10", "12.5%", "100", "0.01"].map(basisPointsOf)).toEqual([1000, 1250, 10_000, 1]);
  expect(["0", "", "101", "ten", "-5"].map(basisPointsOf)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});

it("says why an entry cannot be taken back", () => {
  expect(irreversible({ revisionNumber: "7", targetKind: "route" })).toBeUndefined();
  expect(irreversible({ revisionNumber: "7", targetKind: "api_key" })).toContain("stays revoked");
  expect(irreversible({ revisionNumber: null, targetKind: "webhook" })).toContain("nothing to take back");
});
