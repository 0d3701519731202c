/**
 * The demo's world: a shop with four uses of language models, who calls them, what serves them, and what is true of each variant
 * of its experiments. The last is hidden from the control plane: its statistics have to find it in the calls.
 */

export interface DemoBackend {
  readonly key: string;
  /** At the simulator. */
  readonly model: string;
  /** Nano-dollars a million tokens. */
  readonly inputPrice: string;
  readonly outputPrice: string;
  readonly firstTokenMs: number;
  readonly tokenMs: number;
}

export const demoBackends = {
  large: { key: "large-eu", model: "sim-slow", inputPrice: "600000000", outputPrice: "2400000000", firstTokenMs: 420, tokenMs: 14 },
  largeUs: { key: "large-us", model: "sim-slow", inputPrice: "550000000", outputPrice: "2200000000", firstTokenMs: 560, tokenMs: 15 },
  small: { key: "small-eu", model: "sim-fast", inputPrice: "80000000", outputPrice: "300000000", firstTokenMs: 130, tokenMs: 5 },
  reasoner: { key: "reasoner", model: "sim-reasoning", inputPrice: "900000000", outputPrice: "3600000000", firstTokenMs: 700, tokenMs: 9 },
} as const satisfies Record<string, DemoBackend>;
export type DemoBackendName = keyof typeof demoBackends;

export const demoKeys = ["website", "mobile-app", "agents", "nightly-jobs"] as const;
export type DemoKeyName = (typeof demoKeys)[number];

export interface DemoRoute {
  readonly name: string;
  readonly description: string;
  /** The first choice with its weights, and what stands behind it. */
  readonly first: readonly (readonly [DemoBackendName, number])[];
  readonly fallback: DemoBackendName;
  readonly callers: readonly (readonly [key: DemoKeyName, share: number, ingress: string])[];
  readonly prompt: DemoPromptName;
  readonly callsPerDay: number;
  readonly users: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly streamed: number;
  readonly feature: string;
  /** Batches run at night, people come by day. */
  readonly rhythm: "day" | "night";
}

export const demoPrompts = {
  support: {
    name: "support-chat",
    versions: [
      ["Answer questions about orders at {{ shop | default: 'our shop' }}.", "First version"],
      ["Answer questions about orders at {{ shop | default: 'our shop' }}. If you do not know, say so.", "Does not guess any more"],
      [
        "You help customers of {{ shop | default: 'our shop' }}. Answer in at most five sentences. If you do not know, say so.",
        "Shorter answers",
      ],
      [
        "You help customers of {{ shop | default: 'our shop' }}. Greet {{ name | default: 'them' }} by name, answer in at most five sentences, and end with what they can do next.",
        "Warmer: greets, and says what comes next",
      ],
    ],
    labels: { production: 3, staging: 4 },
  },
  search: {
    name: "product-search",
    versions: [
      ["Turn what the customer wants into search terms for {{ shop | default: 'our shop' }}. Explain your choice.", "First version"],
      [
        "Turn what the customer wants into at most six search terms for {{ shop | default: 'our shop' }}. Terms alone, no explanation.",
        "Terms alone",
      ],
    ],
    labels: { production: 1 },
  },
  summary: {
    name: "order-summary",
    versions: [
      ["Summarise the order's history for an agent: {{ history | default: 'nothing yet' }}", "First version"],
      ["Summarise the order's history in three bullet points for an agent: {{ history | default: 'nothing yet' }}", "Three points"],
    ],
    labels: { production: 2 },
  },
  agent: {
    name: "refund-agent",
    versions: [
      [
        "You decide on refunds of {{ shop | default: 'our shop' }} by its rules. Use the tools; never promise what they do not say.",
        "First version",
      ],
    ],
    labels: { production: 1 },
  },
} as const satisfies Record<
  string,
  {
    readonly name: string;
    readonly versions: readonly (readonly [template: string, message: string])[];
    readonly labels: Readonly<Record<string, number>>;
  }
>;
export type DemoPromptName = keyof typeof demoPrompts;

