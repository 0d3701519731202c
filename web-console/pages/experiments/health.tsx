/** Whether what was measured can be believed: shares of units, units in two arms, silence, differences before the start. */
import { count, counted, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { Card } from "../../shell/page.tsx";
import { Badge, Notice, When } from "../../ui/marks.tsx";
import type { Missing } from "./missing-data.ts";
import { lower } from "./words.ts";

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
    slices {
      label
      dimension
      value
      units
      p
      ok
    }
    preExposure {
      metric
      variant
      difference
      p
      ok
    }
    responses {
      metric
      variant
      rate
      p
      ok
    }
  }
`);

type HealthNow = ResultOf<typeof healthFragment>;

const probability = (p: number): string => (p < 0.0001 ? "p < 0.0001" : `p = ${p.toPrecision(2)}`);

export function Health({ health, missing }: { readonly health: HealthNow; readonly missing: readonly Missing[] }) {
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
    ["Metrics are known of the units", missing.length === 0, missing.map(({ name, known }) => `${name}: of ${percent(known)}`).join("; ")],
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
        <Details health={health} />
      </div>
    </Card>
  );
}

/** The checks one by one, for who looks for the cause. */
function Details({ health: { slices, preExposure, responses } }: { readonly health: HealthNow }) {
  const lines = [
    ...slices.map(({ dimension, label, units, p, ok }) => ({ ok, text: `${lower(dimension)} ${label}: ${counted(units, "unit")}`, p })),
    ...preExposure.map(({ metric, variant, p, ok }) => ({ ok, text: `${variant} before the start, ${lower(metric)}`, p })),
    ...responses.map(({ metric, variant, rate, p, ok }) => ({ ok, text: `${variant}, ${metric}: ${percent(rate)} of units gave it`, p })),
  ];
  if (lines.length === 0) return null;
  return (
    <details>
      <summary>Each check by itself</summary>
      <ul className="stack tight">
        {lines.map(({ ok, text, p }) => (
          <li key={text} className="row apart">
            <span>
              {text} <span className="quiet">{probability(p)}</span>
            </span>
            <Badge tone={ok ? "good" : "bad"}>{ok ? "holds" : "broken"}</Badge>
          </li>
        ))}
      </ul>
    </details>
  );
}
