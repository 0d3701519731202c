/**
 * The questions: every dimension over every range that a page offers, narrowed as a page narrows it, and the call log.
 */

export interface Question {
  readonly name: string;
  readonly kind: "by time" | "by dimension" | "narrowed" | "together" | "with percentiles" | "calls" | "calls in order";
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const figures = "calls failedCalls inputTokens outputTokens costNanodollars unpricedCalls";
const latencies = "duration { p50Ms p95Ms p99Ms } timeToFirstToken { p50Ms p95Ms }";
const usage = (
  fields: string,
) => `query ($range: UsageRange!, $granularity: UsageGranularity, $groupBy: [UsageGroupBy!], $filter: UsageFilter, $compare: Boolean) {
  answer: usage(range: $range, granularity: $granularity, groupBy: $groupBy, filter: $filter, compare: $compare, limit: 10) {
    ... on UserError { message }
    ... on UsageReport {
      total { figures { ${fields} } before { ${fields} } points { at figures { ${fields} } } }
      groups { values { value label } figures { ${fields} } before { calls } points { at figures { ${fields} } } }
      rest { figures { calls } } } } }`;
const calls = `query ($first: Int!, $after: String, $filter: UsageEventFilter, $order: UsageEventOrder) {
  answer: usageEvents(first: $first, after: $after, filter: $filter, orderBy: $order) {
    edges { node { callId startedAt routeName backendId modelServed inputTokens outputTokens costNanodollars durationMs outcome } } pageInfo { hasNextPage endCursor } } }`;

const dimensions = [
  "PROJECT",
  "API_KEY",
  "ROUTE",
  "ROUTE_NAME",
  "BACKEND",
  "PROVIDER",
  "MODEL_ASKED",
  "MODEL_SERVED",
  "OUTCOME",
  "ERROR_REASON",
  "FINISH_REASON",
  "CACHE",
  "ATTEMPTS",
  "INGRESS",
  "STREAMED",
  "PROMPT",
  "PROMPT_VERSION",
  "EXPERIMENT",
  "VARIANT",
  "NODE",
  "REVISION",
  "PRICE_VERSION",
  "END_USER",
  "TAG",
];
const id = (kind: string, number: number) => `0199${kind}-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;
const narrowings: Readonly<Record<string, object>> = {
  project: { projectId: [id("aaaa", 3)] },
  key: { apiKeyId: [id("bbbb", 7)] },
  route: { routeId: [id("cccc", 5)] },
};

export function dashboardQuestions(lastDay: Date): readonly Question[] {
  // In the middle of a minute, as pages ask: up to now.
  const now = lastDay.getTime() + 15.5 * 3_600_000 + 12_345;
  const range = (hours: number) => ({ since: new Date(now - hours * 3_600_000), until: new Date(now) });
  const ranges = [
    { name: "an hour by minutes", range: range(1), granularity: "MINUTE" },
    { name: "a day by hours", range: range(24), granularity: "HOUR" },
    { name: "a week by hours", range: range(168), granularity: "HOUR" },
    { name: "a week by days", range: range(168), granularity: "DAY" },
    { name: "four weeks by days", range: range(672), granularity: "DAY" },
  ];
  const groupBy = (dimension: string) => [{ dimension, ...(dimension === "TAG" ? { tag: "team" } : {}) }];
  const ask = (name: string, kind: Question["kind"], variables: object, fields = figures): Question => ({
    name,
    kind,
    query: usage(fields),
    variables: { ...variables },
  });
  const callLog = (name: string, filter: object, first = 50): Question => ({
    name: `calls, ${name}`,
    kind: "calls",
    query: calls,
    variables: { first, filter },
  });
  const inOrder = (name: string, filter: object): readonly Question[] =>
    ["SLOWEST", "DEAREST"].map((order) => ({
      name: `calls, ${order.toLowerCase()}, ${name}`,
      kind: "calls in order",
      query: calls,
      variables: { first: 100, filter, order },
    }));
  return ranges
    .flatMap(({ name, ...of }) => [
      ask(`${name}`, "by time", { ...of, compare: true }),
      ask(`${name}, percentiles`, "with percentiles", { ...of, compare: true }, `${figures} ${latencies}`),
      ask(`${name}, percentiles by backend`, "with percentiles", { ...of, groupBy: groupBy("BACKEND") }, `${figures} ${latencies}`),
      ask(
        `${name}, percentiles by route of a project`,
        "with percentiles",
        { ...of, groupBy: groupBy("ROUTE"), filter: narrowings["project"] },
        `${figures} ${latencies}`,
      ),
      ...dimensions.map((dimension) => ask(`${name} by ${dimension}`, "by dimension", { ...of, groupBy: groupBy(dimension) })),
      ...dimensions
        .filter((dimension) => dimension !== "END_USER")
        .flatMap((dimension) =>
          Object.entries(narrowings).map(([of_, filter]) =>
            ask(`${name} by ${dimension} of a ${of_}`, "narrowed", { ...of, groupBy: groupBy(dimension), filter }),
          ),
        ),
      ask(`${name} by END_USER of a project`, "narrowed", { ...of, groupBy: groupBy("END_USER"), filter: narrowings["project"] }),
      ...[
        ["ROUTE", "BACKEND"],
        ["API_KEY", "ROUTE"],
        ["BACKEND", "OUTCOME"],
        ["PROMPT_VERSION", "VARIANT"],
        ["MODEL_ASKED", "INGRESS"],
        ["NODE", "REVISION"],
      ].map((pair) => ask(`${name} by ${pair.join(" and ")}`, "together", { ...of, groupBy: pair.map((dimension) => ({ dimension })) })),
    ])
    .concat(
      callLog("the newest", {}),
      callLog("a hundred", {}, 100),
      callLog("of a key", { apiKeyId: [id("bbbb", 7)] }),
      callLog("of a route that failed", { routeId: [id("cccc", 5)], outcome: ["UPSTREAM_ERROR"] }),
      callLog("timed out", { outcome: ["TIMEOUT"] }),
      callLog("denied", { errorReason: ["RATE_LIMITED"] }),
      callLog("of a backend, three weeks ago", { backendId: [id("dddd", 2)], until: new Date(now - 21 * 86_400_000) }),
      callLog("of a model that nobody used", { modelServed: ["nobody"] }),
      callLog("of a rare key on a route it never used", { apiKeyId: [id("bbbb", 59)], routeId: [id("cccc", 1)] }),
      callLog("of an end user", { endUserHash: ["4fc82b26aecb47d2868c4efbe3581732a3e7cbcc6c2efb32062c08170a05eeb8"] }),
      callLog("with a tag", { tags: [{ name: "team", values: ["team-3"] }] }),
      callLog("with a tag that nobody has", { tags: [{ name: "team", values: ["nobody"] }] }),
      callLog("by the caller's id", { requestId: "request-unknown" }),
      callLog("slow ones", { durationMsMin: 4500 }),
      callLog("slower than any", { durationMsMin: 400000 }),
      ...ranges.flatMap(({ name, range: { since } }) => inOrder(name, { since })),
      ...inOrder("of a key", { apiKeyId: [id("bbbb", 7)] }),
      ...inOrder("of a rare key on a route it never used", { apiKeyId: [id("bbbb", 59)], routeId: [id("cccc", 1)] }),
      ...inOrder("timed out", { outcome: ["TIMEOUT"] }),
      ...inOrder("of a route that failed", { routeId: [id("cccc", 5)], outcome: ["UPSTREAM_ERROR"] }),
      ...inOrder("with a tag", { tags: [{ name: "team", values: ["team-3"] }] }),
    );
}
