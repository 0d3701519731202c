/** The storefront as configuration: project, keys, backends, prompts, routes, quotas and experiments, in one change. */
import { type ExperimentVariant, everybody, plainComparison } from "../database/entities/experiment.ts";
import { plainTerms } from "../database/entities/price.ts";
import type { RouteTarget } from "../database/entities/route.ts";
import { analysisDefault, type ExperimentAnalysis, type MeasuredMetric, type Rollout } from "../experiments/definition.ts";
import type { MetricName } from "../experiments/metrics.ts";
import { coverageOf, startedRollout } from "../experiments/rollout.ts";
import { addPromptVersion } from "../operations/add-prompt-version.ts";
import type { ConfigurationChange } from "../operations/change-configuration.ts";
import { makeApiKey } from "../operations/make-api-key.ts";
import { setPrice } from "../operations/set-price.ts";
import { demoCapture } from "./demo-content.ts";
import { idOf } from "./draws.ts";
import {
  type DemoBackendName,
  type DemoExperimentName,
  type DemoKeyName,
  type DemoPromptName,
  type DemoRouteName,
  demoBackends,
  demoExperiments,
  demoKeys,
  demoPrompts,
  demoRoutes,
} from "./storefront.ts";

const demoSummary = "the demo: a storefront and its last week; npx penstock demo remove takes it away";
export const demoProjectKey = "storefront-demo";

/** The ids of what the demo is made of, the same whenever they are asked for. */
export interface DemoIds {
  readonly budget: string;
  key(name: DemoKeyName): string;
  backend(name: DemoBackendName): string;
  prompt(name: DemoPromptName): string;
  route(name: DemoRouteName): string;
  experiment(name: DemoExperimentName): string;
}

export function demoIds({ projectId, madeAt }: DemoWeek): DemoIds {
  const id = (kind: string) => (name: string) => idOf(`${projectId} ${kind} ${name}`, madeAt.getTime());
  return {
    budget: id("budget")("month"),
    key: id("key"),
    backend: id("backend"),
    prompt: id("prompt"),
    route: id("route"),
    experiment: id("experiment"),
  };
}

/** One demo: its project, from which its ids follow, and when it was made, which is when its week ends. */
export interface DemoWeek {
  readonly organisationId: string;
  readonly projectId: string;
  readonly madeAt: Date;
}

export const weekMs = 7 * 86_400_000;

export interface DemoPlace {
  readonly week: DemoWeek;
  /** The simulator. */
  readonly providerId: string;
  readonly pepper: string;
}

export async function makeDemoConfiguration(change: ConfigurationChange, { week, providerId, pepper }: DemoPlace): Promise<void> {
  const ids = demoIds(week);
  change.create("project", { id: week.projectId, key: demoProjectKey, name: "Storefront (demo)" });
  for (const name of demoKeys) {
    await makeApiKey(change, pepper, {
      id: ids.key(name),
      projectId: week.projectId,
      name: `demo-${name}`,
      owner: "the storefront team",
      environment: "live",
      expiresAt: null,
      allowedRoutes: [],
      rotatedFromId: null,
    });
  }
  await makeBackends(change, ids, providerId);
  await makePrompts(change, ids);
  makeRoutes(change, ids);
  makeQuotas(change, ids, week);
  makeExperiments(change, ids, week);
  // What was made within said its own words.
  change.describe(demoSummary);
}

async function makeBackends(change: ConfigurationChange, ids: DemoIds, providerId: string): Promise<void> {
  for (const [name, { key, model, inputPrice, outputPrice }] of entriesOf(demoBackends)) {
    const row = change.create("backend", {
      id: ids.backend(name),
      key,
      providerId,
      model,
      prices: [],
      concurrentCallsMax: 0,
      capabilities: ["tools"],
    });
    await setPrice(change, "backend", row, plainTerms(inputPrice, outputPrice), null);
  }
}

async function makePrompts(change: ConfigurationChange, ids: DemoIds): Promise<void> {
  for (const [name, prompt] of entriesOf(demoPrompts)) {
    const row = change.create("prompt", {
      id: ids.prompt(name),
      name: prompt.name,
      kind: "chat",
      folder: "storefront",
      protectedLabels: [],
      runRouteId: null,
      labels: {},
    });
    for (const [index, [template, commitMessage]] of prompt.versions.entries()) {
      const labels = Object.entries(prompt.labels).flatMap(([label, version]) => (version === index + 1 ? [label] : []));
      await addPromptVersion(change, row, {
        messages: [{ role: "system", template }],
        defaultParameters: null,
        commitMessage,
        labels,
      });
    }
  }
}

function makeRoutes(change: ConfigurationChange, ids: DemoIds): void {
  for (const [name, route] of entriesOf(demoRoutes)) {
    const first: RouteTarget[] = route.first.map(([backend, weight]) => ({ backendId: ids.backend(backend), weight }));
    change.create("route", {
      id: ids.route(name),
      name: route.name,
      description: route.description,
      tiers: [{ targets: first }, { targets: [{ backendId: ids.backend(route.fallback), weight: 1 }] }],
      timeouts: { queueMs: 0, connectMs: 0, firstByteMs: 8000, idleMs: 0, writeStallMs: 0, totalMs: 60_000 },
      attemptsMax: 2,
      prompt: { promptId: ids.prompt(route.prompt), label: "production" },
      defaultParameters: null,
      cache: "off",
      contentCapture: name === "support" ? demoCapture : null,
    });
  }
}

