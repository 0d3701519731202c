/** Budgets: what each may cost, what it has cost, where it will end; and who is told when. */
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { counted, money, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { flag, oneOf, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField } from "../../ui/field.tsx";
import { Badge, Meter, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import { SearchField, useSearch } from "../../ui/search.tsx";
import { ScopeLink } from "../quotas/scope-field.tsx";
import { BudgetDialog } from "./budget-dialog.tsx";
import { archiveBudget, type BudgetDetails, budgetFragment } from "./changes.ts";

const query = graphql(
  `
    query Budgets($search: String, $after: String, $orderBy: BudgetOrder) {
      budgets(first: 100, search: $search, after: $after, orderBy: $orderBy) {
        edges {
          cursor
          node {
            ...BudgetDetails
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
      routes(first: 100) {
        edges {
          node {
            id
            name
            economy {
              budgetPercent
              firstTier
            }
          }
        }
      }
    }
  `,
  [budgetFragment],
);

type Data = ResultOf<typeof query>;

const orders = {
  made: { name: "as they were made", orderBy: null },
  spent: { name: "the fullest first", orderBy: { field: "SPENT", direction: "DESC" } },
  name: { name: "by name", orderBy: { field: "KEY", direction: "ASC" } },
} as const;
type Order = keyof typeof orders;

const address = { make: flag, budget: text, sort: oneOf(...(Object.keys(orders) as Order[])) };

export function Budgets() {
  const [{ make, budget, sort = "made" }, setUrl] = useUrlState(address);
  const search = useSearch();
  const variables = { search, orderBy: orders[sort].orderBy, after: null };
  const { first, nodes, ...later } = useKeyset(query, variables, (data) => data.budgets, { hold: true });
  const refusal = useRefusal();
  const close = () => setUrl({ make: undefined, budget: undefined }, { replace: true });
  const edited = nodes.find(({ id }) => id === budget);
  return (
    <Page
      title="Budgets"
      lead={
        <>
          A budget tells when its thresholds are reached, and lets routes save. It refuses nothing; <Link to="/quotas">quotas</Link> do.
        </>
      }
      actions={
        <>
          <Link to="/alerts" search={{ tab: "webhooks" }} className="button">
            Who is told
          </Link>
          <Button look="primary" refused={refusal} onClick={() => setUrl({ make: true })}>
            <Plus size={16} aria-hidden /> New budget
          </Button>
        </>
      }
    >
      <div className="filters">
        <SearchField placeholder="A name, or what it is laid on" />
        <SelectField
          label="Order"
          value={sort}
          onChange={(next) => setUrl({ sort: next as Order }, { replace: true })}
          choices={Object.entries(orders).map(([value, { name }]) => ({ value, label: name }))}
        />
      </div>
      <Result of={first}>
        {(data) => (
          <>
            {nodes.length === 0 && search !== "" ? (
              <Empty title="No budget is called that">
                Names were searched, and the organisation, projects and keys that budgets are laid on.
              </Empty>
            ) : nodes.length === 0 ? (
              <Empty title="No budget yet">
                Nobody is told what is spent. A first good one: the organisation's month, told at 50, 80 and 100 %.
              </Empty>
            ) : (
              <>
                <div className="grid">
                  {nodes.map((one) => (
                    <BudgetCard key={one.id} budget={one} refusal={refusal} onEdit={() => setUrl({ budget: one.id })} />
                  ))}
                </div>
                <More {...later} />
                <Saving routes={data.routes} />
              </>
            )}
            {make && <BudgetDialog onClose={close} />}
            {edited !== undefined && <BudgetDialog budget={edited} onClose={close} />}
          </>
        )}
      </Result>
    </Page>
  );
}

interface CardProps {
  readonly budget: BudgetDetails;
  readonly refusal: string | undefined;
  readonly onEdit: () => void;
}

function BudgetCard({ budget, refusal, onEdit }: CardProps) {
  const [archiving, setArchiving] = useState(false);
  return (
    <Card title={budget.key} actions={<Reached budget={budget} />}>
      <div className="stack tight">
        <p>
          <strong className="number">{money(budget.limitNanodollars)}</strong> a {budget.period.toLowerCase()}
          {budget.timeZone !== "UTC" && ` in ${budget.timeZone}`}, for <ScopeLink of={budget} />
        </p>
        <Spent budget={budget} />
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
          title={`Archive ${budget.key}?`}
          name={budget.key}
          verb="Archive the budget"
          done="The budget is archived"
          consequences={["Nobody is told of its thresholds any more.", "Routes no longer save because of it."]}
          act={() => archiveBudget(budget.id, budget.revision)}
          onClose={() => setArchiving(false)}
        />
      )}
    </Card>
  );
}

const lastReached = ({ thresholdPercents, state }: BudgetDetails): number | undefined =>
  thresholdPercents.filter((percents) => percents <= (state?.spentPercent ?? 0)).at(-1);

function Reached({ budget }: { readonly budget: BudgetDetails }) {
  const reached = lastReached(budget);
  if (reached === undefined) return budget.state === null ? null : <Badge tone="good">within</Badge>;
  return <Badge tone={reached >= 100 ? "bad" : "warn"}>{reached}% reached</Badge>;
}

function Spent({ budget: { key, state, limitNanodollars, thresholdPercents } }: { readonly budget: BudgetDetails }) {
  if (state === null) return <p className="quiet">Looked at within some seconds; load the page again then.</p>;
  const share = state.spentPercent / 100;
  const over = state.forecastNanodollars !== null && BigInt(state.forecastNanodollars) > BigInt(limitNanodollars);
  return (
    <div className="stack tight">
      <Meter share={share} marks={thresholdPercents.map((percents) => percents / 100)} label={`${key}: ${percent(share)} spent`} />
      <p className="quiet">
        <span className="number">{money(state.spentNanodollars)}</span> spent, {percent(share)}, in {counted(Number(state.calls), "call")}.
        {state.unpricedCalls !== "0" && (
          <>
            {" "}
            <span className="warn-text">{counted(Number(state.unpricedCalls), "call")} had no price and cost more than this says.</span>
          </>
        )}
      </p>
      <p className={over && share < 1 ? "warn-text" : "quiet"}>
        {state.forecastNanodollars !== null && `At this pace ${money(state.forecastNanodollars)} when it begins anew `}
        {state.forecastNanodollars === null && "Begins anew "}
        <When at={state.periodEnd} />.
      </p>
    </div>
  );
}

function Saving({ routes }: { readonly routes: Data["routes"] }) {
  const saving = routes.edges.flatMap(({ node }) => (node.economy === null ? [] : [{ ...node, economy: node.economy }]));
  return (
    <Card title="Routes that save">
      {saving.length === 0 ? (
        <p className="quiet">
          None. A route can begin with a cheaper tier of backends for callers whose budget nears its end; it is set on the route.
        </p>
      ) : (
        <ul className="stack tight">
          {saving.map(({ id, name, economy }) => (
            <li key={id}>
              <Link to="/routes/$routeId" params={{ routeId: id }}>
                {name}
              </Link>{" "}
              <span className="quiet">
                begins with tier {economy.firstTier} once {economy.budgetPercent}% of a budget are spent
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
