/** Holds on quotas and what calls use of them, for tests of whatever counts them. */
import type { MeteredQuota, QuotaHold, QuotaUse } from "../../data-plane/pipeline/quota-ledger.ts";

export interface HoldOptions extends Partial<MeteredQuota> {
  readonly subject?: string;
  readonly amount?: number;
}

/** One request of a hard daily quota of ten, unless it is said otherwise. */
export const quotaHold = ({ subject = "", amount = 1, ...of }: HoldOptions = {}): QuotaHold => ({
  quota: {
    id: "quota",
    organisationId: "organisation",
    resource: "requests",
    window: of.resource === "concurrent_calls" ? "none" : "day",
    timeZone: "UTC",
    limit: 10,
    burst: 0,
    enforcement: "hard",
    ...of,
  },
  subject,
  amount,
});

/** One request that used so many tokens in all. */
export const tokensUsed = (tokens: number): QuotaUse => ({ requests: 1, inputTokens: 0, outputTokens: tokens, costNanodollars: undefined });
