/** An experiment as its form sees it: text that people type, in their units, and what that says to the control plane. Pure. */
import type { VariablesOf } from "../../../graphql/documents.ts";
import { promptSelection, type TargetValues } from "../../routes/changes.ts";
import type { createExperimentMutation } from "../changes.ts";
import { type MetricName, marginIn, marginText } from "./metric-words.ts";
import { type Condition, conditionsIn, conditionsText, jsonIn, percentIn } from "./typed-text.ts";

type Input = VariablesOf<typeof createExperimentMutation>["input"];
type Analysis = NonNullable<Input["analysis"]>;
export type Unit = Input["unit"];
export type Role = NonNullable<Analysis["metrics"]>[number]["role"];

export interface ArmValues {
  readonly key: string;
  readonly weight: string;
  /** "" the route's own, else "<prompt id> <label or @version>". */
  readonly prompt: string;
  /** Empty: the route's own. */
  readonly tiers: readonly (readonly TargetValues[])[];
  /** JSON; empty: none. */
  readonly parameters: string;
}

export interface MetricValues {
  readonly metric: MetricName;
  readonly role: Role;
  readonly feedback: string;
  readonly category: string;
  /** In people's unit: percentage points, ms, dollars. */
  readonly margin: string;
  readonly windowHours: string;
}

export interface StepValues {
  /** Percent. */
  readonly share: string;
  readonly holdHours: string;
  readonly unitsMin: string;
  readonly approval: boolean;
}

/** Shares are typed as percent. */
export interface DesignValues extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly hypothesis: string;
  readonly routeId: string;
  readonly arms: readonly ArmValues[];
  readonly unit: Unit;
  /** Empty: a call without the unit takes no part. */
  readonly fallbackUnit: Unit | "";
  readonly coverage: string;
  readonly apiKeyIds: readonly string[];
  readonly projectIds: readonly string[];
  /** A line each: "plan: pro, team". */
  readonly tags: string;
  readonly headers: string;
  readonly targetedShare: string;
  /** Empty: it stands beside none. */
  readonly namespace: string;
  readonly namespaceFrom: string;
  readonly namespaceTo: string;
  readonly holdout: string;
  readonly sticky: boolean;
  /** Of a change: every unit is drawn again; and who has seen an earlier draw takes no part. */
  readonly drawAnew: "" | "all" | "newcomers";
  readonly bucketVersion: number;
  /** Of a new one; empty: a random one. */
  readonly seed: string;
  readonly hashVersion: "3" | "2";
  readonly metrics: readonly MetricValues[];
  readonly targetEffect: string;
  readonly latencyObjectiveMs: string;
  /** Empty: the first arm. */
  readonly control: string;
  readonly alpha: string;
  readonly correction: NonNullable<Analysis["correction"]>;
  readonly unitsPlanned: string;
  readonly unitsMin: string;
  readonly daysMin: string;
  readonly cuped: boolean;
  /** Percent of units; 100: as they are. */
  readonly winsoriseAt: string;
  readonly preExposureCheck: boolean;
  readonly healthTag: string;
  readonly course: "compare" | "rollout" | "bandit";
  readonly steps: readonly StepValues[];
  readonly healthAction: NonNullable<NonNullable<Input["rollout"]>["healthAction"]>;
  readonly shipAtEnd: boolean;
  readonly algorithm: NonNullable<NonNullable<Input["bandit"]>["algorithm"]>;
  readonly floor: string;
  readonly updateMinutes: string;
  readonly stopWhenFound: boolean;
  readonly delta: string;
  readonly tolerance: string;
  /** As a field for a day and a time has it, in the person's own zone; empty: it has no end. */
  readonly endsAt: string;
}

export const newArm = (key: string): ArmValues => ({ key, weight: "1", prompt: "", tiers: [], parameters: "" });
export const newMetric = (metric: MetricName, role: Role): MetricValues => ({
  metric,
  role,
  feedback: "",
  category: "",
  margin: "0",
  windowHours: "0",
});
export const newStep = (share: string): StepValues => ({ share, holdHours: "1", unitsMin: "100", approval: false });

export const defaultSteps = ["1", "5", "10", "25", "50"].map(newStep);

