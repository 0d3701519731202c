/**
 * What may be asked of usage: a range, how finely it is cut in time, what it is told apart by, and what it is narrowed to.
 * All that is checked is checked here; whoever gets a question from here may take it as it is.
 */
import { ValidationError } from "../control-error.ts";
import { requireStorable } from "../storable-text.ts";
import { isTimeZone } from "../time-zone.ts";
import { type Dimension, dimensionNames, type Figure } from "./cubes.ts";

export const granularities = ["minute", "hour", "day", "week", "month"] as const;
export type Granularity = (typeof granularities)[number];

export interface UsageRange {
  readonly since: Date;
  /** Not included. */
  readonly until: Date;
}

/** All that are given must hold; of the values of one, any. */
export type DimensionFilter = { readonly [Name in Dimension]?: readonly string[] | null | undefined } & {
  readonly tags?: readonly TagFilter[] | null | undefined;
};

export interface TagFilter {
  readonly name: string;
  /** '': calls without that tag. */
  readonly values: readonly string[];
}

/** A dimension of each call, or one of its tags. */
export type Grouping = { readonly dimension: Dimension } | { readonly tag: string };

export interface UsageQuestion {
  readonly range: UsageRange;
  /** Undefined: the range is one. */
  readonly granularity: Granularity | undefined;
  /** IANA: whose days, weeks and months; "UTC" as a rule. */
  readonly timeZone: string;
  readonly groupBy: readonly Grouping[];
  readonly filter: DimensionFilter;
  readonly orderBy: Figure;
  /** What is wanted; others are 0 in the answer. */
  readonly figures: readonly Figure[];
  /** Groups; the rest is summed up. */
  readonly limit: number;
  /** Whether latencies are wanted: they are most of what is read. */
  readonly latencies: boolean;
}

export const groupsMax = 1_000;
const groupByMax = 4;
const pointsMax = 1_500;
const cellsMax = 25_000;
const valuesMax = 100;
const longestMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000, month: 28 * 86_400_000 } as const;
const yearsMax = 10;

/** @throws ValidationError that names what is wrong. */
export function checkQuestion({ range, granularity, timeZone, groupBy, filter, limit }: UsageQuestion): void {
  const lengthMs = range.until.getTime() - range.since.getTime();
  if (lengthMs <= 0) throw fault("range.until", "must be after range.since");
  if (lengthMs > yearsMax * 366 * 86_400_000) throw fault("range", `may be ${yearsMax} years long`);
  if (!isTimeZone(timeZone)) throw fault("timeZone", "must be an IANA time zone such as Europe/Berlin");
  if (groupBy.length > groupByMax) throw fault("groupBy", `may tell calls apart by ${groupByMax} things at once`);
  if (new Set(groupBy.map(nameOf)).size < groupBy.length) throw fault("groupBy", "names the same thing twice");
  if (limit < 1 || limit > groupsMax) throw fault("limit", `must be from 1 to ${groupsMax}`);
  const points = granularity === undefined ? 1 : Math.ceil(lengthMs / longestMs[granularity]) + 1;
  if (points > pointsMax)
    throw fault("granularity", `would make ${points} points; at most ${pointsMax}, so ask for a shorter range or coarser points`);
  if (granularity !== undefined && groupBy.length > 0 && points * limit > cellsMax)
    throw fault("limit", `${limit} groups of ${points} points are too many; at most ${cellsMax} points together`);
  checkFilter(filter);
}

export function checkFilter(filter: DimensionFilter): void {
  for (const name of dimensionNames) {
    const values = filter[name];
    if (values == null) continue;
    const path = `filter.${asAsked(name)}`;
    if (values.length > valuesMax) throw fault(path, `may list ${valuesMax} values`);
    requireStorable(Object.fromEntries(values.map((value, index) => [`${path}[${index}]`, value])));
  }
  const tags = filter.tags ?? [];
  if (tags.length > 4) throw fault("filter.tags", "may name 4 tags");
  tags.forEach(({ name, values }, index) => {
    if (values.length > valuesMax) throw fault(`filter.tags[${index}].values`, `may list ${valuesMax} values`);
    requireStorable(
      Object.fromEntries(
        [["name", name], ...values.map((value, at) => [`values[${at}]`, value] as const)].map(([path, text]) => [
          `filter.tags[${index}].${path}`,
          text,
        ]),
      ),
    );
  });
}

/** A column's name as callers write it. */
const asAsked = (column: string): string => column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

export const nameOf = (grouping: Grouping): string => ("tag" in grouping ? `tag ${grouping.tag}` : grouping.dimension);

const fault = (path: string, message: string) => new ValidationError([{ path, message }]);
