/** What the audit log is filtered by, as its address and its fields say it. */
import { expect, it } from "vitest";
import { idProblem, kindIn } from "../../web-console/pages/audit/entries.ts";

it.each([
  ["ALERT_RULE", "ALERT_RULE"],
  ["alert_rule", "ALERT_RULE"],
  ["toString", undefined],
  ["", undefined],
  [undefined, undefined],
])("takes the kind %j as %j", (given, kind) => {
  expect(kindIn(given)).toBe(kind);
});

it.each(["abc", "0190a4d2-1111-7111-8111-11111111111", "x190a4d2-1111-7111-8111-111111111111"])("%j is no id, and says so", (typed) => {
  expect(idProblem(typed)).toBe("This is no whole id; it is not filtered by");
});

it.each([undefined, "", "0190a4d2-1111-7111-8111-111111111111", "0190A4D2-1111-7111-8111-111111111111"])("%j is not refused", (typed) => {
  expect(idProblem(typed)).toBeUndefined();
});
