/** Limits: on whom, of what, in which window; how much of each is used now, and where it will stand at the window's end. */
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { EditDialog } from "../../change/form.tsx";
import { percent, shortCount } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { flag, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { AddressField, SelectField, TextField } from "../../ui/field.tsx";
import { Badge, Meter, type Tone, When } from "../../ui/marks.tsx";
import { archiveQuota, type QuotaDetails, type QuotaValues, quotaFragment, quotaValues, readQuotaAgain, saveQuota } from "./changes.ts";
import { amountOf, limitOf, lower, windowBounds, windowOf } from "./words.ts";

const query = graphql(
  `
    query Quotas($day: UsageRange!, $month: UsageRange!) {
      quotas(first: 100) {
        edges {
          node {
            ...QuotaDetails
          }
        }
      }
      projects(first: 100) {
        edges {
          node {
            id
            name
          }
        }
      }
      apiKeys(first: 100) {
        edges {
          node {
            id
            name
          }
        }
      }
      routes(first: 100) {
        edges {
          node {
            id
            name
          }
        }
      }
      today: usageSummary(range: $day, groupBy: ROUTE) {
        ... on QueryUsageSummarySuccess {
          groups {
            group
            requests
            inputTokens
            outputTokens
          }
        }
      }
      thisMonth: usageSummary(range: $month, groupBy: ROUTE) {
        ... on QueryUsageSummarySuccess {
          groups {
            group
            requests
            inputTokens
            outputTokens
          }
        }
      }
    }
  `,
  [quotaFragment],
);

type Data = ResultOf<typeof query>;

export function Quotas() {
  const [{ make, quota, q }, setUrl] = useUrlState({ make: flag, quota: text, q: text });
  const [ranges] = useState(calendarRanges);
  const page = usePageQuery(query, ranges);
  const refusal = useRefusal();
  const close = () => setUrl({ make: undefined, quota: undefined }, { replace: true });
  const quotas = page.data?.quotas.edges.map(({ node }) => node) ?? [];
  const edited = quotas.find(({ id }) => id === quota);
  const shown = quotas.filter(({ key, scopeKind }) => `${key} ${scopeKind}`.toLowerCase().includes((q ?? "").toLowerCase()));
  return (
    <Page
      title="Quotas"
      lead="Hard refuses, soft lets through and warns, shadow only counts. A call meets every quota of its key, project, route and organisation; the first to be reached binds."
      actions={
        <Button look="primary" refused={refusal} onClick={() => setUrl({ make: true })}>
          <Plus size={16} aria-hidden /> New quota
        </Button>
      }
    >
      <Result of={page}>
        {(data) => (
          <>
            {quotas.length === 0 ? (
              <Empty title="No quota yet">
                Nothing limits what callers may use. A first good one: tokens a day for the whole organisation, soft.
              </Empty>
            ) : (
              <>
                <div className="filters">
                  <AddressField label="Search" value={q ?? ""} onChange={(next) => setUrl({ q: next }, { replace: true })} data-search />
                </div>
                <div className="grid">
                  {shown.map((one) => (
                    <QuotaCard key={one.id} quota={one} data={data} refusal={refusal} onEdit={() => setUrl({ quota: one.id })} />
                  ))}
                </div>
              </>
            )}
            {make && <QuotaDialog data={data} onClose={close} />}
            {edited !== undefined && <QuotaDialog quota={edited} data={data} onClose={close} />}
          </>
        )}
      </Result>
    </Page>
  );
}

/** Whole windows of the calendar, so that the answer is the same until the minute is over. */
function calendarRanges() {
  const until = new Date(Math.ceil(Date.now() / 60_000) * 60_000).toISOString();
  const of = (window: "DAY" | "MONTH") => ({ since: (windowBounds(window)?.from ?? new Date()).toISOString(), until });
  return { day: of("DAY"), month: of("MONTH") };
}

const enforcementTones: Readonly<Record<string, Tone>> = { HARD: "bad", SOFT: "warn", SHADOW: "neutral" };

function QuotaCard({
  quota,
  data,
  refusal,
  onEdit,
}: {
  readonly quota: QuotaDetails;
  readonly data: Data;
  readonly refusal: string | undefined;
  readonly onEdit: () => void;
}) {
  const [archiving, setArchiving] = useState(false);
  const used = useMemo(() => usedOf(quota, data), [quota, data]);
  const bounds = windowBounds(quota.window);
  const share = used === undefined ? undefined : used / Number(quota.limit);
  const forecast = used === undefined || bounds === undefined ? undefined : forecastOf(used, bounds);
  return (
    <Card title={quota.key} actions={<Badge tone={enforcementTones[quota.enforcement] ?? "neutral"}>{lower(quota.enforcement)}</Badge>}>
      <div className="stack tight">
        <p>
          <strong className="number">{amountOf(quota.limit, quota.resource)}</strong> {windowOf(quota.window)}, for {scopeOf(quota, data)}
        </p>
        {share === undefined || used === undefined ? (
          <p className="quiet">What is used in a window as short as this, or of a scope like this, is counted on the nodes alone.</p>
        ) : (
          <>
            <Meter share={share} label={`${quota.key}: ${percent(share)} used`} soft={quota.enforcement !== "HARD"} />
            <p className="quiet">
              {shortCount(used)} used, {percent(share)}.
              {forecast !== undefined && share < 1 && ` At this pace ${percent(forecast / Number(quota.limit))} at the end of the window.`}
            </p>
          </>
        )}
        {bounds !== undefined && bounds.to.getTime() - bounds.from.getTime() >= 3_600_000 && (
          <p className="quiet">
            Begins anew <When at={bounds.to} />
          </p>
        )}
        <div className="row">
          <Button small refused={refusal} onClick={onEdit}>
            Change
          </Button>
          <Button small look="plain" refused={refusal} onClick={() => setArchiving(true)}>
            Archive
          </Button>
        </div>
      </div>
      {archiving && (
        <DestroyDialog
          title={`Archive ${quota.key}?`}
          name={quota.key}
          verb="Archive the quota"
          done="The quota is archived"
          consequences={[`${limitOf(quota)} no longer holds for ${scopeNames(quota, data)}.`]}
          act={() => archiveQuota(quota.id, quota.revision)}
          onClose={() => setArchiving(false)}
        />
      )}
    </Card>
  );
}

/** From the ledger, for windows that it can tell: days and months of the organisation or of a route. */
function usedOf(quota: QuotaDetails, data: Data): number | undefined {
  const summary = quota.window === "DAY" ? data.today : quota.window === "MONTH" ? data.thisMonth : undefined;
  if (summary == null || !("groups" in summary)) return undefined;
  if (quota.resource !== "REQUESTS" && quota.resource !== "TOKENS") return undefined;
  const route = data.routes.edges.find(({ node }) => node.id === quota.scopeId)?.node.name;
  if (quota.scopeKind !== "ORGANISATION" && (quota.scopeKind !== "ROUTE" || route === undefined)) return undefined;
  return (summary.groups ?? [])
    .filter(({ group }) => quota.scopeKind === "ORGANISATION" || group === route)
    .reduce(
      (sum, group) =>
        sum + (quota.resource === "REQUESTS" ? Number(group.requests) : Number(group.inputTokens) + Number(group.outputTokens)),
      0,
    );
}

function forecastOf(used: number, { from, to }: { readonly from: Date; readonly to: Date }): number {
  const passed = (Date.now() - from.getTime()) / (to.getTime() - from.getTime());
  return passed <= 0.01 ? used : used / passed;
}

function namesOf(data: Data): ReadonlyMap<string, string> {
  return new Map([...data.projects.edges, ...data.apiKeys.edges, ...data.routes.edges].map(({ node }) => [node.id, node.name]));
}

const scopeNames = ({ scopeKind, scopeId }: QuotaDetails, data: Data): string =>
  scopeKind === "ORGANISATION"
    ? "the whole organisation"
    : scopeKind === "END_USER"
      ? "each end user"
      : `${lower(scopeKind)} ${namesOf(data).get(scopeId ?? "") ?? "that is gone"}`;

function scopeOf(quota: QuotaDetails, data: Data) {
  const name = namesOf(data).get(quota.scopeId ?? "");
  if (quota.scopeKind === "ROUTE" && name !== undefined) return <Link to={`/routes/${quota.scopeId}`}>route {name}</Link>;
  if (quota.scopeKind === "API_KEY" && name !== undefined) return <Link to={`/keys/${quota.scopeId}`}>key {name}</Link>;
  return scopeNames(quota, data);
}

const names = {
  key: "Name",
  scopeKind: "For",
  scopeId: "Which one",
  resource: "Of",
  window: "In each",
  limit: "Limit",
  enforcement: "When it is reached",
} as const;
const choices = (...values: readonly string[]) => values.map((value) => ({ value, label: lower(value) }));

function QuotaDialog({ quota, data, onClose }: { readonly quota?: QuotaDetails; readonly data: Data; readonly onClose: () => void }) {
  const isNew = quota === undefined;
  const scopes = { PROJECT: data.projects.edges, API_KEY: data.apiKeys.edges, ROUTE: data.routes.edges } as const;
  return (
    <EditDialog<QuotaValues>
      title={isNew ? "New quota" : `Change ${quota.key}`}
      description={isNew ? undefined : `What a quota counts is fixed: ${limitOf(quota)}. Make another one to count something else.`}
      start={
        isNew
          ? { key: "", scopeKind: "ORGANISATION", scopeId: "", resource: "TOKENS", window: "DAY", limit: "1000000", enforcement: "SOFT" }
          : quotaValues(quota)
      }
      {...(isNew ? {} : { revision: quota.revision, readAgain: () => readQuotaAgain(quota.id) })}
      names={names}
      submit={isNew ? "Make the quota" : "Publish the change"}
      done={isNew ? "The quota is there" : "The quota is changed"}
      refuse={({ key, limit }) => (key.trim() === "" ? "Give it a name" : /^\d+$/.test(limit) ? undefined : "The limit is a whole number")}
      save={(values, revision) => saveQuota(quota?.id, values, revision)}
      onClose={onClose}
    >
      {({ values, set, problem }) => (
        <>
          <TextField label={names.key} value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} />
          {isNew && (
            <div className="field-grid">
              <SelectField
                label={names.scopeKind}
                value={values.scopeKind}
                onChange={(kind) => {
                  set("scopeKind", kind as QuotaValues["scopeKind"]);
                  set("scopeId", kind in scopes ? (scopes[kind as keyof typeof scopes][0]?.node.id ?? "") : "");
                }}
                problem={problem("scopeKind")}
                choices={choices("ORGANISATION", "PROJECT", "API_KEY", "ROUTE", "END_USER")}
              />
              {values.scopeKind in scopes && (
                <SelectField
                  label={names.scopeId}
                  value={values.scopeId}
                  onChange={(id) => set("scopeId", id)}
                  problem={problem("scopeId")}
                  choices={scopes[values.scopeKind as keyof typeof scopes].map(({ node }) => ({ value: node.id, label: node.name }))}
                />
              )}
              <SelectField
                label={names.resource}
                value={values.resource}
                onChange={(one) => set("resource", one as QuotaValues["resource"])}
                problem={problem("resource")}
                choices={choices("REQUESTS", "TOKENS")}
              />
              <SelectField
                label={names.window}
                value={values.window}
                onChange={(one) => set("window", one as QuotaValues["window"])}
                problem={problem("window")}
                choices={choices("SECOND", "MINUTE", "HOUR", "DAY", "MONTH")}
              />
            </div>
          )}
          <div className="field-grid">
            <TextField
              label={names.limit}
              inputMode="numeric"
              value={values.limit}
              onChange={(limit) => set("limit", limit)}
              problem={problem("limit")}
            />
            <SelectField
              label={names.enforcement}
              value={values.enforcement}
              onChange={(one) => set("enforcement", one as QuotaValues["enforcement"])}
              problem={problem("enforcement")}
              choices={[
                { value: "HARD", label: "refuse (hard)" },
                { value: "SOFT", label: "warn (soft)" },
                { value: "SHADOW", label: "only count (shadow)" },
              ]}
            />
          </div>
        </>
      )}
    </EditDialog>
  );
}
