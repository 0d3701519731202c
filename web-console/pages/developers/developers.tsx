/** For those who call: of each route what it does, whether it works now, the limits of a key on it, and code that runs as it is. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ChooseField } from "../../change/choose-field.tsx";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { Page } from "../../shell/page.tsx";
import { text, useUrlState } from "../../shell/url-state.ts";
import { AddressField } from "../../ui/field.tsx";
import { lastDay } from "../overview/ranges.ts";
import { levelFragment, quotaFragment } from "../quotas/changes.ts";
import { EffectiveLimits } from "../quotas/effective-limits.tsx";
import { meets } from "../quotas/meets.ts";
import { AboutRoute } from "./about-route.tsx";
import { restUrlOf } from "./addresses.ts";
import { Samples } from "./call-it.tsx";

const query = graphql(
  `
    query Developers($range: UsageRange!, $search: String, $key: ID!) {
      routes(first: 50, search: $search) {
        edges {
          node {
            id
            name
            description
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
                weight
                backend {
                  id
                  key
                  model
                  capabilities
                  drainedAt
                  circuits {
                    state
                  }
                }
              }
            }
          }
        }
      }
      chosen: apiKey(id: $key) {
        ...CallerKey
      }
      apiKeys(first: 100) {
        edges {
          node {
            ...CallerKey
          }
        }
      }
      quotas(first: 100) {
        edges {
          node {
            ...QuotaDetails
            ...QuotaLevelNow
          }
        }
      }
      nodes {
        state
        restAddress
        grpcAddress
      }
      usageSummary(range: $range, groupBy: ROUTE) {
        ... on QueryUsageSummarySuccess {
          groups {
            group
            requests
            failedRequests
            costNanodollars
          }
        }
      }
    }
  `,
  [
    quotaFragment,
    levelFragment,
    graphql(`
      fragment CallerKey on ApiKey {
        id
        name
        environment
        allowedRoutes
        allowedMethods
        revokedAt
        expiresAt
        project {
          id
          name
        }
      }
    `),
  ],
);

export type Data = ResultOf<typeof query>;
export type Route = Data["routes"]["edges"][number]["node"];
export type Key = Data["apiKeys"]["edges"][number]["node"];

export const address = { route: text, key: text, sample: text, base: text };

export function Developers() {
  const [url, setUrl] = useUrlState(address);
  const [range] = useState(lastDay);
  const page = usePageQuery(query, { range, search: url.route ?? null, key: url.key ?? "" });
  return (
    <Page title="Developers" lead="Everything an application needs: an address, the name of a route, and a key.">
      <Result of={page}>
        {(data) => {
          const routes = data.routes.edges.map(({ node }) => node);
          const route = routes.find(({ name }) => name === url.route) ?? routes[0];
          if (route === undefined) return <NoRoute named={url.route} />;
          const key = keyFor(data, route.name);
          const base = url.base ?? restUrlOf(data.nodes);
          return (
            <>
              <div className="filters">
                <ChooseField
                  label="Route"
                  of="routes"
                  value={route.id}
                  named={route.name}
                  onChange={({ name }) => setUrl({ route: name })}
                />
                <ChooseField
                  label="Your key"
                  of="apiKeys"
                  value={key?.id ?? ""}
                  named={key?.name}
                  {...(key === undefined ? { none: "none may use it" } : {})}
                  onChange={({ id }) => setUrl({ key: id })}
                />
                <AddressField
                  label="Base URL"
                  value={base}
                  onChange={(next) => setUrl({ base: next === restUrlOf(data.nodes) ? undefined : next }, { replace: true })}
                />
              </div>
              <div className="grid">
                <AboutRoute route={route} data={data} />
                <EffectiveLimits
                  title={key === undefined ? "Limits" : `Limits of ${key.name} here`}
                  quotas={data.quotas.edges.map(({ node }) => node).filter((quota) => meets(quota, placeOf(route, key)))}
                  none="None."
                  routeId={route.id}
                  note="Each answer says what is left in x-ratelimit-*, and a refusal says in retry-after when to come back."
                />
              </div>
              <Samples
                base={base.replace(/\/+$/, "")}
                data={data}
                route={route}
                caller={key}
                picked={url.sample ?? "curl"}
                onPick={(sample) => setUrl({ sample: sample === "curl" ? undefined : sample })}
              />
            </>
          );
        }}
      </Result>
    </Page>
  );
}

const placeOf = (route: Route, key: Key | undefined) => ({
  routeId: route.id,
  backendIds: route.tiers.flatMap(({ targets }) => targets.flatMap(({ backend }) => (backend === null ? [] : [backend.id]))),
  apiKeyId: key?.id,
  projectId: key?.project?.id,
});

/** The one that was chosen, where it may call the route; else the first that may. */
function keyFor({ chosen, apiKeys }: Data, route: string): Key | undefined {
  if (chosen !== null && opens(chosen, route)) return chosen;
  return apiKeys.edges.map(({ node }) => node).find((key) => opens(key, route));
}

const opens = (key: Key, route: string): boolean =>
  key.revokedAt === null &&
  (key.expiresAt === null || Date.parse(key.expiresAt) > Date.now()) &&
  key.environment !== "play" &&
  (key.allowedMethods.length === 0 || key.allowedMethods.includes("CHAT")) &&
  (key.allowedRoutes.length === 0 || key.allowedRoutes.includes(route));

const NoRoute = ({ named }: { readonly named: string | undefined }) => (
  <Empty
    title={named === undefined ? "Nothing to call yet" : `There is no route called ${named}`}
    action={
      <Link to="/routes" className="button">
        To the routes
      </Link>
    }
  >
    A route is the name that applications ask for as model.
  </Empty>
);
