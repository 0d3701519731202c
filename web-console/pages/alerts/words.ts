/** What an alert says, in a sentence: its `data` is what webhooks carry (docs/webhooks.md). */
import { counted, money } from "../../format/numbers.ts";
import { lower } from "../quotas/words.ts";

export const alertTypes = {
  BUDGET_THRESHOLD_REACHED: "budget threshold",
  QUOTA_PASSED: "quota passed",
  PRICE_MISSING: "price missing",
  ALERT_RULE_FIRED: "rule fired",
  ALERT_RULE_RESOLVED: "rule over",
  WEBHOOK_TEST: "test",
} as const;
export type AlertTypeName = keyof typeof alertTypes;

/** Types that the console has no words for are shown as they are. */
export const nameOfType = (type: string): string => alertTypes[type as AlertTypeName] ?? lower(type);

export interface Told {
  readonly text: string;
  /** The page of what it is about. */
  readonly to?: string;
  readonly search?: Readonly<Record<string, string>>;
}

export function tellingOf(type: string, data: unknown): Told {
  const fields = (typeof data === "object" && data !== null ? data : {}) as Readonly<Record<string, unknown>>;
  const of = (name: string) => String(fields[name] ?? "");
  switch (type) {
    case "BUDGET_THRESHOLD_REACHED":
      return {
        text: `${of("budgetKey")} has reached ${of("thresholdPercent")}%: ${money(of("spentNanodollars"))} of ${money(of("limitNanodollars"))}`,
        to: "/budgets",
        search: { budget: of("budgetId") },
      };
    case "QUOTA_PASSED":
      return {
        text: `${of("quotaKey")} was passed by ${counted(Number(of("calls")), "call")}`,
        to: "/quotas",
        search: { quota: of("quotaId") },
      };
    case "PRICE_MISSING":
      return {
        text: `${counted(Number(of("calls")), "call")} to ${of("model")} had tokens and no price`,
        to: `/backends/${of("backendId")}`,
      };
    case "ALERT_RULE_FIRED":
    case "ALERT_RULE_RESOLVED":
      return { text: `${of("alertRuleName")}. ${of("says")}`, to: "/alerts", search: { tab: "rules", rule: of("alertRuleId") } };
    case "WEBHOOK_TEST":
      return { text: `Sent by ${of("actor")} to try a webhook` };
    default:
      return { text: lower(type) };
  }
}
