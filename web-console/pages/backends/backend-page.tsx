/** One backend: where it stands, its price, who uses it, how it has done; drain it, change it, archive it. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { tell } from "../../change/tell.ts";
import { count, money, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useLive } from "../../graphql/live.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { flag, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Badge, Facts, Notice, When } from "../../ui/marks.tsx";
import { lastDay } from "../overview/ranges.ts";
import { type RouteDetails, routeFragment, routeValues, saveRoute } from "../routes/changes.ts";
import { archiveBackend, backendFragment } from "./changes.ts";
import { BackendDialog, kindName } from "./dialogs.tsx";
import { circuitFragment, DrainDialog, HealthBadge, HealthCard, TestCard } from "./health.tsx";

const query = graphql(
  `
    query Backend($id: ID!, $key: ID!, $range: UsageRange!) {
      backend(id: $id) {
        ...BackendDetails
        ...Circuits
      }
      backends(first: 100) {
        edges {
          node {
            id
            drainedAt
          }
        }
      }
      providers(first: 100) {
        edges {
          node {
            id
            key
          }
        }
      }
      routes(first: 50) {
        edges {
          node {
            ...RouteDetails
          }
        }
      }
      usageSummary(range: $range, groupBy: BACKEND) {
        ... on QueryUsageSummarySuccess {
          groups {
            group
            requests
            failedRequests
            inputTokens
            outputTokens
            costNanodollars
          }
        }
      }
      usageEvents(first: 8, filter: { backendId: [$key] }) {
        edges {
          node {
            callId
            startedAt
            outcome
            errorReason
            routeName
            attempts {
              backendId
              result
              httpStatus
            }
          }
        }
      }
    }
  `,
  [backendFragment, circuitFragment, routeFragment],
);

type Data = ResultOf<typeof query>;

export function BackendPage() {
  const { backendId } = useParams({ strict: false }) as { backendId: string };
  const [range] = useState(lastDay);
  const [{ edit }, setUrl] = useUrlState({ edit: flag });
  const [archiving, setArchiving] = useState(false);
  const [draining, setDraining] = useState(false);
  const page = usePageQuery(query, { id: backendId, key: backendId, range });
  const refusal = useRefusal();
  const navigate = useNavigate();
  const backend = page.data?.backend;
  useCircuitNews(page.again);
  const users = page.data === undefined ? [] : usersOf(page.data, backendId);
  return (
    <Page
      title={backend?.key ?? "Backend"}
      lead={backend == null ? undefined : `${backend.model} at ${backend.provider?.key ?? "a provider that is gone"}`}
      under={{ to: "/backends", name: "Backends" }}
      actions={
        backend != null && (
          <>
            <Link to="/calls" search={{ backend: backend.id } as never} className="button">
              Its calls
            </Link>
            <Button refused={refusal} onClick={() => setDraining(true)}>
              {backend.drainedAt === null ? "Drain" : "Send calls again"}
            </Button>
            <Button look="danger" refused={refusal} onClick={() => setArchiving(true)}>
              Archive
            </Button>
            <Button look="primary" refused={refusal} onClick={() => setUrl({ edit: true })}>
              Change
            </Button>
          </>
        )
      }
    >
      <Result of={page}>
        {(data) =>
          data.backend === null ? (
            <Empty title="There is no such backend">It may belong to another organisation, or the address is mistyped.</Empty>
          ) : (
            <>
              {data.backend.archivedAt !== null && <Notice tone="warn">This backend is archived: no call goes to it.</Notice>}
              {data.backend.archivedAt === null && data.backend.drainedAt !== null && (
                <Notice tone="warn">
                  It is drained since <When at={data.backend.drainedAt} />: no new call goes to it.
                </Notice>
              )}
              <Tiles data={data} id={backendId} />
              <div className="grid">
                <HealthCard circuits={data.backend.circuits} />
                {data.backend.archivedAt === null && (
                  <TestCard
                    id={backendId}
                    nodes={data.backend.circuits.map(({ nodeId }) => nodeId)}
                    refusal={refusal}
                    onDone={() => page.again()}
                  />
                )}
              </div>
              <div className="grid">
                <Card title="What it is">
                  <Facts
                    of={[
                      ["Model", <code key="model">{data.backend.model}</code>],
                      [
                        "Provider",
                        data.backend.provider === null ? "gone" : `${data.backend.provider.key}, ${kindName(data.backend.provider.kind)}`,
                      ],
                      ["Base URL", <code key="url">{data.backend.provider?.baseUrl ?? ""}</code>],
                      ["Credential", data.backend.provider?.hasCredential ? "sealed, never shown" : "none"],
                      [
                        "Calls at once from one node",
                        data.backend.concurrentCallsMax === 0 ? "1,024 (the default)" : count(data.backend.concurrentCallsMax),
                      ],
                      [
                        "Capabilities",
                        data.backend.capabilities.length === 0
                          ? "none named"
                          : data.backend.capabilities.map((one) => <Badge key={one}>{one}</Badge>),
                      ],
                      ["Changed", <When key="changed" at={data.backend.updatedAt} />],
                    ]}
                  />
                </Card>
                <Price price={data.backend.price} />
              </div>
              <Users routes={users} backendId={backendId} refusal={refusal} />
              <Recent events={data.usageEvents.edges.map(({ node }) => node)} />
              {edit && (
                <BackendDialog
                  backend={data.backend}
                  providers={data.providers.edges.map(({ node }) => node)}
                  onClose={() => setUrl({ edit: undefined }, { replace: true })}
                />
              )}
              {draining && (
                <DrainDialog
                  backend={data.backend}
                  routes={users}
                  drained={new Set(data.backends.edges.flatMap(({ node }) => (node.drainedAt === null ? [] : [node.id])))}
                  onClose={() => setDraining(false)}
                />
              )}
              {archiving && (
                <DestroyDialog
                  title={`Archive ${data.backend.key}?`}
                  name={data.backend.key}
                  verb="Archive the backend"
                  done="The backend is archived"
                  traffic={{ groupBy: "BACKEND", group: backendId }}
                  consequences={
                    users.length === 0
                      ? ["No route leads to it."]
                      : [`These routes lead to it and must let it go first: ${users.map(({ name }) => name).join(", ")}.`]
                  }
                  act={() => archiveBackend(backendId, data.backend?.revision ?? 0)}
                  onClose={(done) => (done ? void navigate({ to: "/backends" } as never) : setArchiving(false))}
                />
              )}
            </>
          )
        }
      </Result>
    </Page>
  );
}

/** Nodes tell in the live subscription how many backends they pass over: where that changes, it may be this one. */
function useCircuitNews(again: () => void): void {
  const { nodes } = useLive();
  const news = nodes.map(({ id, backendsPassedOver }) => `${id} ${backendsPassedOver}`).join();
  const seen = useRef(news);
  const ask = useRef(again);
  ask.current = again;
  useEffect(() => {
    if (seen.current !== "" && seen.current !== news) ask.current();
    seen.current = news;
  }, [news]);
}