/** The control plane's own defaults, so that people see what they get. */
export const newDesign = (routeId: string): DesignValues => ({
  key: "",
  hypothesis: "",
  routeId,
  arms: [newArm("control"), newArm("treatment")],
  unit: "END_USER",
  fallbackUnit: "",
  coverage: "100",
  apiKeyIds: [],
  projectIds: [],
  tags: "",
  headers: "",
  targetedShare: "100",
  namespace: "",
  namespaceFrom: "0",
  namespaceTo: "100",
  holdout: "0",
  sticky: false,
  drawAnew: "",
  bucketVersion: 1,
  seed: "",
  hashVersion: "3",
  metrics: [
    newMetric("SLOW_FIRST_TOKEN", "GOAL"),
    newMetric("ERROR_RATE", "GUARDRAIL"),
    newMetric("COST_PER_CALL", "SECONDARY"),
    newMetric("LATENCY", "SECONDARY"),
  ],
  targetEffect: "10",
  latencyObjectiveMs: "2000",
  control: "",
  alpha: "5",
  correction: "HOLM",
  unitsPlanned: "5000",
  unitsMin: "100",
  daysMin: "3",
  cuped: false,
  winsoriseAt: "99.9",
  preExposureCheck: true,
  healthTag: "country",
  course: "compare",
  steps: defaultSteps,
  healthAction: "HOLD",
  shipAtEnd: true,
  algorithm: "TOP_TWO",
  floor: "5",
  updateMinutes: "15",
  stopWhenFound: true,
  delta: "5",
  tolerance: "0",
  endsAt: "",
});

/** An arm that is there, as its form sees it. */
export interface ArmRead {
  readonly key: string;
  readonly weight: number;
  readonly prompt: { readonly promptId: string; readonly label: string | null; readonly version: number | null } | null;
  readonly tiers: readonly { readonly targets: readonly { readonly backendId: string; readonly weight: number }[] }[];
  readonly parameters: unknown;
}
export const armValues = ({ key, weight, prompt, tiers, parameters }: ArmRead): ArmValues => ({
  key,
  weight: String(weight),
  prompt: prompt === null ? "" : `${prompt.promptId} ${prompt.label ?? `@${prompt.version}`}`,
  tiers: tiers.map(({ targets }) => targets.map(({ backendId, weight: share }) => ({ backendId, weight: share }))),
  parameters: parameters == null ? "" : JSON.stringify(parameters, null, 2),
});

interface MetricRead extends Omit<MetricValues, "margin" | "windowHours"> {
  readonly margin: number;
  readonly windowHours: number;
}
export const metricValues = ({ margin, windowHours, metric, role, feedback, category }: MetricRead): MetricValues => ({
  metric,
  role,
  feedback,
  category,
  margin: marginText(metric, margin),
  windowHours: String(windowHours),
});

/** What is said of arms, units and the end: may change while it runs. */
export const assignmentOf = (values: DesignValues) => ({
  key: values.key,
  hypothesis: values.hypothesis,
  unit: values.unit,
  fallbackUnit: values.fallbackUnit === "" ? null : values.fallbackUnit,
  coverage: percentIn(values.coverage),
  variants: values.arms.map(({ key, weight, prompt, tiers, parameters }) => {
    const [promptId = "", pointer = ""] = prompt.split(" ");
    return {
      key,
      weight: Number(weight),
      prompt: promptSelection(promptId, pointer),
      tiers: tiers.filter((targets) => targets.length > 0).map((targets) => ({ targets: targets.map((target) => ({ ...target })) })),
      parameters: jsonIn(parameters),
    };
  }),
  namespace:
    values.namespace.trim() === ""
      ? null
      : { name: values.namespace.trim(), start: percentIn(values.namespaceFrom), end: percentIn(values.namespaceTo) },
  holdout: percentIn(values.holdout),
  targeting: targetingOf(values),
  sticky: values.sticky,
  endsAt: values.endsAt === "" ? null : new Date(values.endsAt).toISOString(),
});

function targetingOf({ apiKeyIds, projectIds, tags, headers, targetedShare }: DesignValues) {
  const listed = (conditions: readonly Condition[]) => conditions.map(({ name, values }) => ({ name, values: [...values] }));
  const targeting = {
    apiKeyIds: [...apiKeyIds],
    projectIds: [...projectIds],
    tags: listed(conditionsIn(tags)),
    headers: listed(conditionsIn(headers)),
    share: percentIn(targetedShare),
  };
  const everybody = [apiKeyIds, projectIds, targeting.tags, targeting.headers].every(({ length }) => length === 0) && targeting.share === 1;
  return everybody ? null : targeting;
}

