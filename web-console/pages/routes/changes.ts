/** What can be done to a route, and a route as its form sees it. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const routeFragment = graphql(`
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
    prompt {
      promptId
      label
      version
      prompt {
        name
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
`);

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
  readonly timeouts: Readonly<Record<(typeof timeoutNames)[number], number>>;
}

export const emptyRoute: RouteValues = {
  name: "",
  description: "",
  tiers: [[]],
  promptId: "",
  promptPointer: "production",
  attemptsMax: 0,
  cacheTtlSeconds: 0,
  parameters: "",
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
  parameters: route.defaultParameters == null ? "" : JSON.stringify(route.defaultParameters, null, 2),
  timeouts: Object.fromEntries(timeoutNames.map((name) => [name, route.timeouts[name]])) as RouteValues["timeouts"],
});

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
  defaultParameters: values.parameters.trim() === "" ? null : JSON.parse(values.parameters),
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
