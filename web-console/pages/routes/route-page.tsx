/** One route: the way of a call, what it is set to, its code samples; change and archive. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { captureWords } from "../../change/capture-values.ts";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { duration } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { NoSuch, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { ThingActions } from "../../shell/thing-actions.tsx";
import { flag, oneOf, useUrlState } from "../../shell/url-state.ts";
import { Code, Facts, Notice, When } from "../../ui/marks.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { AlertMe } from "../alerts/alert-me.tsx";
import { CallPath } from "./call-path.tsx";
import { archiveRoute, routeFragment, timeoutLabels, timeoutNames } from "./changes.ts";
import { Explain } from "./explain.tsx";
import { RouteDialog } from "./route-dialog.tsx";

const query = graphql(
  `
    query Route($id: ID!) {
      route(id: $id) {
        ...RouteDetails
      }
      experiments(first: 20, uses: $id) {
        edges {
          node {
            id
            key
            coverage
            unit
            variants {
              key
              weight
            }
          }
        }
      }
      quotas(first: 50, uses: $id) {
        edges {
          node {
            id
            key
          }
        }
      }
    }
  `,
  [routeFragment],
);

type Data = ResultOf<typeof query>;

export function RoutePage() {
  const { routeId } = useParams({ strict: false }) as { routeId: string };
  const [url, setUrl] = useUrlState({ tab: oneOf("path", "explain", "settings"), edit: flag });
  const [archiving, setArchiving] = useState(false);
  const page = usePageQuery(query, { id: routeId });
  const refusal = useRefusal();
  const route = page.data?.route;
  const tab = url.tab ?? "path";
  return (
    <Page
      title={route?.name ?? "Route"}
      lead={route?.description}
      under={{ to: "/routes", name: "Routes" }}
      actions={
        route != null && (
          <ThingActions
            calls={{ route: route.name }}
            refusal={refusal}
            end="Archive"
            onEnd={() => setArchiving(true)}
            onEdit={() => setUrl({ edit: true })}
          >
            <Link to="/playground" search={{ m: route.name }} className="button">
              Try it
            </Link>
            <Link to="/developers" search={{ route: route.name }} className="button">
              Code samples
            </Link>
            <AlertMe metric="ERROR_RATE" of="its failed calls" route={route.id} large />
          </ThingActions>
        )
      }
    >
      <Result of={page}>
        {(data) =>
          data.route === null ? (
            <NoSuch thing="route" />
          ) : (
            <>
              {data.route.archivedAt !== null && (
                <Notice tone="warn">This route is archived: callers who ask for it are told that it does not exist.</Notice>
              )}
              <Tabs
                label="About this route"
                current={tab}
                tabs={[
                  ["path", "Way of a call"],
                  ["explain", "Explain a request"],
                  ["settings", "Settings"],
                ]}
              />
              {tab === "path" && (
                <Card title="What happens to a call">
                  <CallPath route={data.route} experiment={runningOn(data)} quotas={quotasOf(data)} />
                </Card>
              )}
              {tab === "explain" && <Explain routeName={data.route.name} routeId={data.route.id} />}
              {tab === "settings" && <Settings route={data.route} />}
              {url.edit && <RouteDialog route={data.route} onClose={() => setUrl({ edit: undefined }, { replace: true })} />}
              {archiving && <Archive route={data.route} experiment={runningOn(data)?.key} onClose={() => setArchiving(false)} />}
            </>
          )
        }
      </Result>
    </Page>
  );
}

const runningOn = (data: Data) => data.experiments.edges[0]?.node;
const quotasOf = (data: Data) => data.quotas.edges.map(({ node }) => node);

type Found = NonNullable<Data["route"]>;

function Settings({ route }: { readonly route: Found }) {
  return (
    <div className="grid">
      <Card title="Settings">
        <Facts
          of={[
            ["Backends tried at the most", route.attemptsMax === 0 ? "3 (the node's default)" : route.attemptsMax],
            ["Cache", route.cacheTtlSeconds === null ? "off" : `answers are kept for ${duration(route.cacheTtlSeconds * 1000)}`],
            [
              "Forced parameters",
              route.forcedParameters == null ? "none" : <code key="forced">{JSON.stringify(route.forcedParameters)}</code>,
            ],
            ["May be left out", route.dropParameters.length === 0 ? "nothing" : route.dropParameters.join(", ")],
            [
              "Saving",
              route.economy === null
                ? "budgets do not change its way"
                : `from ${route.economy.budgetPercent}% of a budget on, calls begin with tier ${route.economy.firstTier + 1}`,
            ],
            ["What is said in calls", captureWords(route.contentCapture, "as the caller's project says")],
            ["Made", <When key="made" at={route.createdAt} />],
            ["Changed", <When key="changed" at={route.updatedAt} />],
            ["Revision", route.revision],
            ["Id", <code key="id">{route.id}</code>],
          ]}
        />
      </Card>
      <Card title="Time limits">
        <Facts
          of={timeoutNames.map(
            (name) =>
              [
                timeoutLabels[name][0],
                route.timeouts[name] === 0 ? `${duration(timeoutLabels[name][1])} (the node's default)` : duration(route.timeouts[name]),
              ] as const,
          )}
        />
      </Card>
      {route.defaultParameters != null && (
        <Card title="Default parameters">
          <Code text={JSON.stringify(route.defaultParameters, null, 2)} />
        </Card>
      )}
    </div>
  );
}

function Archive({
  route,
  experiment,
  onClose,
}: {
  readonly route: Found;
  readonly experiment: string | undefined;
  readonly onClose: () => void;
}) {
  const navigate = useNavigate();
  return (
    <DestroyDialog
      title={`Archive ${route.name}?`}
      name={route.name}
      verb="Archive the route"
      done="The route is archived"
      traffic={{ groupBy: "ROUTE", group: route.name }}
      consequences={[
        "Calls that ask for it are refused from the moment a node has the change.",
        ...(experiment === undefined ? [] : [`The experiment ${experiment} runs on it and must be stopped first.`]),
        "It can be had back by restoring a revision from before.",
      ]}
      act={() => archiveRoute(route.id, route.revision)}
      onClose={(done) => (done ? void navigate({ to: "/routes" }) : onClose())}
    />
  );
}
