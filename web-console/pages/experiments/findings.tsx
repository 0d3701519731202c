/** What was found, metric by metric: each arm's value, its difference from control with the interval, and what that means. */
import { count, counted, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Card } from "../../shell/page.tsx";
import { Badge, type Tone } from "../../ui/marks.tsx";
import { type Among, AmongFields, isNarrowed } from "./among.tsx";
import type { Experiment } from "./experiment-query.ts";
import { IntervalPlot } from "./interval-plot.tsx";
import { differenceOf, figureOf } from "./quantities.ts";
import { lower } from "./words.ts";

export const findingFragment = graphql(`
  fragment Finding on ExperimentMetricFinding {
    key
    name
    role
    unit
    direction
    margin
    cappedAt
    cappedUnits
    variants {
      variant
      units
      value
      comparison {
        effect
        lower
        upper
        chanceBetter
        riskOfVariant
        verdict
        relative {
          value
        }
      }
    }
    holdout {
      effect
      lower
      upper
      chanceBetter
      riskOfVariant
      verdict
      relative {
        value
      }
    }
  }
`);

export type Finding = ResultOf<typeof findingFragment>;
export type Comparison = NonNullable<Finding["variants"][number]["comparison"]>;

const roles = ["GOAL", "GUARDRAIL", "SECONDARY", "SIGNAL"] as const;
export const verdicts: Readonly<Record<Comparison["verdict"], { readonly name: string; readonly tone: Tone }>> = {
  BETTER: { name: "better", tone: "good" },
  WORSE: { name: "worse", tone: "bad" },
  OPEN: { name: "open", tone: "neutral" },
  TOO_FEW_UNITS: { name: "too few yet", tone: "neutral" },
};

interface FindingsTableProps {
  readonly label: string;
  readonly findings: readonly Finding[];
  readonly control: string;
  /** What the last column says of a comparison. */
  readonly state: (finding: Finding, comparison: Comparison) => { readonly name: string; readonly tone: Tone; readonly note: string };
}

/** Each metric's arms, against control. */
export const FindingsTable = ({ label, findings, control, state }: FindingsTableProps) => (
  <div className="table-frame" tabIndex={0} role="region" aria-label={label}>
    <table className="cards findings" aria-label={label}>
      <thead>
        <tr>
          <th>Metric</th>
          <th>Arm</th>
          <th className="end">Units</th>
          <th className="end">Value</th>
          <th className="end">Against {control}</th>
          <th>Interval</th>
          <th>It is</th>
        </tr>
      </thead>
      {findings.map((finding) => (
        <Metric key={finding.key} finding={finding} control={control} state={state} />
      ))}
    </table>
  </div>
);

interface FindingsProps {
  readonly experiment: Pick<Experiment, "analysis" | "evaluation" | "metricsAmong">;
  readonly control: string;
  readonly among: Among;
  readonly onPick: (among: Among) => void;
}

/** What decides and what is shown, of all units or of some of them. */
export function Findings({ experiment: { analysis, evaluation, metricsAmong }, control, among, onPick }: FindingsProps) {
  if (evaluation === null || evaluation.metrics.length === 0) return null;
  const narrowed = isNarrowed(among);
  const given = narrowed ? (metricsAmong ?? []) : evaluation.metrics.filter(({ role }) => role !== "GUARDRAIL" && role !== "SIGNAL");
  const sorted = [...given].sort((one, other) => roles.indexOf(one.role) - roles.indexOf(other.role));
  return (
    <Card title="What was found" flush actions={<AmongFields among={among} slices={evaluation.health.slices} onPick={onPick} />}>
      <FindingsTable label="Findings" findings={sorted} control={control} state={judged} />
      <p className="quiet card-note">
        {narrowed
          ? "Of some of the units, for reading: one look, that decides nothing. Who looks at many parts finds a difference in one of them by chance."
          : `The intervals hold at every look, so you may look as often as you like; ${percent(1 - analysis.alpha)} of such experiments have the truth in them all the time.`}
      </p>
    </Card>
  );
}

