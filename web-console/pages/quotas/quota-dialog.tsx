/** Making a quota, and changing what may be changed of one: its name, how much, and what happens then. */
import { ChooseField } from "../../change/choose-field.tsx";
import { EditDialog } from "../../change/form.tsx";
import { columnNames } from "../../change/words/column-names.ts";
import { nanodollarsOf, typedDollars } from "../../format/numbers.ts";
import { SelectField, TextField } from "../../ui/field.tsx";
import { type QuotaDetails, type QuotaValues, quotaValues, readQuotaAgain, saveQuota } from "./changes.ts";
import { ScopeField, scopeRefusal } from "./scope-field.tsx";
import { isCalendarWindow, lower, slides, windowOf } from "./words.ts";

const names = {
  key: columnNames.QUOTA_KEY,
  scopeKind: columnNames.QUOTA_SCOPE_KIND,
  scopeId: columnNames.QUOTA_SCOPE_ID,
  onRouteId: "On route",
  resource: columnNames.QUOTA_RESOURCE,
  window: columnNames.QUOTA_WINDOW,
  timeZone: columnNames.QUOTA_TIME_ZONE,
  limit: columnNames.QUOTA_LIMIT,
  burst: columnNames.QUOTA_BURST,
  enforcement: columnNames.QUOTA_ENFORCEMENT,
} as const;

const fresh: QuotaValues = {
  key: "",
  scopeKind: "ORGANISATION",
  scopeId: "",
  onRouteId: "",
  resource: "TOKENS",
  window: "DAY",
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  limit: "1000000",
  burst: "0",
  enforcement: "SOFT",
};
const enforcements = { HARD: "refuse (hard)", SOFT: "warn (soft)", SHADOW: "only count (shadow)" } as const;
const choices = (...values: readonly string[]) => values.map((value) => ({ value, label: lower(value) }));

/** Amounts of money are typed as dollars and kept as nano-dollars. */
const typed = (values: QuotaValues): QuotaValues =>
  values.resource === "COST" ? { ...values, limit: typedDollars(values.limit), burst: typedDollars(values.burst) } : values;
const amountFrom = (text: string, resource: string): string | undefined =>
  resource === "COST" ? nanodollarsOf(text) : /^\d+$/.test(text.trim()) ? text.trim() : undefined;

export function QuotaDialog({ quota, onClose }: { readonly quota?: QuotaDetails; readonly onClose: () => void }) {
  const isNew = quota === undefined;
  return (
    <EditDialog<QuotaValues>
      title={isNew ? "New quota" : `Change ${quota.key}`}
      description={
        isNew
          ? undefined
          : `It counts ${lower(quota.resource)} ${windowOf(quota.window)} for ${quota.scope}, and goes on to: what was used stays counted when the limit changes.`
      }
      start={typed(isNew ? fresh : quotaValues(quota))}
      {...(isNew
        ? {}
        : {
            revision: quota.revision,
            readAgain: async () => {
              const now = await readQuotaAgain(quota.id);
              return now && { ...now, values: typed(now.values) };
            },
          })}
      names={names}
      words={{ enforcement: enforcements }}
      submit={isNew ? "Make the quota" : "Publish the change"}
      done={isNew ? "The quota is there" : "The quota is changed"}
      refuse={({ key, limit, burst, resource, scopeKind, scopeId }) =>
        key.trim() === ""
          ? "Give it a name"
          : amountFrom(limit, resource) === undefined || amountFrom(burst, resource) === undefined
            ? `The limit is ${resource === "COST" ? "an amount in dollars, such as 12.50" : "a whole number"}`
            : scopeRefusal(scopeKind, scopeId)
      }
      save={(values, revision) =>
        saveQuota(
          quota?.id,
          {
            ...values,
            limit: amountFrom(values.limit, values.resource) ?? values.limit,
            burst: slides(values.window) ? (amountFrom(values.burst, values.resource) ?? "0") : "0",
            timeZone: isCalendarWindow(values.window) ? values.timeZone : "UTC",
          },
          revision,
        )
      }
      onClose={onClose}
    >
      {({ values, set, problem }) => {
        const unit = values.resource === "COST" ? ", dollars" : "";
        return (
          <>
            <TextField label={names.key} value={values.key} onChange={(key) => set("key", key)} problem={problem("key")} />
            {isNew && (
              <div className="field-grid">
                <ScopeField
                  kinds={["ORGANISATION", "PROJECT", "API_KEY", "ROUTE", "BACKEND", "END_USER"]}
                  kind={values.scopeKind}
                  id={values.scopeId}
                  onChange={(kind, id) => {
                    set("scopeKind", kind);
                    set("scopeId", id);
                  }}
                  problem={problem}
                />
                {values.scopeKind !== "ROUTE" && (
                  <ChooseField
                    label={names.onRouteId}
                    of="routes"
                    value={values.onRouteId}
                    none="any"
                    onChange={({ id }) => set("onRouteId", id)}
                    problem={problem("within")}
                  />
                )}
                <SelectField
                  label={names.resource}
                  value={values.resource}
                  onChange={(one) => {
                    set("resource", one as QuotaValues["resource"]);
                    if (one === "CONCURRENT_CALLS") set("window", "NONE");
                    else if (values.window === "NONE") set("window", "DAY");
                  }}
                  problem={problem("resource")}
                  choices={choices("REQUESTS", "TOKENS", "INPUT_TOKENS", "OUTPUT_TOKENS", "COST", "CONCURRENT_CALLS")}
                />
                {values.resource !== "CONCURRENT_CALLS" && (
                  <SelectField
                    label={names.window}
                    value={values.window}
                    onChange={(one) => set("window", one as QuotaValues["window"])}
                    problem={problem("window")}
                    choices={[
                      { value: "SECOND", label: "second, sliding" },
                      { value: "MINUTE", label: "minute, sliding" },
                      { value: "HOUR", label: "hour, sliding" },
                      { value: "DAY", label: "day of the calendar" },
                      { value: "WEEK", label: "week, from Monday" },
                      { value: "MONTH", label: "month of the calendar" },
                      { value: "LIFETIME", label: "lifetime, never anew" },
                    ]}
                  />
                )}
                {isCalendarWindow(values.window) && (
                  <TextField
                    label={names.timeZone}
                    value={values.timeZone}
                    onChange={(zone) => set("timeZone", zone)}
                    problem={problem("timeZone")}
                    hint="Where its days begin, such as Europe/Berlin."
                  />
                )}
              </div>
            )}
            <div className="field-grid">
              <TextField
                label={`${names.limit}${unit}`}
                inputMode="decimal"
                value={values.limit}
                onChange={(limit) => set("limit", limit)}
                problem={problem("limit")}
              />
              {slides(values.window) && (
                <TextField
                  label={`${names.burst}${unit}`}
                  inputMode="decimal"
                  value={values.burst}
                  onChange={(burst) => set("burst", burst)}
                  problem={problem("burst")}
                  hint="The most in one moment; it refills at the limit's pace. 0: as much as the limit."
                />
              )}
              <SelectField
                label={names.enforcement}
                value={values.enforcement}
                onChange={(one) => set("enforcement", one as QuotaValues["enforcement"])}
                problem={problem("enforcement")}
                choices={Object.entries(enforcements).map(([value, label]) => ({ value, label }))}
              />
            </div>
          </>
        );
      }}
    </EditDialog>
  );
}