/** Of whom the ledger can tell: null where they are all calls. */
export const targetedInLedger = (values: DesignValues) => targetingOf({ ...values, headers: "", targetedShare: "100" });

export const stepsInput = (steps: readonly StepValues[]) =>
  steps.map(({ share, holdHours, unitsMin, approval }) => ({
    share: percentIn(share),
    holdSeconds: Math.round(Number(holdHours) * 3600),
    unitsMin: Number(unitsMin),
    approval,
  }));

/** What is measured and what follows from it: settled while it runs. */
export const settledOf = (values: DesignValues) => ({
  analysis: {
    control: values.control,
    alpha: percentIn(values.alpha),
    unitsPlanned: Number(values.unitsPlanned),
    correction: values.correction,
    metrics: values.metrics.map(({ metric, role, feedback, category, margin, windowHours }) => ({
      metric,
      role,
      feedback: metric === "FEEDBACK" ? feedback.trim() : "",
      category: metric === "FEEDBACK" ? category.trim() : "",
      margin: marginIn(metric, margin),
      windowHours: Number(windowHours),
    })),
    latencyObjectiveMs: Number(values.latencyObjectiveMs),
    daysMin: Number(values.daysMin),
    unitsMin: Number(values.unitsMin),
    targetEffect: percentIn(values.targetEffect),
    cuped: values.cuped,
    winsoriseAt: percentIn(values.winsoriseAt),
    preExposureCheck: values.preExposureCheck,
    healthTag: values.healthTag.trim(),
  },
  rollout:
    values.course !== "rollout"
      ? null
      : {
          steps: stepsInput(values.steps),
          healthAction: values.healthAction,
          shipAtEnd: values.shipAtEnd,
        },
  bandit:
    values.course !== "bandit"
      ? null
      : {
          algorithm: values.algorithm,
          floor: percentIn(values.floor),
          updateMinutes: Number(values.updateMinutes),
          stopWhenFound: values.stopWhenFound,
          delta: percentIn(values.delta),
          tolerance: Number(values.tolerance),
        },
});

export const newExperimentInput = (values: DesignValues): Input => ({
  ...assignmentOf(values),
  ...settledOf(values),
  // A bandit's weights move, and its units must not.
  sticky: values.sticky || (values.course === "bandit" && values.unit !== "REQUEST"),
  routeId: values.routeId,
  ...(values.seed.trim() === "" ? {} : { seed: values.seed.trim() }),
  hashVersion: Number(values.hashVersion),
});

/** @param running what is measured is left as it is. */
export const changedExperimentInput = (values: DesignValues, running: boolean) => ({
  ...assignmentOf(values),
  ...(running ? {} : settledOf(values)),
  ...(values.drawAnew === "" ? {} : { bucketVersion: values.bucketVersion + 1 }),
  ...(values.drawAnew === "newcomers" ? { bucketVersionMin: values.bucketVersion + 1 } : {}),
});

/** Why it may not be sent yet; undefined: it may. */
export function designProblem(values: DesignValues): string | undefined {
  const { arms, metrics } = values;
  if (values.key.trim() === "") return "Give it a name";
  if (arms.length < 2) return "An experiment has two arms or more";
  if (arms.some(({ key, weight }) => key.trim() === "" || !(Number(weight) > 0))) return "Give each arm a name and a weight above 0";
  if (arms.some(({ parameters }) => jsonIn(parameters) === undefined)) return "Parameters are JSON";
  if (values.course === "rollout" && arms.length !== 2) return "A guarded rollout has two arms: as it is, and the new one";
  for (const [name, text] of [
    ["Tags", values.tags],
    ["Headers", values.headers],
  ] as const)
    if (conditionsText(conditionsIn(text)) === "" && text.trim() !== "") return `${name} are lines such as "plan: pro, team"`;
  if (metrics.some(({ metric, feedback }) => metric === "FEEDBACK" && feedback.trim() === "")) return "Say which feedback is measured";
  if (metrics.some(({ metric, margin }) => !Number.isFinite(marginIn(metric, margin)))) return "A margin is a number";
  return undefined;
}