export const demoRoutes = {
  support: {
    name: "support-chat",
    description: "The chat on the website and in the app",
    first: [
      ["large", 3],
      ["largeUs", 1],
    ],
    fallback: "small",
    callers: [
      ["website", 0.6, "openai-chat"],
      ["mobile-app", 0.4, "openai-chat"],
    ],
    prompt: "support",
    callsPerDay: 680,
    users: 2400,
    inputTokens: 640,
    outputTokens: 130,
    streamed: 0.92,
    feature: "chat",
    rhythm: "day",
  },
  search: {
    name: "product-search",
    description: "What customers mean, as search terms",
    first: [["small", 1]],
    fallback: "large",
    callers: [
      ["website", 0.7, "grpc"],
      ["mobile-app", 0.3, "openai-chat"],
    ],
    prompt: "search",
    callsPerDay: 720,
    users: 2600,
    inputTokens: 210,
    outputTokens: 46,
    streamed: 0.1,
    feature: "search",
    rhythm: "day",
  },
  summary: {
    name: "order-summary",
    description: "Summaries of orders for the people in support, made at night",
    first: [["small", 1]],
    fallback: "large",
    callers: [["nightly-jobs", 1, "openai-responses"]],
    prompt: "summary",
    callsPerDay: 270,
    users: 1500,
    inputTokens: 1500,
    outputTokens: 180,
    streamed: 0,
    feature: "summaries",
    rhythm: "night",
  },
  agent: {
    name: "refund-agent",
    description: "Decides on refunds with tools",
    first: [["large", 1]],
    fallback: "largeUs",
    callers: [["agents", 1, "anthropic-messages"]],
    prompt: "agent",
    callsPerDay: 380,
    users: 1300,
    inputTokens: 1800,
    outputTokens: 260,
    streamed: 0.7,
    feature: "refunds",
    rhythm: "day",
  },
} as const satisfies Record<string, DemoRoute>;
export type DemoRouteName = keyof typeof demoRoutes;

/** What is true of a variant, over the route as it was: factors, and shares of calls. */
export interface DemoTruth {
  readonly outputTokens: number;
  readonly firstToken: number;
  /** Calls that fail beside those that fail anyway. */
  readonly failing: number;
  /** Units whose calls end before they are counted: what a sample-ratio check is for. */
  readonly lostUnits: number;
}

const same: DemoTruth = { outputTokens: 1, firstToken: 1, failing: 0, lostUnits: 0 };

export interface DemoExperiment {
  readonly key: string;
  readonly hypothesis: string;
  readonly route: DemoRouteName;
  /** Since the beginning of the week. */
  readonly startsAfterHours: number;
  readonly control: string;
  readonly treatment: string;
  /** Of the treatment. Undefined: the route's. */
  readonly backend: DemoBackendName | undefined;
  readonly truth: DemoTruth;
}

export const demoExperiments = {
  /** Found to be better, and shipped by a person. */
  shipped: {
    key: "search-terms-alone",
    hypothesis: "Asked for the search terms alone, the model writes half as much, and an answer costs less and comes sooner.",
    route: "search",
    startsAfterHours: 4,
    control: "explained",
    treatment: "terms-alone",
    backend: undefined,
    truth: { ...same, outputTokens: 0.45 },
  },
  /** Units are lost on the way in one of its arms: no number of it can be believed. */
  lost: {
    key: "summary-in-three-points",
    hypothesis: "Three points are read to the end more often than a paragraph, at the same cost.",
    route: "summary",
    startsAfterHours: 20,
    control: "prose",
    treatment: "three-points",
    backend: undefined,
    truth: { ...same, lostUnits: 0.5 },
  },
  /** A guarded rollout that harms, and goes back by itself. */
  harmful: {
    key: "refunds-by-reasoner",
    hypothesis: "A model that thinks first decides refunds well enough to be worth its wait.",
    route: "agent",
    startsAfterHours: 70,
    control: "large",
    treatment: "reasoner",
    backend: "reasoner",
    truth: { ...same, firstToken: 1.6, failing: 0.2 },
  },
  /** A small difference that a few days do not show. */
  running: {
    key: "warmer-greeting",
    hypothesis: "A warmer greeting does not make answers slower or dearer.",
    route: "support",
    startsAfterHours: 100,
    control: "shorter",
    treatment: "warmer",
    backend: undefined,
    truth: { ...same, outputTokens: 1.05 },
  },
} as const satisfies Record<string, DemoExperiment>;
export type DemoExperimentName = keyof typeof demoExperiments;
