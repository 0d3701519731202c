/** What was spent by whatever one asks for: each group, what belongs to none, the rest; and that they make the total. */
import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useMemo } from "react";
import { csvOf } from "../../format/csv.ts";
import { count, money, percent } from "../../format/numbers.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { changeOn } from "../overview/report.ts";
import type { Report, ReportProps } from "./cost.tsx";
import { type DimensionName, dimensions } from "./dimensions.ts";
import { headerOf, jsonOf, linesOf, nameOf, unallocated } from "./groups-file.ts";

type Group = Report["groups"][number];

const idOf = ({ values }: Group): string => JSON.stringify(values.map(({ value }) => value));

/** What calls are filtered by to see a group's. */
const filters: Partial<Record<DimensionName, string>> = { ROUTE_NAME: "route", PROJECT: "project", API_KEY: "key", BACKEND: "backend" };

const whyNone: Partial<Record<DimensionName, string>> = {
  ROUTE_NAME: "Calls that asked for a route that is not there.",
  PROJECT: "Calls whose key was not known, and those of the control plane itself.",
  API_KEY: "Calls whose key was not known.",
  BACKEND: "Calls that no backend answered.",
  PROVIDER: "Calls that no backend answered.",
  MODEL_SERVED: "Calls that no backend answered.",
  TAG: "Calls without this tag.",
  EXPERIMENT: "Calls in no experiment.",
  VARIANT: "Calls in no experiment.",
  PROMPT_VERSION: "Calls whose prompt was the caller's own.",
  END_USER: "Calls that named no end user.",
};

export function Groups({ report, by, tag, name, range, before }: ReportProps) {
  const total = BigInt(report.total.figures.costNanodollars);
  const titles = by.map((dimension) => (dimension === "TAG" ? `tag ${tag}` : dimensions[dimension]));
  const columns = useMemo(() => columnsFor(by, titles, total, name), [by, titles, total, name]);
  const sum = report.groups.reduce(
    (all, { figures }) => all + BigInt(figures.costNanodollars),
    BigInt(report.rest?.figures.costNanodollars ?? 0),
  );
  const none = by.find((_, index) =>
    report.groups.some(({ values }) => values[index] !== undefined && nameOf(values[index]) === unallocated),
  );
  const file = `penstock-cost-by-${by.map((dimension) => dimension.toLowerCase()).join("-")}`;
  return (
    <Card
      title={`By ${titles.join(", then ")}`}
      flush
      actions={
        <span className="row">
          {before && <span className="quiet">As of before …</span>}
          <Button small disabled={before} onClick={() => saveFile(`${file}.csv`, "text/csv", csvOf(headerOf(by), linesOf(report, range)))}>
            <Download size={14} aria-hidden /> CSV
          </Button>
          <Button small disabled={before} onClick={() => saveFile(`${file}.json`, "application/json", jsonOf(report, by, range))}>
            JSON
          </Button>
        </span>
      }
    >
      <DataTable label={`Cost by ${titles.join(", then ")}`} columns={columns} rows={report.groups} rowId={idOf} />
      <div style={{ padding: "0.75rem 1.15rem", borderTop: "1px solid var(--line)" }}>
        <p className="number">
          {report.rest !== null && `All others: ${money(report.rest.figures.costNanodollars)}. `}
          The rows make {money(sum)}, the total is {money(total)}:{" "}
          {sum === total ? "they agree." : "they do NOT agree; please report this."}
        </p>
        <p className="quiet">
          {none === undefined ? "Nothing is unallocated." : `${unallocated}: ${whyNone[none] ?? "calls of which this is not known."}`}
        </p>
      </div>
    </Card>
  );
}

const capitalised = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

function columnsFor(
  by: readonly DimensionName[],
  titles: readonly string[],
  total: bigint,
  range: ReportProps["name"],
): readonly Column<Group>[] {
  return [
    ...by.map((dimension, index): Column<Group> => {
      const of = (group: Group) => {
        const value = group.values[index];
        return value === undefined ? "" : nameOf(value);
      };
      return {
        id: dimension.toLowerCase(),
        name: capitalised(titles[index] ?? ""),
        by: of,
        cell: (group) => {
          const value = group.values[index]?.value;
          const filter = filters[dimension];
          if (of(group) === unallocated) return <em>{unallocated}</em>;
          return filter !== undefined && value ? (
            <Link to="/calls" search={{ [filter]: value, range }}>
              {of(group)}
            </Link>
          ) : (
            of(group)
          );
        },
      };
    }),
    {
      id: "cost",
      name: "Cost",
      end: true,
      by: (group) => Number(group.figures.costNanodollars),
      cell: (group) => <strong>{money(group.figures.costNanodollars)}</strong>,
    },
    {
      id: "share",
      name: "Share",
      end: true,
      cell: (group) => percent(total === 0n ? undefined : Number(group.figures.costNanodollars) / Number(total)),
    },
    {
      id: "change",
      name: "On the time before",
      end: true,
      cell: (group) =>
        changeOn(Number(group.figures.costNanodollars), Number(group.before?.costNanodollars ?? 0))?.replace(" on the time before", "") ??
        "–",
    },
    { id: "calls", name: "Calls", end: true, by: (group) => Number(group.figures.calls), cell: (group) => count(group.figures.calls) },
    {
      id: "tokens",
      name: "Tokens",
      end: true,
      by: (group) => Number(group.figures.totalTokens),
      cell: (group) => count(group.figures.totalTokens),
    },
    {
      id: "unknown",
      name: "Cost unknown",
      end: true,
      by: (group) => Number(group.figures.unpricedCalls),
      cell: (group) => count(group.figures.unpricedCalls),
    },
  ];
}
