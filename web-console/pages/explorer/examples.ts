/** Questions that people ask first: of the configuration, of limits and money, of what happened. */
interface ExplorerExample {
  readonly name: string;
  readonly query: string;
  readonly variables?: (now: Date) => Readonly<Record<string, unknown>>;
}

const week = (now: Date) => ({ range: { since: new Date(now.getTime() - 7 * 86_400_000).toISOString(), until: now.toISOString() } });

export const explorerExamples: readonly ExplorerExample[] = [
  {
    name: "Who am I, and which routes are there?",
    query: `{
  viewer { actor role organisation { key name } }
  routes(first: 10) { edges { node { id name revision } } }
}`,
  },
  {
    name: "Where each route leads",
    query: `{
  routes(first: 50) {
    edges { node { name tiers { targets { weight backend { key model drainedAt circuits { state } } } } } }
  }
}`,
  },
  {
    name: "Keys, their owners and their last use",
    query: `{
  apiKeys(first: 100) {
    edges { node { name owner lastUsedAt expiresAt allowedRoutes allowedMethods allowedNetworks project { name } } }
  }
}`,
  },
  {
    name: "Quotas, and how far each is used",
    query: "{\n  quotas(first: 100) { edges { node { key scope enforcement limit level { used forecast windowEnd } } } }\n}",
  },
  {
    name: "Cost of a week by project and model",
    query: `query ($range: UsageRange!) {
  usage(range: $range, groupBy: [{ dimension: PROJECT }, { dimension: MODEL_SERVED }], orderBy: COST_NANODOLLARS, compare: true) {
    ... on UsageReport {
      total { figures { calls costNanodollars } }
      groups { values { value label } figures { calls totalTokens costNanodollars } before { costNanodollars } }
    }
  }
}`,
    variables: week,
  },
  {
    name: "The slowest of the last calls",
    query: `{
  usageEvents(first: 20, filter: { durationMsMin: 1000 }) {
    edges { node { callId startedAt routeName modelServed durationMs timeToFirstTokenMs costNanodollars } }
  }
}`,
  },
  {
    name: "What quotas refused in a week",
    query: `query ($range: UsageRange!) {
  denials(range: $range) {
    ... on QueryDenialsSuccess { quotas { quotaKey scope calls lastAt keys { apiKeyId calls } } }
    ... on UserError { message }
  }
}`,
    variables: week,
  },
  {
    name: "What each node serves from",
    query:
      "{\n  nodes { id state version appliedNumber revisionsBehind callsInFlight }\n  revisions(first: 5) { edges { node { number createdAt actor summary } } }\n}",
  },
  {
    name: "Who did what, from where",
    query: "{\n  auditEntries(first: 20) { edges { node { at actor action targetKind revisionNumber via sourceAddress requestId } } }\n}",
  },
];
