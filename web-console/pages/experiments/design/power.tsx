/** How many units and days it takes to find how small a change, by what the route's own traffic did in the last days. */
import { useEffect, useState } from "react";
import { count, counted, percent } from "../../../format/numbers.ts";
import { graphql } from "../../../graphql/documents.ts";
import { usePageQuery } from "../../../graphql/page-query.ts";
import { FailureNotice } from "../../../graphql/result.tsx";
import { SelectField } from "../../../ui/field.tsx";
import { Notice } from "../../../ui/marks.tsx";
import { figureOf } from "../quantities.ts";
import { type DesignValues, targetedInLedger } from "./design-values.ts";
import { metricWords } from "./metric-words.ts";
import { alphaOfOne, daysUntil, slowestComparison, unitsInAll } from "./plan.ts";
import { type Traffic, type TrafficMetric, trafficOf, trafficQuery } from "./traffic.ts";
import { percentIn } from "./typed-text.ts";

const unitsFragment = graphql(`
  fragment UnitsNeeded on ExperimentPower {
    sequence
  }
`);

const powerQuery = graphql(
  `
  query ExperimentPower($variance: Float!, $half: Float!, $whole: Float!, $twice: Float!, $alpha: Float!, $unitsPlanned: Int!, $share: Float!) {
    half: experimentPower(variance: $variance, effect: $half, alpha: $alpha, unitsPlanned: $unitsPlanned, share: $share) {
      ...UnitsNeeded
    }
    whole: experimentPower(variance: $variance, effect: $whole, alpha: $alpha, unitsPlanned: $unitsPlanned, share: $share) {
      ...UnitsNeeded
    }
    twice: experimentPower(variance: $variance, effect: $twice, alpha: $alpha, unitsPlanned: $unitsPlanned, share: $share) {
      ...UnitsNeeded
    }
  }
`,
  [unitsFragment],
);

const typingMs = 400;

export function Power({ values }: { readonly values: DesignValues }) {
  const { routeId, unit, fallbackUnit, latencyObjectiveMs, winsoriseAt } = values;
  const asked = useSettled({
    routeId,
    unit,
    fallbackUnit: fallbackUnit === "" ? null : fallbackUnit,
    latencyObjectiveMs: Math.round(Number(latencyObjectiveMs)),
    winsoriseAt: percentIn(winsoriseAt),
    targeting: targetedInLedger(values),
  });
  const page = usePageQuery(trafficQuery, asked, { follow: false, behind: false, pause: !(asked.latencyObjectiveMs > 0) });
  const answer = page.data?.experimentTraffic;
  if (page.failure !== undefined) return <FailureNotice failure={page.failure} again={page.again} />;
  if (page.data === undefined || answer === undefined) return <p className="quiet">Looking at what the route did in the last 7 days …</p>;
  const traffic = trafficOf(page.data);
  if (traffic === undefined) return <Notice tone="warn">{(answer as { message: string }).message}</Notice>;
  if (traffic.units === 0)
    return (
      <Notice>
        {traffic.calls === 0 && traffic.callsNotTargeted > 0
          ? `None of this route's ${counted(traffic.callsNotTargeted, "call")} in the last 7 days had the keys, projects and tags that are chosen, so none would take part.`
          : traffic.calls === 0
            ? "This route had no call in the last 7 days, so nothing can be said of how long it takes."
            : `None of this route's ${counted(traffic.calls, "call")} named ${unitWords[unit]}, so none would take part. Choose another unit, or say by what calls without one are drawn.`}
      </Notice>
    );
  return <Planned values={values} traffic={traffic} />;
}

/** By a metric that tells units apart: what decides, where that can be planned by. */
function Planned({ values, traffic }: { readonly values: DesignValues; readonly traffic: Traffic }) {
  const [picked, setPicked] = useState<string>();
  const goals = values.metrics.filter(({ role }) => role === "GOAL").map(({ metric }) => metric);
  const plannable = traffic.metrics.filter(({ value, variance }) => variance > 0 && value !== 0);
  const metric = plannable.find((one) => one.metric === picked) ?? plannable.find((one) => goals.includes(one.metric)) ?? plannable[0];
  const alike = goals.filter((goal) => plannable.every((one) => one.metric !== goal));
  return (
    <fieldset className="stack tight">
      <legend>How long it takes</legend>
      {alike.length > 0 && (
        <p className="quiet">
          {alike.map((goal) => metricWords[goal].name).join(" and ")}:{" "}
          {alike.includes("FEEDBACK") ? "not in what calls say of themselves" : "the same for every unit of this route lately"}, so it
          cannot be planned by.
        </p>
      )}
      {metric === undefined ? (
        <p>Every unit of this route was like every other in the last {dayWords(traffic.days)}, so nothing can be planned by it.</p>
      ) : (
        <>
          <SelectField
            label="To find a change of"
            value={metric.metric}
            onChange={setPicked}
            choices={plannable.map((one) => ({ value: one.metric, label: metricWords[one.metric].name }))}
          />
          <Plan values={values} traffic={traffic} metric={metric} />
        </>
      )}
    </fieldset>
  );
}

