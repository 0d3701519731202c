/** What pages show of a day of a route's or a backend's calls. */
import { counted, percent } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";

export const lastDayFragment = graphql(`
  fragment LastDay on UsageSeries {
    figures {
      calls
      failedCalls
    }
    points {
      at
      figures {
        calls
        failedCalls
      }
    }
  }
`);

type LastDay = ResultOf<typeof lastDayFragment>;

export const barsOf = ({ points }: LastDay) =>
  points.map(({ figures }) => ({ all: Number(figures.calls), failed: Number(figures.failedCalls) }));

export const failedShareOf = ({ figures }: Pick<LastDay, "figures">): number =>
  figures.calls === "0" ? 0 : Number(figures.failedCalls) / Number(figures.calls);

export const dayInWords = (day: LastDay): string =>
  `${counted(BigInt(day.figures.calls), "call")} in 24 hours, ${day.figures.calls === "0" ? "none" : percent(failedShareOf(day))} failed`;
