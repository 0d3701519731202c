/** What can be done to a route, and a route as its form sees it. */
import { type CaptureValues, captureFragment, captureInput, captureValues } from "../../change/capture-values.ts";
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { columnNames, timeLimitNames } from "../../change/words/column-names.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const routeFragment = graphql(
  `
  fragment RouteDetails on Route {
    id
    name
    description
    revision
    archivedAt
    createdAt
    updatedAt
    attemptsMax
    cacheTtlSeconds
    defaultParameters
    forcedParameters
    dropParameters
    economy {
      budgetPercent
      firstTier
    }
    contentCapture {
      ...Capture
    }
    prompt {
      promptId
      label
      version
      prompt {
        name
        labels {
          name
          version
        }
      }
    }
    tiers {
      targets {
        backendId
        weight
        backend {
          id
          key
          model
          capabilities
          drainedAt
          provider {
            id
            key
            kind
          }
        }
      }
    }
    timeouts {
      queueMs
      connectMs
      firstByteMs
      idleMs
      writeStallMs
      totalMs
    }
  }
`,
  [captureFragment],
);

export type RouteDetails = ResultOf<typeof routeFragment>;

const createRoute = graphql(
  `
    mutation CreateRoute($input: CreateRouteInput!) {
      createRoute(input: $input, waitForPropagation: true) {
        ... on CreateRoutePayload {
          route {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const updateRoute = graphql(
  `
    mutation UpdateRoute($input: UpdateRouteInput!) {
      updateRoute(input: $input, waitForPropagation: true) {
        ... on UpdateRoutePayload {
          route {
            id
            revision
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const archiveRouteMutation = graphql(
  `
    mutation ArchiveRoute($input: ArchiveRouteInput!) {
      archiveRoute(input: $input, waitForPropagation: true) {
        ... on ArchiveRoutePayload {
          route {
            id
          }
        }
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const readRouteQuery = graphql(
  `
    query ReadRoute($id: ID!) {
      route(id: $id) {
        ...RouteDetails
      }
    }
  `,
  [routeFragment],
);

export interface TargetValues {
  readonly backendId: string;
  readonly weight: number;
}

export const timeoutNames = ["queueMs", "connectMs", "firstByteMs", "idleMs", "writeStallMs", "totalMs"] as const;

/** For people, with the milliseconds that hold where a route says nothing. */
export const timeoutLabels: Record<(typeof timeoutNames)[number], readonly [string, number]> = {
  queueMs: [timeLimitNames.queueMs, 5_000],
  connectMs: [timeLimitNames.connectMs, 1_000],
  firstByteMs: [timeLimitNames.firstByteMs, 30_000],
  idleMs: [timeLimitNames.idleMs, 30_000],
  writeStallMs: [timeLimitNames.writeStallMs, 30_000],
  totalMs: [timeLimitNames.totalMs, 900_000],
};

export interface RouteValues extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly description: string;
  readonly tiers: readonly (readonly TargetValues[])[];
  /** Empty: none. */
  readonly promptId: string;
  /** A label, or a version as "@3". */
  readonly promptPointer: string;
  readonly attemptsMax: number;
  /** 0: answers are not kept. */
  readonly cacheTtlSeconds: number;
  /** JSON text; empty: none. */
  readonly parameters: string;
  /** JSON text; empty: none. */
  readonly forcedParameters: string;
  /** Separated by commas; empty: none. */
  readonly dropParameters: string;
  /** Of a budget; 0: budgets do not change its way. */
  readonly economyPercent: number;
  /** Counted from 0. */
  readonly economyTier: number;
  readonly capture: CaptureValues;
  readonly timeouts: Readonly<Record<(typeof timeoutNames)[number], number>>;
}

export const routeNames = {
  name: columnNames.ROUTE_NAME,
  description: columnNames.ROUTE_DESCRIPTION,
  tiers: columnNames.ROUTE_TIERS,
  promptId: columnNames.ROUTE_PROMPT,
  promptPointer: "Label or version",
  attemptsMax: columnNames.ROUTE_ATTEMPTS_MAX,
  cacheTtlSeconds: columnNames.ROUTE_CACHE_TTL_SECONDS,
  parameters: columnNames.ROUTE_DEFAULT_PARAMETERS,
  forcedParameters: columnNames.ROUTE_FORCED_PARAMETERS,
  dropParameters: columnNames.ROUTE_DROP_PARAMETERS,
  economyPercent: columnNames.ROUTE_ECONOMY,
  economyTier: "Begin with",
  capture: columnNames.ROUTE_CONTENT_CAPTURE,
  timeouts: columnNames.ROUTE_TIMEOUTS,
} as const satisfies Record<string, string>;

export const emptyRoute: RouteValues = {
  name: "",
  description: "",
  tiers: [[]],
  promptId: "",
  promptPointer: "production",
  attemptsMax: 0,
  cacheTtlSeconds: 0,
  parameters: "",
  forcedParameters: "",
  dropParameters: "",
  economyPercent: 0,
  economyTier: 1,
  capture: captureValues(null),
  timeouts: { queueMs: 0, connectMs: 0, firstByteMs: 0, idleMs: 0, writeStallMs: 0, totalMs: 0 },
};

export const routeValues = (route: RouteDetails): RouteValues => ({
  name: route.name,
  description: route.description,
  tiers: route.tiers.map(({ targets }) => targets.map(({ backendId, weight }) => ({ backendId, weight }))),
  promptId: route.prompt?.promptId ?? "",
  promptPointer: route.prompt?.label ?? (route.prompt?.version == null ? "production" : `@${route.prompt.version}`),
  attemptsMax: route.attemptsMax,
  cacheTtlSeconds: route.cacheTtlSeconds ?? 0,
  parameters: jsonText(route.defaultParameters),
  forcedParameters: jsonText(route.forcedParameters),
  dropParameters: route.dropParameters.join(", "),
  economyPercent: route.economy?.budgetPercent ?? 0,
  economyTier: route.economy?.firstTier ?? 1,
  capture: captureValues(route.contentCapture),
  timeouts: Object.fromEntries(timeoutNames.map((name) => [name, route.timeouts[name]])) as RouteValues["timeouts"],
});

const jsonText = (value: unknown): string => (value == null ? "" : JSON.stringify(value, null, 2));
const jsonOf = (text: string): unknown => (text.trim() === "" ? null : JSON.parse(text));

export function isNoJson(text: string): boolean {
  try {
    jsonOf(text);
    return false;
  } catch {
    return true;
  }
}

const listOf = (text: string): readonly string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

/** "@3" is a version, everything else a label. */
export const promptSelection = (promptId: string, pointer: string) =>
  promptId === "" ? null : pointer.startsWith("@") ? { promptId, version: Number(pointer.slice(1)) } : { promptId, label: pointer };

const inputOf = (values: RouteValues) => ({
  name: values.name,
  description: values.description,
  tiers: values.tiers.filter((targets) => targets.length > 0).map((targets) => ({ targets: targets.map((target) => ({ ...target })) })),
  prompt: promptSelection(values.promptId, values.promptPointer),
  attemptsMax: values.attemptsMax,
  cacheTtlSeconds: values.cacheTtlSeconds === 0 ? null : values.cacheTtlSeconds,
  defaultParameters: jsonOf(values.parameters),
  forcedParameters: jsonOf(values.forcedParameters),
  dropParameters: values.dropParameters.trim() === "" ? null : [...listOf(values.dropParameters)],
  economy: values.economyPercent === 0 ? null : { budgetPercent: values.economyPercent, firstTier: values.economyTier },
  contentCapture: captureInput(values.capture),
  timeouts: values.timeouts,
});

export const saveRoute = (id: string | undefined, values: RouteValues, expectedRevision: number) =>
  id === undefined
    ? change(createRoute, { input: inputOf(values) })
    : change(updateRoute, { input: { ...inputOf(values), id, expectedRevision } });

export const archiveRoute = (id: string, expectedRevision: number) => change(archiveRouteMutation, { input: { id, expectedRevision } });

export async function readRouteAgain(id: string) {
  const { data } = await client.query(readRouteQuery, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.route == null ? undefined : { values: routeValues(data.route), revision: data.route.revision };
}

interface Tried {
  readonly attemptsMax: number;
  readonly tiers: readonly { readonly targets: readonly { readonly backendId: string; readonly weight: number }[] }[];
}

/** Of one call: none is tried twice, and a drained one not at all. */
export function triedMax({ attemptsMax, tiers }: Tried): number {
  const backends = new Set(tiers.flatMap(({ targets }) => targets.filter(({ weight }) => weight > 0).map(({ backendId }) => backendId)));
  return Math.min(attemptsMax === 0 ? 3 : attemptsMax, backends.size);
}
