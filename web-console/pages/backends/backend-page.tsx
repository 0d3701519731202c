/** One backend: where it stands, its price, who uses it, how it has done; drain it, change it, archive it. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { count, counted, duration, percent, shortCount } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useLive } from "../../graphql/live.ts";
import { useLookAgain } from "../../graphql/look-again.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { NoSuch, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { ThingActions } from "../../shell/thing-actions.tsx";
import { flag, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Badge, Facts, Notice, When } from "../../ui/marks.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { Tile, Tiles } from "../../ui/tile.tsx";
import { AlertMe } from "../alerts/alert-me.tsx";
import { barsOf, dayInWords, failedShareOf, lastDayFragment } from "../overview/last-day.ts";
import { routeFragment } from "../routes/changes.ts";
import { BackendDialog } from "./backend-dialog.tsx";
import { archiveBackend, backendFragment } from "./changes.ts";
import { circuitFragment, DrainDialog, HealthCard, placesOf, TestCard, triesOf } from "./health.tsx";
import { HealthBadge, healthFragment } from "./health-badge.tsx";
import { costInWords, unpricedInWords } from "./in-words.ts";
import { OutageCard, outageFragment } from "./outages.tsx";
import { PriceCard } from "./price-card.tsx";
import { Credential, kindName } from "./provider-words.tsx";
import { RoutesCard } from "./routes-card.tsx";

const query = graphql(
  `
    query Backend($id: ID!, $key: ID!) {
      backend(id: $id) {
        ...BackendDetails
        ...Circuits
        ...BackendHealth
        ...Outages
        lastDay {
          ...LastDay
          figures {
            inputTokens
            outputTokens
            costNanodollars
            unpricedCalls
            duration {
              p95Ms
            }
            timeToFirstToken {
              p95Ms
            }
          }
        }
      }
      routes(first: 50, uses: $id) {
        edges {
          node {
            ...RouteDetails
          }
        }
        pageInfo {
          hasNextPage
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
  [backendFragment, circuitFragment, healthFragment, lastDayFragment, outageFragment, routeFragment],
);

type Data = ResultOf<typeof query>;

/** How it does moves without a change of the configuration. */
const lookAgainMs = 10_000;

export function BackendPage() {
  const { backendId } = useParams({ strict: false }) as { backendId: string };
  const [{ edit }, setUrl] = useUrlState({ edit: flag });
  const [archiving, setArchiving] = useState(false);
  const [draining, setDraining] = useState(false);
  const page = usePageQuery(query, { id: backendId, key: backendId });
  const refusal = useRefusal();
  const navigate = useNavigate();
  const backend = page.data?.backend;
  useCircuitNews(page.again);
  useLookAgain(lookAgainMs, page.again);
  const users = page.data?.routes.edges.map(({ node }) => node) ?? [];
  return (
    <Page
      title={backend?.key ?? "Backend"}
      lead={backend == null ? undefined : `${backend.model} at ${backend.provider?.key ?? "a provider that is gone"}`}
      under={{ to: "/backends", name: "Backends" }}
      actions={
        backend != null && (
          <ThingActions
            calls={{ backend: backend.id }}
            refusal={refusal}
            end="Archive"
            onEnd={() => setArchiving(true)}
            onEdit={() => setUrl({ edit: true })}
          >
            <AlertMe metric="UPSTREAM_ERROR_RATE" of="the calls that it fails" backend={backend.id} large />
            <Button refused={refusal} onClick={() => setDraining(true)}>
              {backend.drainedAt === null ? "Drain" : "Send calls again"}
            </Button>
          </ThingActions>
        )
      }
    >
      <Result of={page}>
        {(data) =>
          data.backend === null ? (
            <NoSuch thing="backend" />
          ) : (
            <>
              {data.backend.archivedAt !== null && <Notice tone="warn">This backend is archived: no call goes to it.</Notice>}
              {data.backend.archivedAt === null && data.backend.drainedAt !== null && (
                <Notice tone="warn">
                  It is drained since <When at={data.backend.drainedAt} />: no new call goes to it.
                </Notice>
              )}
              <Figures backend={data.backend} />
              <div className="grid">
                <HealthCard backend={data.backend} circuits={data.backend.circuits} places={placesOf(data.backend.concurrentCallsMax)} />
                {data.backend.archivedAt === null && (
                  <TestCard id={backendId} nodes={data.backend.circuits} refusal={refusal} onDone={() => page.again()} />
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
                      ["Credential", data.backend.provider === null ? "gone" : <Credential key="credential" of={data.backend.provider} />],
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
                <PriceCard backend={data.backend} onChanged={page.again} />
              </div>
              <OutageCard outages={data.backend.outages} />
              <RoutesCard routes={users} more={data.routes.pageInfo.hasNextPage} backendId={backendId} />
              <Recent events={data.usageEvents.edges.map(({ node }) => node)} />
              {edit && <BackendDialog backend={data.backend} onClose={() => setUrl({ edit: undefined }, { replace: true })} />}
              {draining && <DrainDialog backend={data.backend} routes={users} onClose={() => setDraining(false)} />}
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
                  onClose={(done) => (done ? void navigate({ to: "/backends" }) : setArchiving(false))}
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

function Figures({ backend }: { readonly backend: NonNullable<Data["backend"]> }) {
  const { lastDay, circuits, concurrentCallsMax } = backend;
  const { figures } = lastDay;
  const { inFlight, waiting, tries, failed, rateLimited } = triesOf(circuits);
  const tiles: readonly (readonly [string, string | ReactElement, ReactNode])[] = [
    ["Health", <HealthBadge key="health" of={backend} />, undefined],
    [
      "Answered, 5 min",
      tries === 0 ? "–" : percent((tries - failed) / tries),
      tries === 0 ? "not tried" : `${counted(failed, "failure")} in ${counted(tries, "try", "tries")}`,
    ],
    ["Too many (429), 5 min", tries === 0 ? "–" : percent(rateLimited / tries), counted(rateLimited, "refusal")],
    [
      "Calls now",
      `${count(inFlight)} of ${count(placesOf(concurrentCallsMax) * circuits.length)}`,
      waiting > 0 ? `${count(waiting)} waiting` : "none waits",
    ],
    ["Calls, 24 h", shortCount(figures.calls), <Sparkline key="day" label={dayInWords(lastDay)} bars={barsOf(lastDay)} />],
    [
      "Failed, 24 h",
      figures.calls === "0" ? "–" : percent(failedShareOf(lastDay)),
      `${counted(BigInt(figures.failedCalls), "call")}, as the last to be tried`,
    ],
    ["p95, 24 h", duration(figures.duration.p95Ms), `first token ${duration(figures.timeToFirstToken.p95Ms)}`],
    [
      "Cost, 24 h",
      costInWords(figures),
      unpricedInWords(figures) ?? `${shortCount(figures.inputTokens)} tokens in, ${shortCount(figures.outputTokens)} out`,
    ],
  ];
  return (
    <Tiles>
      {tiles.map(([name, value, note]) => (
        <Tile key={name} name={name} value={value} note={note} />
      ))}
    </Tiles>
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
            <Link to="/calls/$callId" params={{ callId: event.callId }}>
              {event.routeName === "" ? "test call" : event.routeName}
            </Link>
            <When at={event.startedAt} />
            {event.errorReason !== "" && <span className="quiet">{event.errorReason}</span>}
          </li>
        ))}
      </ul>
    </Card>
  );
}
