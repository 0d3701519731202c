/** Closing periods: whether a period adds up, what was closed, and the file for whoever pays. */
import { Download } from "lucide-react";
import { type FormEvent, useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { type Issue, problemAt, sentenceOf, unplaced } from "../../change/issues.ts";
import { change, problemFragment } from "../../change/outcome.ts";
import { count, counted, money } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { client, failureOf } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { useKeyset } from "../../graphql/keyset.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { AddressField } from "../../ui/field.tsx";
import { Badge, Notice, When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";

const totalsFragment = graphql(`
  fragment Totals on PeriodTotals {
    calls
    costNanodollars
    inputTokens
    outputTokens
    unpricedCalls
  }
`);

type PeriodSums = ResultOf<typeof totalsFragment>;

const query = graphql(
  `
    query ClosedPeriods($after: String) {
      closedPeriods(first: 50, after: $after) {
        edges {
          cursor
          node {
            id
            label
            closedAt
            actor
            totals {
              ...Totals
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [totalsFragment],
);

type Closed = ResultOf<typeof query>["closedPeriods"]["edges"][number]["node"];

const reconcileQuery = graphql(
  `
    query Reconcile($period: String!, $timeZone: String) {
      reconciliation(period: $period, timeZone: $timeZone) {
        ... on Reconciliation {
          agrees
          periodStart
          periodEnd
          ledger {
            ...Totals
          }
          rollUps {
            ...Totals
          }
          closed {
            label
            closedAt
          }
          sinceClosing {
            ...Totals
          }
        }
        ... on UserError {
          message
          ... on ValidationError {
            issues {
              path
              message
            }
          }
        }
      }
    }
  `,
  [totalsFragment],
);

type Reconciled = Extract<ResultOf<typeof reconcileQuery>["reconciliation"], { agrees: boolean }>;

const closeMutation = graphql(
  `
    mutation ClosePeriod($input: ClosePeriodInput!) {
      closePeriod(input: $input) {
        ... on ClosePeriodPayload {
          closedPeriod {
            id
          }
        }
        ...Problem
      }
    }
  `,
  [problemFragment],
);

const columns: readonly Column<Closed>[] = [
  { id: "label", name: "Period", cell: ({ label }) => <strong>{label}</strong> },
  { id: "cost", name: "Cost", end: true, cell: ({ totals }) => money(totals.costNanodollars) },
  { id: "calls", name: "Calls", end: true, cell: ({ totals }) => count(totals.calls) },
  { id: "unpriced", name: "Without a price", end: true, cell: ({ totals }) => count(totals.unpricedCalls) },
  {
    id: "closed",
    name: "Closed",
    cell: ({ closedAt, actor }) => (
      <>
        <When at={closedAt} /> <span className="quiet">by {actorName(actor)}</span>
      </>
    ),
  },
  { id: "file", name: "File", cell: ({ label }) => <Files {...periodOf(label)} /> },
];

/** "2026-10 Europe/Berlin" */
const periodOf = (label: string): Asked => {
  const [period = "", timeZone = "UTC"] = label.split(" ");
  return { period, timeZone };
};

interface Asked {
  readonly period: string;
  readonly timeZone: string;
}

const lastMonth = (): string => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 7);
};

type Known =
  | { readonly asked: Asked; readonly found: Reconciled }
  | { readonly asked: Asked; readonly problem: string; readonly issues: readonly Issue[] };

const labels = { period: "Period", timeZone: "Time zone" };

export function Periods() {
  const [url, setUrl] = useUrlState({ period: text, zone: text });
  const asked: Asked = { period: url.period ?? lastMonth(), timeZone: url.zone ?? "UTC" };
  const list = useKeyset(query, {}, (data) => data.closedPeriods);
  const refusal = useRefusal();
  const [known, setKnown] = useState<Known>();
  const [busy, setBusy] = useState(false);
  const [closing, setClosing] = useState<Extract<Known, { found: unknown }>>();
  const reconcile = async (event?: FormEvent) => {
    event?.preventDefault();
    setBusy(true);
    const { data, error } = await client.query(reconcileQuery, { ...asked }, { requestPolicy: "network-only" }).toPromise();
    setBusy(false);
    const answer = data?.reconciliation;
    if (answer === undefined)
      return setKnown({ asked, problem: error === undefined ? "Nothing was answered." : failureOf(error).message, issues: [] });
    if ("agrees" in answer) return setKnown({ asked, found: answer as Reconciled });
    const issues = "issues" in answer ? answer.issues : [];
    const elsewhere = unplaced(issues, new Set(Object.keys(labels)));
    setKnown({ asked, issues, problem: issues.length === 0 ? answer.message : sentenceOf(elsewhere, labels) });
  };
  // What is wrong with what was asked is not said of what is typed since.
  const problemOf = (path: keyof Asked) =>
    known !== undefined && "issues" in known && known.asked[path] === asked[path] ? problemAt(known.issues, path, labels) : undefined;
  return (
    <>
      <Card title="Does a period add up?">
        <div className="stack">
          <form className="filters" onSubmit={(event) => void reconcile(event)}>
            <AddressField
              label="Period"
              value={asked.period}
              onChange={(period) => setUrl({ period }, { replace: true })}
              hint="2026, 2026-Q4, 2026-10 or 2026-10-31"
              problem={problemOf("period")}
            />
            <AddressField
              label="Time zone"
              value={asked.timeZone}
              onChange={(zone) => setUrl({ zone }, { replace: true })}
              hint="Such as Europe/Berlin"
              problem={problemOf("timeZone")}
            />
            <Button type="submit" look="primary" disabled={busy}>
              {busy ? "Reading its calls …" : "Look"}
            </Button>
            <Files {...asked} />
          </form>
          {known !== undefined && "problem" in known && known.problem !== "" && <Notice tone="bad">{known.problem}</Notice>}
          {known !== undefined && "found" in known && <Reconciliation {...known} />}
          {known !== undefined && "found" in known && known.found.closed === null && (
            <div className="row">
              <Button refused={refusal} disabled={busy || Date.parse(known.found.periodEnd) > Date.now()} onClick={() => setClosing(known)}>
                Close {known.asked.period} …
              </Button>
              <span className="quiet">
                Its sums are kept as they are now; what comes late is told apart from then on.
                {Date.parse(known.found.periodEnd) > Date.now() && " It can be closed when it is over."}
              </span>
            </div>
          )}
        </div>
      </Card>
      {closing !== undefined && (
        <CloseDialog
          {...closing}
          onClose={(done) => {
            setClosing(undefined);
            if (!done) return;
            list.first.again();
            void reconcile();
          }}
        />
      )}
      <Result of={list.first}>
        {() =>
          list.nodes.length === 0 ? (
            <Empty title="No period is closed yet">
              Closing one keeps its sums, so that a bill stays what it was when late calls come in.
            </Empty>
          ) : (
            <Card title="Closed periods" flush>
              <DataTable label="Closed periods" columns={columns} rows={list.nodes} rowId={({ id }) => id} />
              <More {...list} />
            </Card>
          )
        }
      </Result>
    </>
  );
}

/** A closing is for good: what it keeps is said before, and the period typed. */
function CloseDialog({
  asked,
  found,
  onClose,
}: {
  readonly asked: Asked;
  readonly found: Reconciled;
  readonly onClose: (done: boolean) => void;
}) {
  const { calls, costNanodollars, unpricedCalls } = found.ledger;
  return (
    <DestroyDialog
      title={`Close ${asked.period} ${asked.timeZone}?`}
      name={asked.period}
      verb="Close it"
      done={`${asked.period} is closed`}
      consequences={[
        `Its sums are kept as they are now: ${money(costNanodollars)} for ${counted(BigInt(calls), "call")}.`,
        ...(unpricedCalls === "0" ? [] : [`${counted(BigInt(unpricedCalls), "call")} without a price cost nothing in them.`]),
        ...(found.agrees ? [] : [<strong key="differ">Ledger and roll-ups differ: look into that before.</strong>]),
        "Calls that come in later are told apart, to be charged with another period.",
        "It cannot be opened again, nor closed a second time.",
      ]}
      act={() => change(closeMutation, { input: { ...asked } })}
      onClose={onClose}
    />
  );
}

function Files({ period, timeZone }: Asked) {
  const href = (detail: string, format: string) => `/export/chargeback?${new URLSearchParams({ period, timeZone, detail, format })}`;
  return (
    <span className="row">
      <a className="button small" href={href("days", "csv")} download>
        <Download size={14} aria-hidden /> By day, CSV
      </a>
      <a className="button small" href={href("calls", "csv")} download>
        Each call, CSV
      </a>
      <a className="button small" href={href("calls", "jsonl")} download>
        JSON Lines
      </a>
    </span>
  );
}

function Reconciliation({ found }: { readonly found: Reconciled }) {
  const rows: readonly (readonly [string, PeriodSums | null])[] = [
    ["The ledger, call by call", found.ledger],
    ["Roll-ups, which dashboards read", found.rollUps],
    ["Since it was closed", found.sinceClosing],
  ];
  return (
    <div className="stack tight">
      <p className="row">
        <Badge tone={found.agrees ? "good" : "bad"}>{found.agrees ? "it adds up" : "it does not add up"}</Badge>
        {found.agrees ? "Ledger and roll-ups say the same, to the nano-dollar." : "Ledger and roll-ups differ; please report this."}
      </p>
      <div className="table-frame" tabIndex={0} role="region" aria-label="Sums of the period">
        <table className="cards" aria-label="Sums of the period">
          <thead>
            <tr>
              <th>By</th>
              <th className="end">Cost</th>
              <th className="end">Calls</th>
              <th className="end">Tokens in</th>
              <th className="end">Tokens out</th>
              <th className="end">Without a price</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(
              ([name, sums]) =>
                sums !== null && (
                  <tr key={name}>
                    <td data-name="By">{name}</td>
                    <td data-name="Cost" className="end">
                      {money(sums.costNanodollars)}
                    </td>
                    <td data-name="Calls" className="end">
                      {count(sums.calls)}
                    </td>
                    <td data-name="Tokens in" className="end">
                      {count(sums.inputTokens)}
                    </td>
                    <td data-name="Tokens out" className="end">
                      {count(sums.outputTokens)}
                    </td>
                    <td data-name="Without a price" className="end">
                      {count(sums.unpricedCalls)}
                    </td>
                  </tr>
                ),
            )}
          </tbody>
        </table>
      </div>
    </div>
  );
}
