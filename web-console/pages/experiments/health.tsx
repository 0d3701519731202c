/** Whether what was measured can be believed: shares of units, units in two arms, silence, differences before the start. */
import { count, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Card } from "../../shell/page.tsx";
import { Badge, Notice, When } from "../../ui/marks.tsx";

export const healthFragment = graphql(`
  fragment Health on ExperimentHealth {
    sampleRatioOk
    sampleRatioP
    sampleRatioAlwaysValidP
    mixedOk
    mixedUnits
    mixedShare
    preExposureOk
    responsesOk
    slicesOk
    trafficOk
    lastExposureAt
    warnings
  }
`);

type HealthNow = ResultOf<typeof healthFragment>;

const probability = (p: number): string => (p < 0.0001 ? "p < 0.0001" : `p = ${p.toPrecision(2)}`);

export function Health({ health }: { readonly health: HealthNow }) {
  const checks: readonly (readonly [string, boolean, React.ReactNode])[] = [
    ["Shares of units are as the weights promise", health.sampleRatioOk, probability(health.sampleRatioAlwaysValidP)],
    [
      "Units stay in one arm",
      health.mixedOk,
      health.mixedUnits === 0 ? "all of them" : `${count(health.mixedUnits)} did not, ${percent(health.mixedShare)}, and are not counted`,
    ],
    ["Shares are the same on each node and edge", health.slicesOk, ""],
    ["Arms were alike before the start", health.preExposureOk, ""],
    ["Each arm gives feedback as often", health.responsesOk, ""],
    [
      "Calls are coming",
      health.trafficOk,
      health.lastExposureAt === null ? (
        "none yet"
      ) : (
        <>
          the last <When at={health.lastExposureAt} />
        </>
      ),
    ],
  ];
  return (
    <Card title="Can it be believed?">
      <div className="stack tight">
        {health.warnings.map((warning) => (
          <Notice key={warning} tone="warn">
            {warning}
          </Notice>
        ))}
        <ul className="stack tight">
          {checks.map(([name, ok, note]) => (
            <li key={name} className="row apart">
              <span>
                {name} <span className="quiet">{note}</span>
              </span>
              <Badge tone={ok ? "good" : "bad"}>{ok ? "holds" : "broken"}</Badge>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}
