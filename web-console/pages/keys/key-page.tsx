/** One key: what it may do, the limits that bind it from the key up to the organisation, what it did; rotate and revoke. */
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { count, money, shortCount, shortMoney } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { NoSuch, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { ThingActions } from "../../shell/thing-actions.tsx";
import { flag, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Badge, Facts, When } from "../../ui/marks.tsx";
import { Tile, Tiles } from "../../ui/tile.tsx";
import { restUrlOf } from "../developers/addresses.ts";
import { lastDay, rangeChoices } from "../overview/ranges.ts";
import { levelFragment, quotaFragment } from "../quotas/changes.ts";
import { EffectiveLimits } from "../quotas/effective-limits.tsx";
import { effects } from "../quotas/effects.tsx";
import { lower } from "../quotas/words.ts";
import { isUnused, type KeyDetails, keyFragment, methodNames, revokeKey, stateOf } from "./changes.ts";
import { KeyDialog, RotateDialog } from "./dialogs.tsx";
import { stateTones } from "./keys.tsx";

const query = graphql(
  `
    query Key($id: ID!, $key: ID!, $range: UsageRange!, $week: UsageRange!) {
      apiKey(id: $id) {
        ...KeyDetails
      }
      effectiveQuotas(apiKeyId: $key) {
        ...QuotaDetails
        ...QuotaLevelNow
      }
      denials(range: $week, apiKeyId: $key, effects: [DENIED, UNAVAILABLE, CUT, PASSED_OVER, PASSED]) {
        ... on QueryDenialsSuccess {
          quotas {
            quotaId
            quotaKey
            lastAt
            effects {
              effect
              calls
            }
          }
        }
      }
      routes(first: 1) {
        edges {
          node {
            id
            name
          }
        }
      }
      nodes {
        state
        restAddress
      }
      usageSummary(range: $range, groupBy: KEY) {
        ... on QueryUsageSummarySuccess {
          groups {
            group
            requests
            inputTokens
            outputTokens
            costNanodollars
          }
        }
      }
      usageEvents(first: 8, filter: { apiKeyId: [$key] }) {
        edges {
          node {
            callId
            startedAt
            outcome
            routeName
          }
        }
      }
    }
  `,
  [keyFragment, quotaFragment, levelFragment],
);

type Data = ResultOf<typeof query>;

export function KeyPage() {
  const { keyId } = useParams({ strict: false }) as { keyId: string };
  const [range] = useState(lastDay);
  const [week] = useState(rangeChoices["7d"].of);
  const [url, setUrl] = useUrlState({ edit: flag, rotate: flag });
  const [revoking, setRevoking] = useState(false);
  const page = usePageQuery(query, { id: keyId, key: keyId, range, week });
  const refusal = useRefusal();
  const apiKey = page.data?.apiKey;
  const opens = apiKey != null && ["live", "expiring"].includes(stateOf(apiKey));
  const close = () => setUrl({ edit: undefined, rotate: undefined }, { replace: true });
  return (
    <Page
      title={apiKey?.name ?? "API key"}
      under={{ to: "/keys", name: "API keys" }}
      actions={
        opens && (
          <ThingActions
            calls={{ key: keyId }}
            refusal={refusal}
            end="Revoke"
            onEnd={() => setRevoking(true)}
            onEdit={() => setUrl({ edit: true })}
          >
            <Button refused={refusal} onClick={() => setUrl({ rotate: true })}>
              Rotate
            </Button>
          </ThingActions>
        )
      }
    >
      <Result of={page}>
        {(data) =>
          data.apiKey === null ? (
            <NoSuch thing="key" />
          ) : (
            <>
              <Used data={data} id={keyId} />
              <div className="grid">
                <About apiKey={data.apiKey} />
                <EffectiveLimits
                  title="Limits that it meets"
                  quotas={data.effectiveQuotas}
                  none="None: it may spend without bound."
                  note="Limits of routes are of those that it may use."
                />
              </div>
              <Denials data={data} />
              <Recent data={data} />
              {url.edit && (
                <KeyDialog
                  apiKey={data.apiKey}
                  route={data.routes.edges[0]?.node.name ?? "demo-chat"}
                  restUrl={restUrlOf(data.nodes)}
                  onClose={close}
                />
              )}
              {url.rotate && (
                <RotateDialog
                  apiKey={data.apiKey}
                  route={data.routes.edges[0]?.node.name ?? "demo-chat"}
                  restUrl={restUrlOf(data.nodes)}
                  onClose={close}
                />
              )}
              {revoking && (
                <DestroyDialog
                  title={`Revoke ${data.apiKey.name}?`}
                  name={data.apiKey.name}
                  verb="Revoke the key"
                  done="The key is revoked"
                  traffic={{ groupBy: "KEY", group: keyId }}
                  consequences={[
                    "Callers that show it are refused from the moment a node has the change.",
                    "This cannot be taken back. To change keys without an outage, rotate instead.",
                  ]}
                  act={() => revokeKey(keyId)}
                  onClose={() => setRevoking(false)}
                />
              )}
            </>
          )
        }
      </Result>
    </Page>
  );
}

function About({ apiKey }: { readonly apiKey: KeyDetails }) {
  return (
    <Card title="What it is">
      <Facts
        of={[
          [
            "State",
            <Badge key="state" tone={stateTones[stateOf(apiKey)]}>
              {stateOf(apiKey)}
            </Badge>,
          ],
          ["Public part", <code key="public">{`psk_${apiKey.environment}_${apiKey.publicId}…${apiKey.lastFour}`}</code>],
          [
            "Project",
            apiKey.project === null ? (
              "gone"
            ) : (
              <Link key="project" to="/projects/$projectId" params={{ projectId: apiKey.project.id }}>
                {apiKey.project.name}
              </Link>
            ),
          ],
          ["Owner", apiKey.owner || "nobody said"],
          ["Routes", apiKey.allowedRoutes.length === 0 ? "all of the organisation" : apiKey.allowedRoutes.join(", ")],
          [
            "For",
            apiKey.allowedMethods.length === 0 ? "everything" : apiKey.allowedMethods.map((method) => methodNames[method]).join("; "),
          ],
          ["From", apiKey.allowedNetworks.length === 0 ? "everywhere" : apiKey.allowedNetworks.join(", ")],
          apiKey.mayForceVariants && ["Experiments", "may ask for one variant; such calls count in no result"],
          [
            "Last used",
            apiKey.lastUsedAt === null ? (
              "never"
            ) : (
              <span key="used">
                <When at={apiKey.lastUsedAt} /> {isUnused(apiKey) && <Badge tone="warn">unused for 90 days</Badge>}
              </span>
            ),
          ],
          ["Made", <When key="made" at={apiKey.createdAt} />],
          ["Expires", apiKey.expiresAt === null ? "never" : <When key="expires" at={apiKey.expiresAt} />],
          apiKey.revokedAt !== null && ["Revoked", <When key="revoked" at={apiKey.revokedAt} />],
          apiKey.rotatedFromId !== null && [
            "Follows",
            <Link key="from" to="/keys/$keyId" params={{ keyId: apiKey.rotatedFromId }}>
              the key that it was rotated from
            </Link>,
          ],
        ]}
      />
    </Card>
  );
}

const nothing = { requests: "0", inputTokens: "0", outputTokens: "0", costNanodollars: "0" };

function Used({ data, id }: { readonly data: Data; readonly id: string }) {
  const groups = "groups" in data.usageSummary ? (data.usageSummary.groups ?? []) : [];
  const { requests, inputTokens, outputTokens, costNanodollars } = groups.find((one) => one.group === id) ?? nothing;
  return (
    <Tiles>
      <Tile name="Calls, 24 h" value={shortCount(requests)} exact={count(requests)} />
      <Tile
        name="Tokens in / out"
        value={[shortCount(inputTokens), shortCount(outputTokens)]}
        exact={`${count(inputTokens)} / ${count(outputTokens)}`}
      />
      <Tile name="Cost" value={shortMoney(costNanodollars)} exact={money(costNanodollars)} />
    </Tiles>
  );
}

/** What limits did to its calls lately. */
function Denials({ data: { denials } }: { readonly data: Data }) {
  const quotas = "quotas" in denials ? (denials.quotas ?? []) : [];
  if (quotas.length === 0) return null;
  return (
    <Card title="What limits did to it, 7 days">
      <ul className="stack tight">
        {quotas.map(({ quotaId, quotaKey, effects: done, lastAt }) => (
          <li key={quotaId} className="row">
            <Link to="/quotas" search={{ quota: quotaId }}>
              {quotaKey}
            </Link>
            {done.map(({ effect, calls }) => (
              <Badge key={effect} tone={effects[effect]?.tone ?? "neutral"}>
                {effects[effect]?.name ?? lower(effect)}: {count(calls)}
              </Badge>
            ))}
            <When at={lastAt} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Recent({ data }: { readonly data: Data }) {
  if (data.usageEvents.edges.length === 0) return null;
  return (
    <Card title="Its last calls">
      <ul className="stack tight">
        {data.usageEvents.edges.map(({ node }) => (
          <li key={node.callId} className="row">
            <Badge tone={node.outcome === "OK" ? "good" : "bad"}>{node.outcome.toLowerCase().replace("_", " ")}</Badge>
            <Link to="/calls/$callId" params={{ callId: node.callId }}>
              {node.routeName}
            </Link>
            <When at={node.startedAt} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
