/**
 * The storefront's calls, hour by hour, as nodes would have recorded them: a rhythm of day and night, one bad hour at one backend,
 * the mistakes that callers make, and in experiments whatever is true of the variant. Pure: the same demo has the same calls,
 * with the same ids, so that those which the ledger has already are known again.
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { pseudonymOf } from "#agreements/pseudonym.ts";
import { Outcome, type UsageRecord, UsageRecordSchema } from "#proto/penstock/usage/v1/usage_event_pb.ts";
import { type DemoWeek, demoIds, weekMs } from "./demo-configuration.ts";
import { demoTimeline } from "./demo-timeline.ts";
import { type Draws, drawsOf, idOf } from "./draws.ts";
import { type DemoBackendName, type DemoRoute, type DemoRouteName, type DemoTruth, demoBackends, demoRoutes } from "./storefront.ts";

/** Nodes of the demo's own: by them its calls are told from everybody else's. */
export const demoNodes = ["demo-node-1", "demo-node-2"] as const;

/** What an experiment decides for a call of a user. */
export interface DemoArm {
  readonly experimentId: string;
  readonly variantKey: string;
  readonly bucket: number;
  /** Undefined: the route's. */
  readonly promptVersion: number | undefined;
  /** Undefined: the route's. */
  readonly backend: DemoBackendName | undefined;
  /** Undefined: as the route was. */
  readonly truth: DemoTruth | undefined;
}

export interface DemoSurroundings {
  readonly week: DemoWeek;
  readonly pepper: string;
  readonly simulatorId: string;
  readonly revision: { readonly epoch: string; readonly number: bigint };
  readonly priceVersions: ReadonlyMap<string, number>;
  /** The route's prompt version, where no experiment says another. */
  promptVersionOf(route: DemoRouteName): number;
  /** Undefined: the user is in no experiment there. */
  armOf(route: DemoRouteName, user: string, atMs: number): DemoArm | undefined;
}

const hourMs = 3_600_000;
export const hoursOfWeek = weekMs / hourMs;

/** @param hour of the week, from 0. Not in the order of time. */
export function callsOfHour(around: DemoSurroundings, hour: number): UsageRecord[] {
  const { madeAt } = around.week;
  const beganAtMs = madeAt.getTime() - weekMs + hour * hourMs;
  const records: UsageRecord[] = [];
  for (const [name, route] of Object.entries(demoRoutes) as [DemoRouteName, DemoRoute][]) {
    const noise = 0.85 + 0.3 * drawsOf(`${name} ${hour}`).next();
    const calls = Math.round((route.callsPerDay / 24) * activity(route.rhythm, beganAtMs) * noise);
    for (let index = 0; index < calls; index++) {
      const draws = drawsOf(`${name} ${hour} ${index}`);
      const atMs = Math.floor(beganAtMs + ((index + draws.next()) / calls) * hourMs);
      records.push(...callAt(around, name, draws, atMs, `${name} ${hour} ${index}`));
    }
  }
  return records;
}

/** Around 1 over a week: people sleep, shop in the evening, and shop more at the weekend; batches run when they do not. */
function activity(rhythm: DemoRoute["rhythm"], atMs: number): number {
  const at = new Date(atMs + hourMs / 2);
  const hour = at.getUTCHours();
  if (rhythm === "night") return hour < 5 ? 4.4 : 0.1;
  const weekend = at.getUTCDay() === 0 || at.getUTCDay() === 6 ? 1.18 : 0.95;
  const day = Math.max(0, Math.sin(((hour - 5) / 18) * Math.PI));
  const evening = Math.exp(-((hour - 19) ** 2) / 8);
  return weekend * (0.12 + 1.1 * day + 0.9 * evening);
}

/** The busiest hour that is between four and twenty-four hours over: the backend `large` is ill in it. */
export function incidentHour({ madeAt }: Pick<DemoWeek, "madeAt">): number {
  const hours = Array.from({ length: 20 }, (_, index) => hoursOfWeek - 24 + index);
  const busy = (hour: number) => activity("day", madeAt.getTime() - weekMs + hour * hourMs);
  return hours.toSorted((one, other) => busy(other) - busy(one))[0] ?? hoursOfWeek - 12;
}

const shareOf = <Name>(choices: readonly (readonly [Name, number, ...unknown[]])[], draw: number) => {
  let rest = draw * choices.reduce((sum, [, weight]) => sum + weight, 0);
  return choices.find(([, weight]) => {
    rest -= weight;
    return rest < 0;
  });
};

interface Served {
  readonly backend: DemoBackendName;
  readonly attempts: { backendId: string; result: string; durationMs: number; httpStatus: number; startedAfterMs: number }[];
  /** Empty: it went well. */
  readonly failure: "" | "UPSTREAM_UNAVAILABLE" | "UPSTREAM_TIMEOUT";
  readonly slower: number;
  /** Spent on attempts that failed. */
  readonly lostMs: number;
}

