/** What a rule would have told over the last week or day, drawn with its threshold, while the rule is being written. */
import { useEffect, useMemo, useState } from "react";
import { useQuery } from "urql";
import { same } from "../../../change/merge-changes.ts";
import { counted } from "../../../format/numbers.ts";

import { graphql, type ResultOf } from "../../../graphql/documents.ts";
import { Button } from "../../../ui/button.tsx";
import { Chart } from "../../../ui/chart.tsx";
import { Notice, When } from "../../../ui/marks.tsx";
import { useSettled } from "../../../ui/settled.ts";
import { metrics, shownValue, typedThreshold } from "./metrics.ts";
import { firingsShown, toldWords } from "./preview-words.ts";
import { conditionOf, type RuleValues, thresholdFault } from "./rule-values.ts";

export const previewQuery = graphql(`
  query PreviewAlertRule($input: PreviewAlertRuleInput!) {
    previewAlertRule(input: $input) {
      ... on AlertRulePreview {
        since
        until
        proposedThreshold
        points {
          at
          value
        }
        firings {
          since
          until
          worst
        }
      }
      ... on ValidationError {
        issues {
          path
          message
        }
      }
    }
  }
`);

type Result = ResultOf<typeof previewQuery>["previewAlertRule"];
type Preview = Extract<Result, { readonly points: unknown }>;
type Span = "DAY" | "WEEK";

interface PreviewProps {
  readonly values: RuleValues;
  /** What was proposed when the form was opened: it need not be asked for again. */
  readonly proposed?: string | undefined;
  readonly onThreshold: (typed: string) => void;
}

export function RulePreview({ values, proposed, onThreshold }: PreviewProps) {
  const [span, setSpan] = useState<Span>("WEEK");
  const condition = conditionOf(values.threshold === proposed ? { ...values, threshold: "" } : values);
  const asked = useSettled(JSON.stringify({ ...condition, span }));
  const input = useMemo(() => JSON.parse(asked) as typeof condition & { readonly span: Span }, [asked]);
  const [{ data, error }] = useQuery({ query: previewQuery, variables: { input }, requestPolicy: "cache-first" });
  const [last, setLast] = useState<{ readonly preview: Preview; readonly input: typeof input }>();
  const result = data?.previewAlertRule;
  useEffect(() => {
    if (result !== undefined && "points" in result) setLast({ preview: result, input });
  }, [result]);
  const wrong = result !== undefined && "issues" in result ? result.issues[0]?.message : undefined;
  const fault = thresholdFault(values);
  return (
    <section className="stack tight" aria-label="What it would have told">
      <div className="row apart">
        <strong>What it would have told</strong>
        <span className="row">
          {(["WEEK", "DAY"] as const).map((one) => (
            <Button key={one} small look={span === one ? "primary" : "plain"} aria-pressed={span === one} onClick={() => setSpan(one)}>
              {one === "WEEK" ? "Last week" : "Last day"}
            </Button>
          ))}
        </span>
      </div>
      {fault !== undefined ? (
        <Notice tone="warn">There is no picture of this threshold. {fault}.</Notice>
      ) : wrong !== undefined || error !== undefined ? (
        <Notice tone="warn">
          {wrong === undefined ? "The time before cannot be read now." : `There is no picture of this: it ${wrong}.`}
        </Notice>
      ) : last === undefined ? (
        <div className="skeleton" style={{ height: 260 }} />
      ) : (
        <Drawn {...last} onThreshold={onThreshold} typed={values.threshold} looking={!same(last.input, { ...condition, span })} />
      )}
    </section>
  );
}

interface DrawnProps {
  readonly preview: Preview;
  readonly input: ReturnType<typeof conditionOf>;
  readonly typed: string;
  /** Something else was typed since, which is being read. */
  readonly looking: boolean;
  readonly onThreshold: (typed: string) => void;
}

function Drawn({ preview, input, typed, looking, onThreshold }: DrawnProps) {
  const { unit, name } = metrics[input.metric];
  const threshold = input.threshold ?? preview.proposedThreshold;
  const times = useMemo(() => preview.points.map(({ at }) => Date.parse(at) / 1000), [preview]);
  const series = useMemo(
    () => [
      { name, values: preview.points.map(({ value }) => value) },
      ...(threshold === null ? [] : [{ name: "Threshold", values: preview.points.map(() => threshold) }]),
    ],
    [preview, threshold, name],
  );
  const format = useMemo(() => (value: number) => shownValue(value, unit), [unit]);
  const proposed = typedThreshold(preview.proposedThreshold, unit);
  return (
    <>
      <Chart label={`${name}, and the threshold`} times={times} series={series} format={format} whole />
      <p role="status">
        {looking ? "Looking again …" : toldWords(preview, input, threshold)}{" "}
        {proposed !== "" && proposed !== typed && (
          <>
            The usual stays clear of {shownValue(preview.proposedThreshold, unit)}.{" "}
            <Button small onClick={() => onThreshold(proposed)}>
              Use {shownValue(preview.proposedThreshold, unit)}
            </Button>
          </>
        )}
      </p>
      {preview.firings.length > 0 && (
        <ul className="stack tight quiet">
          {preview.firings.slice(-firingsShown).map(({ since, until, worst }) => (
            <li key={since}>
              <When at={since} exact />
              {until === null ? ", and still" : <Lasted since={since} until={until} />}: {shownValue(worst, unit)} at the worst
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

const Lasted = ({ since, until }: { readonly since: string; readonly until: string }) => (
  <>, for {counted(Math.round((Date.parse(until) - Date.parse(since)) / 60_000), "minute")}</>
);
