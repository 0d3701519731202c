/**
 * The gateway as it runs in production: both planes as processes from the command line, on a real Redis and (where it is
 * installed) a real PostgreSQL, configured over GraphQL: a provider, a backend and a route for each model of the fixture backend,
 * prices, and quotas that every call falls under. And the gateway's own word on what it did: its metrics and its ledger.
 */
import { existsSync } from "node:fs";
import { graphqlClient, installation, type RunningProcess } from "../test/harness/planes.ts";
import { type PostgresServer, startPostgres } from "../test/harness/postgres.ts";
import { startRedis } from "../test/harness/redis.ts";

export type Graphql = ReturnType<typeof graphqlClient>;

export interface Gateway {
  readonly pid: number;
  readonly controlPlanePid: number;
  readonly databasePid: number | undefined;
  readonly restPort: number;
  readonly grpcPort: number;
  readonly apiKey: string;
  readonly graphql: Graphql;
  readonly redisUrl: string;
  readonly database: "PostgreSQL" | "PGlite";
  /** What a further node of this installation needs, apart from its directory and ports. */
  readonly nodeEnvironment: Readonly<Record<string, string>>;
  /** Calls that ended well since the start, by the node's metrics. */
  callsCounted(): Promise<number>;
  /** Usage events on the node that the ledger has not confirmed, and those that were lost. */
  eventsWaiting(): Promise<{ readonly waiting: number; readonly dropped: number }>;
  /** Rows in the ledger. */
  callsRecorded(): Promise<number>;
  /** A further node on the same configuration, `workers` processes in one. */
  startNode(name: string, workers: number): Promise<GatewayNode>;
  close(): Promise<void>;
}

export interface GatewayNode {
  readonly pid: number;
  readonly restPort: number;
  readonly grpcPort: number;
  callsCounted(): Promise<number>;
  close(): Promise<void>;
}

export interface GatewayOptions {
  readonly backendPort: number;
  readonly models: readonly string[];
  /** Where the node writes a CPU profile when it ends. */
  readonly profileDirectory: string | undefined;
}

const production = { NODE_ENV: "production", PENSTOCK_LOG_LEVEL: "info" };

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closing.reverse()) await end();
  };
  try {
    const redis = await startRedis();
    closing.push(redis.close);
    let postgres: PostgresServer | undefined;
    if (existsSync("/usr/lib/postgresql")) {
      postgres = await startPostgres();
      closing.push(postgres.close);
    }
    const databaseUrl = await postgres?.createDatabase();
    const planes = installation({ redisUrl: redis.url, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
    closing.push(planes.close);
    const controlPlane = await planes.controlPlane(production);
    closing.push(() => controlPlane.kill("SIGKILL"));
    const { apiKey, adminToken } = planes.credentials();
    const graphql = graphqlClient(`http://127.0.0.1:${controlPlane.ready["graphqlPort"]}/graphql`, adminToken);
    await configure(graphql, options);
    const environment = { ...production, PENSTOCK_CONFIG_ADDRESS: `127.0.0.1:${controlPlane.ready["configPort"]}` };
    const profile = options.profileDirectory;
    const profiling = profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` };
    const node = await planes.node("node", { ...environment, ...profiling });
    // SIGTERM, so that a profile is written.
    closing.push(() => node.kill("SIGTERM"));
    const main = nodeOf(node);
    const startedAt = new Date(Date.now() - 86_400_000).toISOString();
    return {
      ...main,
      controlPlanePid: controlPlane.pid,
      databasePid: postgres?.pid(),
      apiKey,
      graphql,
      redisUrl: redis.url,
      nodeEnvironment: { ...planes.secrets, ...environment },
      database: postgres === undefined ? "PGlite" : "PostgreSQL",
      eventsWaiting: async () => {
        const text = await metricsOf(node);
        return { waiting: sumOf(text, "penstock_ledger_events_waiting"), dropped: sumOf(text, "penstock_ledger_events_dropped") };
      },
      callsRecorded: async () => {
        const until = new Date(Date.now() + 86_400_000).toISOString();
        const { usageSummary } = await graphql<{ usageSummary: { groups: { requests: string; failedRequests: string }[] } }>(
          `query ($range: UsageRange!) { usageSummary(groupBy: ROUTE, range: $range) { __typename ... on QueryUsageSummarySuccess { groups { requests failedRequests } } } }`,
          { range: { since: startedAt, until } },
        );
        return usageSummary.groups.reduce((sum, group) => sum + Number(group.requests) - Number(group.failedRequests), 0);
      },
      startNode: async (name, workers) => {
        const started = await planes.node(name, environment, workers > 1 ? ["--workers", String(workers)] : []);
        closing.push(() => started.kill("SIGKILL"));
        return { ...nodeOf(started), close: async () => void (await started.kill("SIGTERM")) };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function nodeOf(node: RunningProcess) {
  return {
    pid: node.pid,
    restPort: Number(node.ready["restPort"]),
    grpcPort: Number(node.ready["grpcPort"]),
    callsCounted: async () => sumOf(await metricsOf(node), "penstock_requests_total", 'outcome="ok"'),
  };
}

const metricsOf = async (node: RunningProcess): Promise<string> =>
  (await fetch(`http://127.0.0.1:${node.ready["opsPort"]}/metrics`)).text();

/** Over all label values, of the samples whose labels hold `label`. */
const sumOf = (text: string, name: string, label = ""): number =>
  text
    .split("\n")
    .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);

async function configure(graphql: Graphql, { backendPort, models }: GatewayOptions): Promise<void> {
  const providerOf = async (key: string, kind: string): Promise<string> => {
    const { createProvider } = await graphql<{ createProvider: { provider: { id: string } } }>(
      `mutation ($input: CreateProviderInput!) { createProvider(input: $input) { __typename ... on CreateProviderPayload { provider { id } } ... on UserError { message } } }`,
      { input: { key, kind, baseUrl: `http://127.0.0.1:${backendPort}/v1`, credential: "sk-fixture" } },
    );
    return createProvider.provider.id;
  };
  const chat = await providerOf("fixture", "OPENAI_COMPATIBLE");
  const messages = await providerOf("fixture-messages", "ANTHROPIC");
  for (const model of models) {
    const price = { inputNanodollarsPerMillion: "150000000", outputNanodollarsPerMillion: "600000000" };
    const { createBackend } = await graphql<{ createBackend: { backend: { id: string } } }>(
      `mutation ($input: CreateBackendInput!) { createBackend(input: $input) { __typename ... on CreateBackendPayload { backend { id } } ... on UserError { message } } }`,
      { input: { key: model, providerId: model.startsWith("messages-") ? messages : chat, model, price, concurrentCallsMax: 20_000 } },
    );
    await graphql(`mutation ($input: CreateRouteInput!) { createRoute(input: $input) { __typename ... on UserError { message } } }`, {
      input: { name: model, tiers: [{ targets: [{ backendId: createBackend.backend.id, weight: 1 }] }] },
    });
  }
  for (const [key, resource, window, enforcement] of [
    ["requests-per-minute", "REQUESTS", "MINUTE", "HARD"],
    ["tokens-per-day", "TOKENS", "DAY", "SOFT"],
  ])
    await graphql(`mutation ($input: CreateQuotaInput!) { createQuota(input: $input) { __typename ... on UserError { message } } }`, {
      input: { key, resource, window, enforcement, scopeKind: "ORGANISATION", limit: "1000000000000" },
    });
}