const usersOf = (data: Data, id: string): readonly RouteDetails[] =>
  data.routes.edges
    .map(({ node }) => node)
    .filter((route) => route.tiers.some((tier) => tier.targets.some(({ backendId }) => backendId === id)));

function Tiles({ data, id }: { readonly data: Data; readonly id: string }) {
  const groups = "groups" in data.usageSummary ? (data.usageSummary.groups ?? []) : [];
  const group = groups.find((one) => one.group === id);
  const requests = Number(group?.requests ?? 0);
  const failed = Number(group?.failedRequests ?? 0);
  return (
    <div className="grid tiles">
      {data.backend !== null && (
        <div className="tile">
          <span className="name">Health</span>
          <span className="value">
            <HealthBadge circuits={data.backend.circuits} drainedAt={data.backend.drainedAt} />
          </span>
        </div>
      )}
      <div className="tile">
        <span className="name">Calls, 24 h</span>
        <span className="value">{count(requests)}</span>
      </div>
      <div className="tile">
        <span className="name">Failed</span>
        <span className="value">{requests === 0 ? "–" : percent(failed / requests)}</span>
        <span className="note">{count(failed)} of them</span>
      </div>
      <div className="tile">
        <span className="name">Tokens in / out</span>
        <span className="value">
          {count(group?.inputTokens ?? 0)} / {count(group?.outputTokens ?? 0)}
        </span>
      </div>
      <div className="tile">
        <span className="name">Cost</span>
        <span className="value">{money(group?.costNanodollars ?? 0)}</span>
      </div>
    </div>
  );
}