const judged = ({ unit, role }: Finding, { verdict, chanceBetter, riskOfVariant, relative }: Comparison) => ({
  ...verdicts[verdict],
  note: [
    ...(role === "SECONDARY" ? ["decides nothing"] : []),
    `${percent(chanceBetter)} likely better, expected loss ${figureOf(unit, riskOfVariant)}`,
    ...(relative === null ? [] : [`${relative.value >= 0 ? "+" : "−"}${percent(Math.abs(relative.value))} of control`]),
  ].join("; "),
});

function Metric({ finding, control, state }: Omit<FindingsTableProps, "label" | "findings"> & { readonly finding: Finding }) {
  const { variants, role, unit, direction, margin } = finding;
  const reach = Math.max(
    margin,
    ...variants.flatMap(({ comparison }) =>
      comparison === null ? [] : [comparison.effect, comparison.lower ?? 0, comparison.upper ?? 0].map(Math.abs),
    ),
  );
  // Harm is up where lower is better.
  const harm = role === "GUARDRAIL" || role === "SIGNAL" ? margin * (direction === "HIGHER" ? -1 : 1) : undefined;
  const rows = [...variants].sort((one, other) => Number(other.variant === control) - Number(one.variant === control));
  return (
    <tbody>
      {rows.map(({ variant, units, value, comparison }, index) => (
        <tr key={variant}>
          <td data-name="Metric">
            {index === 0 && (
              <>
                <span className="strong">{finding.name}</span>
                <div className="quiet">
                  {lower(role)}
                  {direction !== "NEUTRAL" && `, ${lower(direction)} is better`}
                  {finding.cappedAt !== null && `; ${counted(finding.cappedUnits, "unit")} counted as ${figureOf(unit, finding.cappedAt)}`}
                </div>
              </>
            )}
          </td>
          <td data-name="Arm">{variant}</td>
          <td data-name="Units" className="end">
            {count(units)}
          </td>
          <td data-name="Value" className="end">
            {figureOf(unit, value)}
          </td>
          {comparison === null ? (
            <td colSpan={3} className="quiet">
              {variant === control ? "what the others are compared with" : "too little is known"}
            </td>
          ) : (
            <Compared
              of={comparison}
              what={`${finding.name} of ${variant}`}
              against={control}
              unit={unit}
              reach={reach}
              margin={harm}
              state={state(finding, comparison)}
            />
          )}
        </tr>
      ))}
      {finding.holdout !== null && (
        <tr>
          <td data-name="Metric" />
          <td data-name="Arm">all arms</td>
          <td data-name="Units" className="end" />
          <td data-name="Value" className="end quiet">
            against who is held out
          </td>
          <Compared
            of={finding.holdout}
            what={`${finding.name} of all arms`}
            against="who is held out"
            unit={unit}
            reach={reach}
            margin={undefined}
            state={state(finding, finding.holdout)}
          />
        </tr>
      )}
    </tbody>
  );
}

interface ComparedProps {
  readonly of: Pick<Comparison, "effect" | "lower" | "upper" | "verdict">;
  readonly what: string;
  readonly against: string;
  readonly unit: string;
  readonly reach: number;
  readonly margin: number | undefined;
  readonly state: ReturnType<FindingsTableProps["state"]>;
}

function Compared({ of: { effect, lower: least, upper: most, verdict }, what, against, unit, reach, margin, state }: ComparedProps) {
  const [known, from, to] = [effect, least, most].map((value) => differenceOf(unit, value));
  return (
    <>
      <td data-name={`Against ${against}`} className="end">
        {known}
        <div className="quiet">
          {from} to {to}
        </div>
      </td>
      <td data-name="Interval">
        <IntervalPlot
          label={`${what}: ${known}, between ${from} and ${to}`}
          effect={effect}
          lower={least}
          upper={most}
          reach={reach}
          margin={margin}
          tone={verdict === "BETTER" ? "good" : verdict === "WORSE" ? "bad" : "neutral"}
        />
      </td>
      <td data-name="It is">
        <State of={state} />
      </td>
    </>
  );
}

const State = ({ of: { name, tone, note } }: { readonly of: ReturnType<FindingsTableProps["state"]> }) => (
  <>
    <Badge tone={tone}>{name}</Badge>
    <div className="quiet">{note}</div>
  </>
);
