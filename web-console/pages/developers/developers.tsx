/** For those who call: each route's code samples with this installation's addresses, the limits that hold, and a button that runs it. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { count, money, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, Code, Facts, Notice } from "../../ui/marks.tsx";
import { lastDay } from "../overview/ranges.ts";
import { type CallState, runCall } from "../playground/run-call.ts";
import { type QuotaDetails, quotaFragment } from "../quotas/changes.ts";
import { limitOf } from "../quotas/words.ts";
import { grpcAddressOf, restUrlOf } from "./addresses.ts";
import { samples } from "./samples.ts";

const query = graphql(
  `
    query Developers($range: UsageRange!) {
      routes(first: 50) {
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
                  key
                  model
                  capabilities
                }
              }
            }
          }
        }
      }
      apiKeys(first: 100) {
        edges {
          node {
            id
            name
            environment
            allowedRoutes
            revokedAt
            expiresAt
            project {
              id
            }
          }
        }
      }
      quotas(first: 100) {
        edges {
          node {
            ...QuotaDetails
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
  [quotaFragment],
);

type Data = ResultOf<typeof query>;
type Route = Data["routes"]["edges"][number]["node"];
type Key = Data["apiKeys"]["edges"][number]["node"];

export function Developers() {
  const [url, setUrl] = useUrlState({ route: text, key: text, sample: text });
  const [range] = useState(lastDay);
  const page = usePageQuery(query, { range });
  return (
    <Page title="Developers" lead="Everything an application needs: an address, the name of a route, and a key.">
      <Result of={page}>
        {(data) => {
          const route = data.routes.edges.find(({ node }) => node.name === url.route)?.node ?? data.routes.edges[0]?.node;
          if (route === undefined)
            return (
              <Empty
                title="Nothing to call yet"
                action={
                  <Link to="/routes" className="button">
                    To the routes
                  </Link>
                }
              >
                A route is the name that applications ask for as model.
              </Empty>
            );
          const keys = data.apiKeys.edges.map(({ node }) => node).filter((key) => opens(key, route.name));
          const key = keys.find(({ id }) => id === url.key) ?? keys[0];
          return (
            <>
              <div className="filters">
                <SelectField
                  label="Route"
                  value={route.name}
                  onChange={(name) => setUrl({ route: name })}
                  choices={data.routes.edges.map(({ node }) => ({ value: node.name, label: node.name }))}
                />
                <SelectField
                  label="Your key"
                  value={key?.id ?? ""}
                  onChange={(id) => setUrl({ key: id })}
                  choices={
                    key === undefined ? [{ value: "", label: "none may use it" }] : keys.map(({ id, name }) => ({ value: id, label: name }))
                  }
                />
              </div>
              <div className="grid">
                <About route={route} data={data} />
                <Limits route={route} apiKey={key} quotas={data.quotas.edges.map(({ node }) => node)} />
              </div>
              <Samples
                data={data}
                route={route}
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

const opens = (key: Key, route: string): boolean =>
  key.revokedAt === null &&
  (key.expiresAt === null || Date.parse(key.expiresAt) > Date.now()) &&
  key.environment !== "play" &&
  (key.allowedRoutes.length === 0 || key.allowedRoutes.includes(route));

function About({ route, data }: { readonly route: Route; readonly data: Data }) {
  const groups = "groups" in data.usageSummary ? (data.usageSummary.groups ?? []) : [];
  const group = groups.find((one) => one.group === route.name);
  const requests = Number(group?.requests ?? 0);
  const capabilities = [...new Set(route.tiers.flatMap((tier) => tier.targets.flatMap(({ backend }) => backend?.capabilities ?? [])))];
  return (
    <Card title={route.name} actions={<Link to={`/routes/${route.id}`}>The route</Link>}>
      <div className="stack">
        {route.description !== "" && <p>{route.description}</p>}
        <Facts
          of={[
            ["Ask for it as", <code key="model">model: "{route.name}"</code>],
            [
              "Prompt",
              route.prompt === null
                ? "yours: send all messages"
                : `${route.prompt.prompt?.name ?? "gone"} @ ${route.prompt.label ?? route.prompt.version} is put before your messages`,
            ],
            ["Models behind it", route.tiers.flatMap((tier) => tier.targets.map(({ backend }) => backend?.model ?? "gone")).join(", ")],
            capabilities.length > 0 && ["Can do", capabilities.map((one) => <Badge key={one}>{one}</Badge>)],
            [
              "Last 24 hours",
              requests === 0
                ? "no call"
                : `${count(requests)} calls, ${percent(Number(group?.failedRequests ?? 0) / requests)} failed, ${money(group?.costNanodollars)}`,
            ],
          ]}
        />
      </div>
    </Card>
  );
}

function Limits({
  route,
  apiKey,
  quotas,
}: {
  readonly route: Route;
  readonly apiKey: Key | undefined;
  readonly quotas: readonly QuotaDetails[];
}) {
  const meets = quotas.filter(
    ({ scopeKind, scopeId }) =>
      scopeKind === "ORGANISATION" ||
      scopeKind === "END_USER" ||
      (scopeKind === "ROUTE" && scopeId === route.id) ||
      (scopeKind === "API_KEY" && scopeId === apiKey?.id) ||
      (scopeKind === "PROJECT" && scopeId === apiKey?.project?.id),
  );
  return (
    <Card title={apiKey === undefined ? "Limits" : `Limits of ${apiKey.name} here`}>
      {meets.length === 0 ? (
        <p className="quiet">None.</p>
      ) : (
        <ul className="stack tight">
          {meets.map((quota) => (
            <li key={quota.id} className="row apart">
              <span>{limitOf(quota)}</span> <Badge>{quota.scopeKind.toLowerCase().replace("_", " ")}</Badge>
            </li>
          ))}
        </ul>
      )}
      <p className="quiet" style={{ marginTop: "0.75rem" }}>
        Each answer says what is left in <code>x-ratelimit-*</code>, and a refusal says when to come back in <code>retry-after</code>.
      </p>
    </Card>
  );
}

function Samples({
  data,
  route,
  picked,
  onPick,
}: {
  readonly data: Data;
  readonly route: Route;
  readonly picked: string;
  readonly onPick: (sample: string) => void;
}) {
  const sample = samples.find(({ id }) => id === picked) ?? samples[0];
  const facts = { restUrl: restUrlOf(data.nodes), grpcAddress: grpcAddressOf(data.nodes), route: route.name, key: "$PENSTOCK_API_KEY" };
  return (
    <Card title="Call it">
      <div className="stack">
        <div className="tabs" role="tablist" aria-label="Client">
          {samples.map(({ id, name }) => (
            <button key={id} type="button" role="tab" aria-selected={id === sample?.id} aria-controls="sample" onClick={() => onPick(id)}>
              {name}
            </button>
          ))}
        </div>
        <div id="sample" role="tabpanel" aria-label={sample?.name ?? ""}>
          <Code text={sample?.of(facts) ?? ""} label="The sample" />
        </div>
        <p className="quiet">
          Put a key in <code>PENSTOCK_API_KEY</code> first; the full text of one is shown only when it is made, on the page{" "}
          <Link to="/keys">API keys</Link>.
        </p>
        <RunIt route={route.name} />
      </div>
    </Card>
  );
}

function RunIt({ route }: { readonly route: string }) {
  const [state, setState] = useState<CallState>();
  const refusal = useRefusal("developer");
  const run = () =>
    void runCall({ model: route, messages: [{ role: "user", content: "Hello" }], parameters: {} }, new AbortController().signal, setState);
  return (
    <div className="stack tight">
      <div>
        <Button refused={refusal} onClick={run} disabled={state?.phase === "waiting" || state?.phase === "streaming"}>
          Run it here
        </Button>
      </div>
      {state !== undefined && (
        <div className="answer" aria-live="polite">
          {state.text || <span className="quiet">Waiting …</span>}
        </div>
      )}
      {state?.failure !== undefined && <Notice tone="bad">{state.failure}</Notice>}
      {state?.phase === "done" && state.callId !== undefined && <Link to={`/calls/${state.callId}`}>This call in the log</Link>}
    </div>
  );
}