function makeQuotas(change: ConfigurationChange, ids: DemoIds, { projectId }: DemoWeek): void {
  const common = { within: [], timeZone: "UTC", burst: 0n } as const;
  change.create("quota", {
    ...common,
    key: "storefront-requests-per-day",
    scopeKind: "project",
    scopeId: projectId,
    resource: "requests",
    window: "day",
    limit: 2400n,
    enforcement: "soft",
  });
  change.create("quota", {
    ...common,
    key: "mobile-app-requests-per-minute",
    scopeKind: "api_key",
    scopeId: ids.key("mobile-app"),
    resource: "requests",
    window: "minute",
    limit: 120n,
    enforcement: "hard",
  });
  change.create("quota", {
    ...common,
    key: "refund-agent-tokens-per-month",
    scopeKind: "route",
    scopeId: ids.route("agent"),
    resource: "tokens",
    window: "month",
    limit: 30_000_000n,
    enforcement: "hard",
  });
  change.create("quota", {
    ...common,
    key: "each-customer-per-day",
    scopeKind: "end_user",
    scopeId: null,
    within: [{ kind: "route", id: ids.route("support") }],
    resource: "requests",
    window: "day",
    limit: 40n,
    enforcement: "shadow",
  });
}

const hourMs = 3_600_000;
const measured = (metric: MetricName, role: MeasuredMetric["role"], margin = 0, feedback = ""): MeasuredMetric => ({
  metric,
  role,
  feedback,
  category: "",
  margin,
  windowHours: 0,
});

const analyses: Readonly<Record<DemoExperimentName, Partial<ExperimentAnalysis>>> = {
  shipped: {
    daysMin: 3,
    unitsPlanned: 2000,
    metrics: [measured("latency", "goal"), measured("error_rate", "guardrail", 0.01), measured("cost_per_call", "secondary")],
  },
  lost: { unitsPlanned: 1000, metrics: [measured("cost_per_call", "goal"), measured("error_rate", "guardrail", 0.01)] },
  harmful: {
    unitsPlanned: 600,
    unitsMin: 40,
    metrics: [measured("first_token", "secondary"), measured("error_rate", "guardrail", 0.01), measured("cost_per_call", "secondary")],
  },
  running: {
    unitsPlanned: 3000,
    targetEffect: 0.05,
    metrics: [
      measured("cost_per_call", "goal"),
      measured("error_rate", "guardrail", 0.01),
      measured("feedback", "secondary", 0, "helpful"),
      measured("first_token", "secondary"),
    ],
  },
};

/** By units and not only by hours: a step whose hours fall into the night would else be held without anybody there to be harmed. */
const harmfulSteps = [
  { share: 0.1, unitsMin: 20 },
  { share: 0.25, unitsMin: 60 },
  { share: 0.5, unitsMin: 150 },
];
const harmfulRollout: Rollout = {
  steps: harmfulSteps.map((step) => ({ ...step, holdSeconds: 6 * 3600, approval: false })),
  healthAction: "warn",
  shipAtEnd: true,
};

function makeExperiments(change: ConfigurationChange, ids: DemoIds, { madeAt }: DemoWeek): void {
  for (const [name, experiment] of entriesOf(demoExperiments)) {
    const startedAt = new Date(madeAt.getTime() - weekMs + experiment.startsAfterHours * hourMs);
    const rollout = name === "harmful" ? harmfulRollout : null;
    change.create("experiment", {
      id: ids.experiment(name),
      key: experiment.key,
      routeId: ids.route(experiment.route),
      seed: `demo ${experiment.key}`,
      hashVersion: 3,
      unit: "end_user",
      fallbackUnit: "",
      ...everybody,
      ...plainComparison,
      hypothesis: experiment.hypothesis,
      analysis: { ...analysisDefault, ...analyses[name] },
      rollout,
      rolloutState: rollout === null ? null : startedRollout(startedAt),
      coverage: rollout === null ? 1 : coverageOf(rollout, 0),
      variants: variantsOf(name, ids),
      phase: 1,
      status: "running",
      startedAt,
      stoppedAt: null,
    });
  }
}

function variantsOf(name: DemoExperimentName, ids: DemoIds): ExperimentVariant[] {
  const { control, treatment } = demoExperiments[name];
  const plain = { weight: 1, prompt: null, tiers: [], parameters: null };
  const ofVersion = (prompt: DemoPromptName, version: number) => ({ ...plain, prompt: { promptId: ids.prompt(prompt), version } });
  const arms = {
    shipped: [ofVersion("search", 1), ofVersion("search", 2)],
    lost: [ofVersion("summary", 1), ofVersion("summary", 2)],
    harmful: [plain, { ...plain, tiers: [{ targets: [{ backendId: ids.backend("reasoner"), weight: 1 }] }] }],
    running: [ofVersion("support", 3), ofVersion("support", 4)],
  }[name];
  return arms.map((arm, index) => ({ ...arm, key: index === 0 ? control : treatment }));
}

const entriesOf = <Name extends string, Value>(record: Readonly<Record<Name, Value>>) => Object.entries(record) as [Name, Value][];
