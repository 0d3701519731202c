/** Making a budget, and changing its name, its limit and its thresholds. */
import { EditDialog } from "../../change/form.tsx";
import { columnNames } from "../../change/words/column-names.ts";
import { nanodollarsOf, typedDollars } from "../../format/numbers.ts";
import { SelectField, TextField } from "../../ui/field.tsx";
import { ScopeField, scopeRefusal } from "../quotas/scope-field.tsx";
import { type BudgetDetails, type BudgetValues, budgetValues, readBudgetAgain, saveBudget } from "./changes.ts";

interface Typed extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly scopeKind: BudgetValues["scopeKind"];
  readonly scopeId: string;
  readonly period: BudgetValues["period"];
  readonly timeZone: string;
  /** Dollars. */
  readonly limit: string;
  /** Percents between commas. */
  readonly thresholds: string;
}

const names = {
  key: columnNames.BUDGET_KEY,
  scopeKind: columnNames.BUDGET_SCOPE_KIND,
  scopeId: columnNames.BUDGET_SCOPE_ID,
  period: columnNames.BUDGET_PERIOD,
  timeZone: columnNames.BUDGET_TIME_ZONE,
  limit: "Limit, dollars",
  thresholds: "Tell at, percent",
} as const;

const typed = (values: BudgetValues): Typed => ({
  key: values.key,
  scopeKind: values.scopeKind,
  scopeId: values.scopeId,
  period: values.period,
  timeZone: values.timeZone,
  limit: typedDollars(values.limitNanodollars),
  thresholds: values.thresholdPercents.join(", "),
});

function readThresholds(text: string): readonly number[] | undefined {
  const percents = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);
  const rising = percents.every((percent, index) => Number.isInteger(percent) && percent >= 1 && percent > (percents[index - 1] ?? 0));
  return percents.length > 0 && rising ? percents : undefined;
}

export function BudgetDialog({ budget, onClose }: { readonly budget?: BudgetDetails; readonly onClose: () => void }) {
  const isNew = budget === undefined;
  return (
    <EditDialog<Typed>
      title={isNew ? "New budget" : `Change ${budget.key}`}
      description={
        isNew
          ? "A budget tells and, where a route saves, sends calls to cheaper backends. To refuse calls, make a quota of cost."
          : undefined
      }
      start={
        isNew
          ? {
              key: "",
              scopeKind: "ORGANISATION",
              scopeId: "",
              period: "MONTH",
              timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
              limit: "100",
              thresholds: "50, 80, 100",
            }
          : typed(budgetValues(budget))
      }
      {...(isNew
        ? {}
        : {
            revision: budget.revision,
            readAgain: async () => {
              const now = await readBudgetAgain(budget.id);
              return now && { values: typed(now.values), revision: now.revision };
            },
          })}
      names={names}
      submit={isNew ? "Make the budget" : "Publish the change"}
      done={isNew ? "The budget is there" : "The budget is changed"}
      refuse={({ key, limit, thresholds, scopeKind, scopeId }) =>
        key.trim() === ""
          ? "Give it a name"
          : nanodollarsOf(limit) === undefined
            ? "The limit is an amount in dollars, such as 250 or 12.50"
            : readThresholds(thresholds) === undefined
              ? "Thresholds are whole percents that rise, such as 50, 80, 100"
              : scopeRefusal(scopeKind, scopeId)
      }
      save={({ limit, thresholds, ...rest }, revision) =>
        saveBudget(
          budget?.id,
          { ...rest, limitNanodollars: nanodollarsOf(limit) ?? "0", thresholdPercents: readThresholds(thresholds) ?? [] },
          revision,
        )
      }
      onClose={() => onClose()}
    >
      {({ values, set, problem }) => (
        <>
          <TextField label={names.key} value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} />
          {isNew && (
            <div className="field-grid">
              <ScopeField
                kinds={["ORGANISATION", "PROJECT", "API_KEY"]}
                kind={values.scopeKind}
                id={values.scopeId}
                onChange={(kind, id) => {
                  set("scopeKind", kind);
                  set("scopeId", id);
                }}
                problem={problem}
              />
              <SelectField
                label={names.period}
                value={values.period}
                onChange={(period) => set("period", period as Typed["period"])}
                problem={problem("period")}
                choices={["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"].map((value) => ({ value, label: value.toLowerCase() }))}
              />
              <TextField
                label={names.timeZone}
                value={values.timeZone}
                onChange={(zone) => set("timeZone", zone)}
                problem={problem("timeZone")}
                hint="Where its days begin, such as Europe/Berlin."
              />
            </div>
          )}
          <div className="field-grid">
            <TextField
              label={names.limit}
              inputMode="decimal"
              value={values.limit}
              onChange={(limit) => set("limit", limit)}
              problem={problem("limitNanodollars")}
            />
            <TextField
              label={names.thresholds}
              value={values.thresholds}
              onChange={(thresholds) => set("thresholds", thresholds)}
              problem={problem("thresholdPercents")}
              hint="Each is told once in a period, as an alert."
            />
          </div>
        </>
      )}
    </EditDialog>
  );
}
