/** How it was designed: who takes part, what is measured, and how it goes on. */
import { count, counted, percent } from "../../format/numbers.ts";
import { Card } from "../../shell/page.tsx";
import { Facts } from "../../ui/marks.tsx";
import { marginText, marginUnits, metricWords } from "./design/metric-words.ts";
import type { Experiment } from "./experiment-query.ts";
import { lower } from "./words.ts";

export function DesignCard({ experiment }: { readonly experiment: Experiment }) {
  const { analysis, bandit, namespace } = experiment;
  return (
    <Card title="Design">
      <Facts
        of={[
          ["Stays in its arm", lower(experiment.unit)],
          [
            "Calls without one",
            experiment.fallbackUnit === null ? "are not in the experiment" : `are drawn by ${lower(experiment.fallbackUnit)}`,
          ],
          ["Takes part", percent(experiment.coverage)],
          experiment.targeting !== null && ["Only", targetingWords(experiment.targeting)],
          namespace !== null && ["Namespace", `${namespace.name}, from ${percent(namespace.start)} to ${percent(namespace.end)}`],
          experiment.holdout > 0 && ["Held out of all", percent(experiment.holdout)],
          ["Measured by", <Metrics key="metrics" of={analysis.metrics} />],
          ["Looks for an effect of", `${percent(analysis.targetEffect)} of control`],
          ["Needs", `${counted(analysis.unitsMin, "unit")} in each arm and ${counted(analysis.daysMin, "day")}`],
          ["A false find", `${percent(analysis.alpha)}, over all looks; ${corrections[analysis.correction]}`],
          ["Objective", `${count(analysis.latencyObjectiveMs)} ms for a first token or a call`],
          bandit !== null && [
            "Weights",
            `follow what is learnt, every ${bandit.updateMinutes} min; each arm keeps ${percent(bandit.floor)}`,
          ],
          experiment.sticky && ["Arms", "are kept when weights change"],
          analysis.cuped && ["Before it", "what units did in the two weeks before is taken out"],
          ["Seed", <code key="seed">{experiment.seed}</code>],
          ["Hash version", experiment.hashVersion],
        ]}
      />
    </Card>
  );
}

const corrections = {
  HOLM: "several goals or arms corrected by Holm",
  BENJAMINI_HOCHBERG: "several goals or arms corrected by Benjamini-Hochberg",
  NONE: "not corrected for several goals or arms",
} as const;

const Metrics = ({ of }: { readonly of: Experiment["analysis"]["metrics"] }) => (
  <ul>
    {of.map(({ metric, role, feedback, category, margin }) => (
      <li key={`${metric} ${feedback} ${category}`}>
        {metricWords[metric].name}
        {[feedback, category].map((word) => (word === "" ? "" : ` ${word}`))}, {lower(role)}
        {margin > 0 && ` with a margin of ${marginText(metric, margin)} ${marginUnits[metricWords[metric].unit]}`}
      </li>
    ))}
  </ul>
);

function targetingWords(targeting: NonNullable<Experiment["targeting"]>): string {
  const named = (things: readonly ({ readonly name: string } | null)[]) =>
    things.map((one) => one?.name ?? "one that is gone").join(" or ");
  const held = (things: readonly { readonly name: string; readonly values: readonly string[] }[], what: string) =>
    things.map(({ name, values }) => `${what} ${name} is ${values.join(" or ")}`);
  return [
    targeting.projectIds.length > 0 && `project ${named(targeting.projects)}`,
    targeting.apiKeyIds.length > 0 && `key ${named(targeting.apiKeys)}`,
    ...held(targeting.tags, "tag"),
    ...held(targeting.headers, "header"),
    targeting.share < 1 && `${percent(targeting.share)} of these`,
  ]
    .filter((part) => part !== false)
    .join("; ");
}
