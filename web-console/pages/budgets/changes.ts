/** What can be done to a budget, and what is read of one. */
import { change, problemFragment, publishedFragment } from "../../change/outcome.ts";
import { client } from "../../graphql/client.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const budgetFragment = graphql(`
  fragment BudgetDetails on Budget {
    id
    key
    scopeKind
    scopeId
    scope
    period
    timeZone
    limitNanodollars
    thresholdPercents
    revision
    state {
      spentNanodollars
      spentPercent
      forecastNanodollars
      unpricedCalls
      calls
      periodStart
      periodEnd
      evaluatedAt
    }
  }
`);

export type BudgetDetails = ResultOf<typeof budgetFragment>;

const createBudgetMutation = graphql(
  `
    mutation CreateBudget($input: CreateBudgetInput!) {
      createBudget(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const updateBudgetMutation = graphql(
  `
    mutation UpdateBudget($input: UpdateBudgetInput!) {
      updateBudget(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const archiveBudgetMutation = graphql(
  `
    mutation ArchiveBudget($input: ArchiveBudgetInput!) {
      archiveBudget(input: $input, waitForPropagation: true) {
        ...Published
        ...Problem
      }
    }
  `,
  [publishedFragment, problemFragment],
);

const readBudget = graphql(
  `
    query ReadBudget($id: ID!) {
      budget(id: $id) {
        ...BudgetDetails
      }
    }
  `,
  [budgetFragment],
);

export interface BudgetValues extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly scopeKind: BudgetDetails["scopeKind"];
  readonly scopeId: string;
  readonly period: BudgetDetails["period"];
  readonly timeZone: string;
  readonly limitNanodollars: string;
  readonly thresholdPercents: readonly number[];
}

export const budgetValues = (budget: BudgetDetails): BudgetValues => ({
  key: budget.key,
  scopeKind: budget.scopeKind,
  scopeId: budget.scopeId ?? "",
  period: budget.period,
  timeZone: budget.timeZone,
  limitNanodollars: budget.limitNanodollars,
  thresholdPercents: budget.thresholdPercents,
});

export function saveBudget(id: string | undefined, values: BudgetValues, expectedRevision: number) {
  const { key, limitNanodollars, scopeKind, scopeId, period, timeZone } = values;
  const thresholdPercents = [...values.thresholdPercents];
  return id === undefined
    ? change(createBudgetMutation, {
        input: { key, limitNanodollars, thresholdPercents, scopeKind, period, timeZone, ...(scopeId === "" ? {} : { scopeId }) },
      })
    : change(updateBudgetMutation, { input: { id, expectedRevision, key, limitNanodollars, thresholdPercents } });
}

export const archiveBudget = (id: string, expectedRevision: number) => change(archiveBudgetMutation, { input: { id, expectedRevision } });

export async function readBudgetAgain(id: string) {
  const { data } = await client.query(readBudget, { id }, { requestPolicy: "network-only" }).toPromise();
  return data?.budget == null ? undefined : { values: budgetValues(data.budget), revision: data.budget.revision };
}