function callAt(around: DemoSurroundings, name: DemoRouteName, draws: Draws, atMs: number, label: string): UsageRecord[] {
  const { week, pepper, revision } = around;
  const route: DemoRoute = demoRoutes[name];
  const ids = demoIds(week);
  // A few come often, most come once.
  const user = `customer-${Math.floor(route.users * draws.next() ** 1.7)}`;
  const arm = around.armOf(name, user, atMs);
  if (arm?.truth !== undefined && drawsOf(`${user} lost`).next() < arm.truth.lostUnits) return [];
  const [key = "website", , ingress = "openai-chat"] = shareOf(route.callers, draws.next()) ?? [];
  const common = {
    callId: idOf(`${week.projectId} ${label}`, atMs),
    nodeId: demoNodes[draws.next() < 0.5 ? 0 : 1],
    startedAt: timestampFromMs(atMs),
    organisationId: week.organisationId,
    projectId: week.projectId,
    apiKeyId: ids.key(key),
    endUserHash: pseudonymOf(pepper, user),
    routeId: ids.route(name),
    routeName: route.name,
    ingress: String(ingress),
    streamed: draws.next() < route.streamed,
    modelAsked: route.name,
    cache: "off",
    configEpoch: revision.epoch,
    configNumber: revision.number,
    tags: { feature: route.feature, team: name === "agent" || name === "summary" ? "operations" : "shop" },
    promptId: ids.prompt(route.prompt),
    promptVersion: arm?.promptVersion ?? around.promptVersionOf(name),
    ...(arm === undefined ? {} : { exposure: exposureOf(arm, pseudonymOf(pepper, user)) }),
  };
  const refused = refusalOf(key, draws.next(), atMs);
  if (refused !== undefined) return [usage({ ...common, ...refused, durationMs: 1 + Math.floor(draws.next() * 3) })];

  const served = serve(around, route, arm, draws, atMs);
  const { firstTokenMs, tokenMs } = demoBackends[served.backend];
  const inputTokens = Math.round(route.inputTokens * draws.spread(0.45));
  const wanted = Math.max(1, Math.round(route.outputTokens * (arm?.truth?.outputTokens ?? 1) * draws.spread(0.5)));
  const firstToken = Math.round(firstTokenMs * (arm?.truth?.firstToken ?? 1) * served.slower * draws.spread(0.3));
  if (served.failure !== "")
    return [
      usage({
        ...common,
        attempts: served.attempts,
        timeline: demoTimeline(label, { attempts: served.attempts, durationMs: served.lostMs, pieces: 0 }),
        backendId: ids.backend(served.backend),
        providerId: around.simulatorId,
        durationMs: served.lostMs,
        outcome: served.failure === "UPSTREAM_TIMEOUT" ? Outcome.TIMEOUT : Outcome.UPSTREAM_ERROR,
        errorReason: served.failure,
      }),
    ];
  // Some leave before the end: what they were told until then is counted.
  const left = draws.next() < 0.006;
  const outputTokens = left ? Math.max(1, Math.round(wanted / 3)) : wanted;
  const answerMs = firstToken + Math.round(outputTokens * tokenMs * served.slower);
  const attempts = [
    ...served.attempts,
    {
      backendId: ids.backend(served.backend),
      result: left ? "CANCELLED" : "ok",
      durationMs: answerMs,
      httpStatus: 200,
      startedAfterMs: 1 + served.lostMs,
    },
  ];
  const course = {
    attempts,
    durationMs: served.lostMs + answerMs + 1,
    timeToFirstTokenMs: served.lostMs + firstToken,
  };
  const call = usage({
    ...common,
    ...course,
    timeline: demoTimeline(label, { ...course, pieces: common.streamed ? outputTokens : 0 }),
    backendId: ids.backend(served.backend),
    providerId: around.simulatorId,
    modelServed: demoBackends[served.backend].model,
    usage: {
      inputTokens: BigInt(inputTokens),
      outputTokens: BigInt(outputTokens),
      estimated: left,
      raw: left ? "" : `{"prompt_tokens":${inputTokens},"completion_tokens":${outputTokens},"total_tokens":${inputTokens + outputTokens}}`,
    },
    costNanodollars: costOf(served.backend, inputTokens, outputTokens),
    priceVersion: BigInt(around.priceVersions.get(ids.backend(served.backend)) ?? 0),
    ...(left
      ? { outcome: Outcome.CANCELLED, errorReason: "CANCELLED" }
      : { outcome: Outcome.OK, finishReason: wanted > 700 ? "length" : name === "agent" && draws.next() < 0.4 ? "tool_calls" : "stop" }),
  });
  return name === "support" && draws.next() < 0.06 ? [call, feedbackOn(common, arm, draws, atMs)] : [call];
}