function Price({ price }: { readonly price: NonNullable<Data["backend"]>["price"] }) {
  return (
    <Card title="Price a million tokens">
      {price === null ? (
        <Notice tone="warn">No price is known, so the cost of its calls is unknown and missing from every sum of money.</Notice>
      ) : (
        <Facts
          of={[
            ["Input", money(price.inputNanodollarsPerMillion)],
            ["Output", money(price.outputNanodollarsPerMillion)],
            [
              "Cached input, read",
              price.cacheReadNanodollarsPerMillion === null ? "as input" : money(price.cacheReadNanodollarsPerMillion),
            ],
            [
              "Cached input, written",
              price.cacheWriteNanodollarsPerMillion === null ? "as input" : money(price.cacheWriteNanodollarsPerMillion),
            ],
            ["Price version", `${price.version}; each call keeps the version it was made at`],
          ]}
        />
      )}
    </Card>
  );
}

function Users({
  routes,
  backendId,
  refusal,
}: {
  readonly routes: readonly RouteDetails[];
  readonly backendId: string;
  readonly refusal: string | undefined;
}) {
  const [busy, setBusy] = useState<string>();
  const weigh = async (route: RouteDetails, weight: number) => {
    setBusy(route.id);
    const values = routeValues(route);
    const tiers = values.tiers.map((tier) => tier.map((target) => (target.backendId === backendId ? { ...target, weight } : target)));
    tell(
      weight === 0 ? `${route.name} sends it no more calls` : `${route.name} sends it calls again`,
      await saveRoute(route.id, { ...values, tiers }, route.revision),
    );
    setBusy(undefined);
  };
  return (
    <Card title="Routes that lead to it">
      {routes.length === 0 ? (
        <p className="quiet">None does, so it takes no calls.</p>
      ) : (
        <ul className="stack tight">
          {routes.map((route) => {
            const targets = route.tiers.flatMap((tier, at) =>
              tier.targets.filter((one) => one.backendId === backendId).map((one) => ({ ...one, at })),
            );
            const drained = targets.every(({ weight }) => weight === 0);
            return (
              <li key={route.id} className="row apart">
                <span>
                  <Link to={`/routes/${route.id}`} className="strong">
                    {route.name}
                  </Link>{" "}
                  <span className="quiet">
                    {targets.map(({ at, weight }) => `${at === 0 ? "first choice" : `fallback ${at}`}, weight ${weight}`).join("; ")}
                  </span>{" "}
                  {drained && <Badge tone="warn">weight 0</Badge>}
                </span>
                <Button small disabled={busy === route.id} refused={refusal} onClick={() => void weigh(route, drained ? 1 : 0)}>
                  {drained ? "Take it in again" : "Take it out"}
                </Button>
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}

function Recent({ events }: { readonly events: readonly Data["usageEvents"]["edges"][number]["node"][] }) {
  if (events.length === 0) return null;
  return (
    <Card title="Its last calls">
      <ul className="stack tight">
        {events.map((event) => (
          <li key={event.callId} className="row">
            <Badge tone={event.outcome === "OK" ? "good" : "bad"}>{event.outcome.toLowerCase().replace("_", " ")}</Badge>
            <Link to={`/calls/${event.callId}`}>{event.routeName}</Link>
            <When at={event.startedAt} />
            {event.errorReason !== "" && <span className="quiet">{event.errorReason}</span>}
          </li>
        ))}
      </ul>
    </Card>
  );
}
