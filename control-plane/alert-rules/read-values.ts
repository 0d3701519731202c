/**
 * What a rule's metric comes to, from sums by minute, hour and day. The ledger is never read: what no sums are kept for to the minute
 * is refused when the rule is made. What is above a threshold is above it at once, so the minute that runs counts; what is below it is
 * known only when the minute is over and its calls have come to the ledger.
 */
import { ValidationError } from "../control-error.ts";
import type { Database } from "../database/orm.ts";
import { type Figure, grainMs } from "../usage/cubes.ts";
import { type BinCounts, emptyCounts, percentileMs } from "../usage/latency-sketch.ts";
import { type Kept, planUsage } from "../usage/plan-usage.ts";
import { countsOf, readReport, type UsageFigures } from "../usage/read-report.ts";
import type { DimensionFilter, UsageQuestion, UsageRange } from "../usage/usage-question.ts";
import type { Comparison } from "./decide.ts";
import { type AlertMetricName, dimensionsOf, type MetricForm, metricOf, type RuleFilter } from "./metric.ts";

export interface Measured {
  /** Null: of no call there is none. */
  readonly value: number | null;
  readonly calls: number;
}

export interface RuleQuestion {
  readonly organisationId: string;
  readonly metric: AlertMetricName;
  readonly filter: RuleFilter;
}

const minuteMs = grainMs.minute;
/** Calls come to the ledger some seconds after they end; what is counted too early would seem too little. */
const lateMs = 60_000;

/** The window that a look at this time is about, in whole minutes. */
export function windowAt(comparison: Comparison, windowMs: number, nowMs: number): UsageRange {
  const untilMs =
    comparison === "above" ? Math.ceil((nowMs + 1) / minuteMs) * minuteMs : Math.floor((nowMs - lateMs) / minuteMs) * minuteMs;
  return { since: new Date(untilMs - windowMs), until: new Date(untilMs) };
}

/** @throws ValidationError where no sums are kept by minute for what it is about. */
export function requireSums(metric: AlertMetricName, filter: RuleFilter, path: string): void {
  const range = { since: new Date(0), until: new Date(minuteMs) };
  const kept = { minutesFromMs: Number.NEGATIVE_INFINITY, ledgerFromMs: Number.NEGATIVE_INFINITY };
  const narrow = filterFor(metricOf(metric).form, dimensionsOf(filter));
  if (planUsage({ range, groupBy: [], filter: narrow }, kept).pieces.some(({ source }) => source === "ledger"))
    throw new ValidationError([
      {
        path,
        message:
          metricOf(metric).form.kind === "outcome-share"
            ? "sums of how calls ended are kept to the minute by project and backend alone; leave out the key and the route"
            : "sums are kept to the minute by project, key and route, or by project and backend; leave one of them out",
      },
    ]);
}

const filterFor = (form: MetricForm, filter: DimensionFilter): DimensionFilter =>
  form.kind === "outcome-share" ? { ...filter, outcome: form.outcomes } : filter;

const figuresOf = (form: MetricForm): readonly Figure[] =>
  form.kind === "sum" ? form.figures : form.kind === "share" ? [form.figure] : [];

const questionOf = (form: MetricForm, filter: DimensionFilter, range: UsageRange, byMinute: boolean): UsageQuestion => ({
  range,
  granularity: byMinute ? "minute" : undefined,
  timeZone: "UTC",
  groupBy: [],
  filter,
  orderBy: "calls",
  figures: figuresOf(form),
  limit: 1,
  latencies: form.kind === "latency",
});

/** Over the whole range. */
export async function readValue(
  database: Database,
  { organisationId, metric, filter }: RuleQuestion,
  range: UsageRange,
  kept: Kept,
): Promise<Measured> {
  const { form } = metricOf(metric);
  const read = async (narrow: DimensionFilter) =>
    (await readReport(database, organisationId, questionOf(form, narrow, range, false), false, kept)).total.figures;
  const sum = emptySum();
  add(sum, partOf(form, await read(dimensionsOf(filter))));
  if (form.kind === "outcome-share") sum.counted = Number((await read(filterFor(form, dimensionsOf(filter)))).sums.calls);
  return measuredOf(form, sum);
}

/** What a minute adds to a window, and takes away again when it leaves it. */
export interface MinutePart {
  readonly calls: number;
  /** Of a sum or a share: what it counts. */
  readonly counted: number;
  /** Of a latency; undefined: no call. */
  readonly bins: BinCounts | undefined;
}

const minutesAtOnce = 1_440;

/** One for each minute of a range of whole minutes. */
export async function readMinutes(
  database: Database,
  { organisationId, metric, filter }: RuleQuestion,
  range: UsageRange,
  kept: Kept,
): Promise<readonly MinutePart[]> {
  const { form } = metricOf(metric);
  const parts: MinutePart[] = [];
  for (let fromMs = range.since.getTime(); fromMs < range.until.getTime(); fromMs += minutesAtOnce * minuteMs) {
    const piece = { since: new Date(fromMs), until: new Date(Math.min(range.until.getTime(), fromMs + minutesAtOnce * minuteMs)) };
    const read = async (narrow: DimensionFilter) =>
      (await readReport(database, organisationId, questionOf(form, narrow, piece, true), false, kept)).total.points;
    const all = await read(dimensionsOf(filter));
    const ended = form.kind === "outcome-share" ? await read(filterFor(form, dimensionsOf(filter))) : undefined;
    for (const [index, { figures }] of all.entries()) {
      const part = partOf(form, figures);
      parts.push(ended === undefined ? part : { ...part, counted: Number(ended[index]?.figures.sums.calls ?? 0n) });
    }
  }
  return parts;
}

function partOf(form: MetricForm, figures: UsageFigures): MinutePart {
  const calls = Number(figures.sums.calls);
  const counted = figuresOf(form).reduce((sum, figure) => sum + Number(figures.sums[figure]), 0);
  return { calls, counted, bins: form.kind === "latency" && calls > 0 ? countsOf(figures.sketches[form.sketch]) : undefined };
}

interface WindowSum {
  calls: number;
  counted: number;
  readonly bins: BinCounts;
}

const emptySum = (): WindowSum => ({ calls: 0, counted: 0, bins: emptyCounts() });

function add(sum: WindowSum, { calls, counted, bins }: MinutePart, sign: 1 | -1 = 1): void {
  sum.calls += sign * calls;
  sum.counted += sign * counted;
  if (bins !== undefined) for (let bin = 0; bin < bins.length; bin++) sum.bins[bin] = (sum.bins[bin] ?? 0) + sign * (bins[bin] ?? 0);
}

function measuredOf(form: MetricForm, { calls, counted, bins }: WindowSum): Measured {
  switch (form.kind) {
    case "sum":
      return { calls, value: counted };
    case "share":
    case "outcome-share":
      return { calls, value: calls === 0 ? null : counted / calls };
    case "latency":
      return { calls, value: percentileMs(bins, form.share) };
    default:
      return form satisfies never;
  }
}

/** The metric over the window that ends with each minute from the first whole window on. Pure. */
export function slide(metric: AlertMetricName, minutes: readonly MinutePart[], windowMinutes: number): readonly Measured[] {
  const { form } = metricOf(metric);
  const sum = emptySum();
  return minutes.flatMap((minute, index) => {
    add(sum, minute);
    const gone = minutes[index - windowMinutes];
    if (gone !== undefined) add(sum, gone, -1);
    return index < windowMinutes - 1 ? [] : [measuredOf(form, sum)];
  });
}
