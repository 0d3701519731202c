/** Limits: on whom, of what, in which window; how much of each is used now, and where it will stand at the window's end. */
import { Plus } from "lucide-react";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { graphql } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { flag, oneOf, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, type Tone } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import { SearchField, useSearch } from "../../ui/search.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { usedShare } from "./chain.ts";
import { archiveQuota, levelFragment, type QuotaNow, quotaFragment } from "./changes.ts";
import { HeldNow, QuotaEffects } from "./effects.tsx";
import { Level } from "./level.tsx";
import { QuotaDialog } from "./quota-dialog.tsx";
import { ScopeLink } from "./scope-field.tsx";
import { amountOf, isCalendarWindow, limitOf, lower, slides, windowOf } from "./words.ts";

const query = graphql(
  `
    query Quotas($search: String, $after: String, $orderBy: QuotaOrder, $quota: ID!) {
      quotas(first: 100, search: $search, after: $after, orderBy: $orderBy) {
        edges {
          cursor
          node {
            ...QuotaDetails
            ...QuotaLevelNow
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
      chosen: quota(id: $quota) {
        ...QuotaDetails
      }
    }
  `,
  [quotaFragment, levelFragment],
);

/** How full a quota is, its nodes' counters tell: the control plane cannot order all of them by it. */
const orders = {
  fullest: { name: "the fullest first", orderBy: null },
  name: { name: "by name", orderBy: { field: "KEY", direction: "ASC" } },
  newest: { name: "the newest first", orderBy: { field: "CREATED_AT", direction: "DESC" } },
} as const;
type Order = keyof typeof orders;

const tabs = [
  ["limits", "Limits"],
  ["did", "What they did"],
  ["held", "Held now"],
] as const;

const lead =
  "A hard one refuses, a soft one lets through and warns, a shadow only counts. A call meets each that it falls under; the first to be reached binds.";

const address = {
  tab: oneOf("limits", "did", "held"),
  make: flag,
  quota: text,
  sort: oneOf(...(Object.keys(orders) as Order[])),
};

export function Quotas() {
  const [{ tab = "limits" }] = useUrlState(address);
  if (tab === "limits") return <Limits />;
  return (
    <Page title="Quotas" lead={lead}>
      <Tabs label="Parts of this page" current={tab} tabs={tabs} />
      {tab === "did" ? <QuotaEffects /> : <HeldNow />}
    </Page>
  );
}

function Limits() {
  const [{ make, quota, sort = "fullest" }, setUrl] = useUrlState(address);
  const search = useSearch();
  const { orderBy } = orders[sort];
  const variables = { search, orderBy, quota: quota ?? "", after: null };
  const { first, nodes, ...later } = useKeyset(query, variables, (data) => data.quotas, { hold: true });
  const refusal = useRefusal();
  const close = () => setUrl({ make: undefined, quota: undefined }, { replace: true });
  const shown = sort === "fullest" ? nodes.toSorted((one, other) => usedShare(other) - usedShare(one)) : nodes;
  return (
    <Page
      title="Quotas"
      lead={lead}
      actions={
        <Button look="primary" refused={refusal} onClick={() => setUrl({ make: true })}>
          <Plus size={16} aria-hidden /> New quota
        </Button>
      }
    >
      <Tabs label="Parts of this page" current="limits" tabs={tabs} />
      <div className="filters">
        <SearchField placeholder="A name, a scope, tokens …" />
        <SelectField
          label="Order"
          value={sort}
          onChange={(next) => setUrl({ sort: next as Order }, { replace: true })}
          choices={Object.entries(orders).map(([value, { name }]) => ({ value, label: name }))}
        />
      </div>
      <Result of={first}>
        {({ chosen }) => (
          <>
            {nodes.length === 0 && <NoQuota searched={search !== ""} />}
            {nodes.some(({ level }) => level.source === "LEDGER") && (
              <p className="quiet">Nodes share no counters here, so use is told from calls that have finished.</p>
            )}
            {sort === "fullest" && later.hasMore && (
              <p className="quiet">The fullest of the {nodes.length} that are loaded; there are more.</p>
            )}
            <div className="grid">
              {shown.map((one) => (
                <QuotaCard key={one.id} quota={one} among={nodes} refusal={refusal} onEdit={() => setUrl({ quota: one.id })} />
              ))}
            </div>
            <More {...later} />
            {make && <QuotaDialog onClose={close} />}
            {chosen !== null && chosen.id === quota && <QuotaDialog quota={chosen} onClose={close} />}
          </>
        )}
      </Result>
    </Page>
  );
}

const NoQuota = ({ searched }: { readonly searched: boolean }) =>
  searched ? (
    <Empty title="No quota is called that">
      Names were searched, and what quotas count and are laid on: a key, a route, tokens, the end user.
    </Empty>
  ) : (
    <Empty title="No quota yet">
      Nothing limits what callers may use. A first good one: tokens a day for the whole organisation, soft.
    </Empty>
  );

const enforcementTones: Readonly<Record<string, Tone>> = { HARD: "bad", SOFT: "warn", SHADOW: "neutral" };

interface CardProps {
  readonly quota: QuotaNow;
  readonly among: readonly QuotaNow[];
  readonly refusal: string | undefined;
  readonly onEdit: () => void;
}

function QuotaCard({ quota, among, refusal, onEdit }: CardProps) {
  const [archiving, setArchiving] = useState(false);
  const { limit, burst, resource, window, timeZone } = quota;
  return (
    <Card title={quota.key} actions={<Badge tone={enforcementTones[quota.enforcement] ?? "neutral"}>{lower(quota.enforcement)}</Badge>}>
      <div className="stack tight">
        <p>
          <strong className="number">{amountOf(limit, resource)}</strong> {windowOf(window)}
          {isCalendarWindow(window) && timeZone !== "UTC" && ` in ${timeZone}`}, for <ScopeLink of={quota} />
          {slides(window) && burst !== "0" && `; at most ${amountOf(burst, resource)} at once`}
        </p>
        <Level quota={quota} among={among} />
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
          consequences={[`${limitOf(quota)} no longer holds for ${quota.scope}.`]}
          act={() => archiveQuota(quota.id, quota.revision)}
          onClose={() => setArchiving(false)}
        />
      )}
    </Card>
  );
}