const unitWords: Readonly<Record<DesignValues["unit"], string>> = {
  END_USER: "an end user",
  SESSION: "a session",
  API_KEY: "an API key",
  REQUEST: "a request",
};

/** What is typed, a moment after the last letter. */
function useSettled<Value>(value: Value): Value {
  const key = JSON.stringify(value);
  const [settled, setSettled] = useState(key);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(key), typingMs);
    return () => clearTimeout(timer);
  }, [key]);
  return JSON.parse(settled) as Value;
}

interface PlanProps {
  readonly values: DesignValues;
  readonly traffic: Traffic;
  readonly metric: TrafficMetric;
}

function Plan({ values, traffic, metric }: PlanProps) {
  const target = percentIn(values.targetEffect);
  const slowest = slowestComparison(...weightsOf(values));
  const asked = useSettled({
    variance: metric.variance,
    half: (Math.abs(metric.value) * target) / 2,
    whole: Math.abs(metric.value) * target,
    twice: Math.abs(metric.value) * target * 2,
    alpha: alphaOfOne(
      percentIn(values.alpha),
      values.correction,
      values.metrics.filter(({ role }) => role === "GOAL").length,
      values.arms.length,
    ),
    unitsPlanned: Math.round(Number(values.unitsPlanned)),
    share: slowest.share,
  });
  const askable = asked.variance > 0 && asked.whole > 0 && asked.alpha > 0 && asked.unitsPlanned > 0 && asked.share > 0;
  const { data } = usePageQuery(powerQuery, asked, { follow: false, behind: false, pause: !askable });
  if (!askable) return <Notice>Weights, the smallest change and the chance of a false find are numbers above 0.</Notice>;
  const part = partOf(values);
  const rows = (["twice", "whole", "half"] as const).map((name) => {
    const answer = data?.[name];
    const units = answer !== undefined && "sequence" in answer ? unitsInAll(answer.sequence as number, slowest) : undefined;
    return { name, effect: asked[name], units, days: units === undefined ? undefined : daysUntil(units, traffic, part) };
  });
  const [, whole] = rows;
  return (
    <>
      <p aria-live="polite">
        {whole?.units === undefined ? (
          "Working it out …"
        ) : (
          <>
            To find a change of <strong>{percent(target)}</strong>, about <strong>{count(whole.units)}</strong> units are needed in all:{" "}
            <strong>{daysText(whole.days)}</strong>.
          </>
        )}
      </p>
      <div className="table-frame" tabIndex={0} role="region" aria-label="Units and days">
        <table className="cards" aria-label="Units and days">
          <thead>
            <tr>
              <th>Smallest change</th>
              <th className="end">Units in all</th>
              <th className="end">Takes</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, effect, units, days }) => (
              <tr key={name}>
                <td data-name="Smallest change">
                  {percent(effect / Math.abs(metric.value))} <span className="quiet">{figureOf(metric.unit, effect)}</span>
                </td>
                <td data-name="Units in all" className="end">
                  {units === undefined ? "…" : count(units)}
                </td>
                <td data-name="Takes" className="end">
                  {units === undefined ? "…" : daysText(days)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet">
        By the last {dayWords(traffic.days)} of this route: {counted(traffic.units, "unit")}, {count(traffic.unitsLastDay)} of them new in
        the last day; {metricWords[metric.metric].name} {figureOf(metric.unit, metric.value)}. Found with a chance of 80 %, however often
        one looks.
        {traffic.callsNotTargeted > 0 &&
          ` Planned by the ${percent(traffic.calls / (traffic.calls + traffic.callsNotTargeted))} of its calls that have the keys, projects and tags that are chosen.`}
        {values.headers.trim() !== "" && " Which calls have the headers is not in the ledger: where not all do, it takes longer."}
        {traffic.callsWithoutUnit > 0 &&
          ` ${percent(traffic.callsWithoutUnit / traffic.calls)} of its calls name no such unit and would take no part.`}
      </p>
    </>
  );
}

/** Of a rollout its last step, where as many stay with the first arm. */
const weightsOf = ({ course, arms, control }: DesignValues): readonly [readonly number[], number] =>
  course === "rollout"
    ? [[1, 1], 0]
    : [
        arms.map(({ weight }) => Number(weight)),
        Math.max(
          0,
          arms.findIndex(({ key }) => key === control),
        ),
      ];

/** The share of the targeted units that take part. What headers their calls have is not known beforehand. */
function partOf({ course, steps, coverage, targetedShare, namespace, namespaceFrom, namespaceTo, holdout }: DesignValues): number {
  const range = namespace.trim() === "" ? 1 : percentIn(namespaceTo) - percentIn(namespaceFrom);
  const covered = course === "rollout" ? Math.min(1, 2 * Math.max(...steps.map(({ share }) => percentIn(share)))) : percentIn(coverage);
  return covered * percentIn(targetedShare) * range * (1 - percentIn(holdout));
}

const dayWords = (days: number): string =>
  days < 1 ? counted(Math.max(1, Math.round(days * 24)), "hour") : counted(Math.round(days), "day");
const daysText = (days: number | undefined): string =>
  days === undefined
    ? "never, of those who call it now"
    : days < 1
      ? "less than a day"
      : days > 3650
        ? "more than ten years"
        : counted(Math.ceil(days), "day");