/** Callers' mistakes, and a limit that the app meets in the evening. */
function refusalOf(key: string, draw: number, atMs: number) {
  if (draw < 0.004) return { outcome: Outcome.CLIENT_ERROR, errorReason: "INVALID_ARGUMENT" };
  if (draw < 0.006) return { outcome: Outcome.CLIENT_ERROR, errorReason: "CONTEXT_LENGTH_EXCEEDED" };
  const evening = Math.abs(new Date(atMs).getUTCHours() - 19) < 2;
  if (key === "mobile-app" && evening && draw < 0.03) return { outcome: Outcome.DENIED, errorReason: "RATE_LIMITED" };
  return undefined;
}

function serve({ week }: DemoSurroundings, route: DemoRoute, arm: DemoArm | undefined, draws: Draws, atMs: number): Served {
  const ids = demoIds(week);
  const chosen = arm?.backend ?? shareOf(route.first, draws.next())?.[0] ?? route.fallback;
  const inIncident = Math.floor((atMs - (week.madeAt.getTime() - weekMs)) / hourMs) === incidentHour(week);
  const ill = inIncident && chosen === "large";
  const failed = (backend: DemoBackendName, result: Served["failure"], durationMs: number, startedAfterMs = 1) => ({
    startedAfterMs,
    backendId: ids.backend(backend),
    result,
    durationMs,
    httpStatus: result === "UPSTREAM_UNAVAILABLE" ? 503 : 0,
  });
  const fate = draws.next();
  const failing = (ill ? 0.7 : 0.007) + (arm?.truth?.failing ?? 0);
  if (fate >= failing) return { backend: chosen, attempts: [], failure: "", slower: ill ? 3.2 : 1, lostMs: 0 };
  const late = ill && draws.next() < 0.3;
  const first = failed(chosen, late ? "UPSTREAM_TIMEOUT" : "UPSTREAM_UNAVAILABLE", late ? 8000 : Math.round(60 * draws.spread(0.6)));
  // Another answers for most of them; a variant that names its backends has no other.
  if (arm?.backend === undefined && draws.next() < (ill ? 0.5 : 0.6))
    return { backend: route.fallback, attempts: [first], failure: "", slower: ill ? 1.4 : 1, lostMs: first.durationMs };
  const second = arm?.backend === undefined ? [failed(route.fallback, "UPSTREAM_UNAVAILABLE", 45, first.durationMs + 1)] : [];
  return {
    backend: second.length === 0 ? chosen : route.fallback,
    attempts: [first, ...second],
    failure: second.length === 0 ? first.result : "UPSTREAM_UNAVAILABLE",
    slower: 1,
    lostMs: first.durationMs + (second[0]?.durationMs ?? 0),
  };
}

const exposureOf = ({ experimentId, variantKey, bucket }: DemoArm, unitHash: string) => ({
  experimentId,
  variantKey,
  unitType: "end_user",
  unitHash,
  bucket,
  hashVersion: 3,
  forced: false,
  phase: 1,
});

function costOf(backend: DemoBackendName, inputTokens: number, outputTokens: number): bigint {
  const { inputPrice, outputPrice } = demoBackends[backend];
  return (BigInt(inputTokens) * BigInt(inputPrice) + BigInt(outputTokens) * BigInt(outputPrice)) / 1_000_000n;
}

type UsageInit = NonNullable<Parameters<typeof create<typeof UsageRecordSchema>>[1]>;
type EventInit = Extract<NonNullable<UsageInit["record"]>, { case: "usage" }>["value"];

const usage = (value: EventInit): UsageRecord => create(UsageRecordSchema, { record: { case: "usage", value } });

function feedbackOn(
  call: {
    readonly callId: string;
    readonly nodeId: string;
    readonly organisationId: string;
    readonly apiKeyId: string;
    readonly endUserHash: string;
  },
  arm: DemoArm | undefined,
  draws: Draws,
  atMs: number,
): UsageRecord {
  const recordedAtMs = atMs + 20_000 + Math.floor(draws.next() * 60_000);
  return create(UsageRecordSchema, {
    record: {
      case: "feedback",
      value: {
        feedbackId: idOf(`${call.callId} feedback`, recordedAtMs),
        nodeId: call.nodeId,
        recordedAt: timestampFromMs(recordedAtMs),
        organisationId: call.organisationId,
        apiKeyId: call.apiKeyId,
        callId: call.callId,
        metric: "helpful",
        value: { case: "boolean", value: draws.next() < (arm?.promptVersion === 4 ? 0.86 : 0.81) },
        endUserHash: call.endUserHash,
      },
    },
  });
}
