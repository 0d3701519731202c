/** The figures at the top of the overview: each against the time that it is compared with, each leading to its calls. */
import { duration, money, percent, shortCount, shortMoney } from "../../format/numbers.ts";
import { Tiles as Row, Tile } from "../../ui/tile.tsx";
import { changeOn, type Figures, failedShare, perSecond } from "./report.ts";

interface TilesProps {
  readonly now: Figures;
  readonly earlier: Figures;
  /** Of both, in milliseconds. */
  readonly lengthMs: number;
  /** For links: the range as the log of calls has it. */
  readonly range: string;
  /** "a week before". */
  readonly against: string;
  readonly costToday: string;
  readonly costYesterday: string;
  /** When today began. */
  readonly midnight: string;
}

interface Figure {
  readonly name: string;
  readonly value: string | readonly string[];
  readonly exact?: string;
  readonly note: string | undefined;
  readonly to: "/calls" | "/cost";
  readonly search: Readonly<Record<string, unknown>>;
}

export function Tiles(props: TilesProps) {
  return (
    <Row>
      {tilesOf(props).map(({ search, ...figure }) => (
        <Tile key={figure.name} {...figure} search={{ range: props.range, ...search }} />
      ))}
    </Row>
  );
}

function tilesOf({ now, earlier, lengthMs, against, costToday, costYesterday, midnight }: TilesProps): readonly Figure[] {
  const change = (value: number | null, before: number | null) => changeOn(value, before, against);
  const both = ({ p50Ms, p95Ms }: Figures["duration"]) => [duration(p50Ms), duration(p95Ms)];
  const slowest = Math.round(now.duration.p95Ms ?? 0);
  return [
    {
      name: "Calls a second",
      value: perSecond(now.calls, lengthMs),
      note: change(Number(now.calls), Number(earlier.calls)) ?? `${shortCount(now.calls)} calls`,
      to: "/calls",
      search: {},
    },
    {
      name: "Failed",
      value: percent(failedShare(now)),
      note: earlier.calls === "0" ? `${shortCount(now.failedCalls)} calls` : `${percent(failedShare(earlier))} ${against}`,
      to: "/calls",
      search: { outcome: "FAILED" },
    },
    {
      name: "First token, p50 / p95",
      value: both(now.timeToFirstToken),
      note: change(now.timeToFirstToken.p95Ms, earlier.timeToFirstToken.p95Ms),
      to: "/calls",
      search: {},
    },
    {
      name: "Whole call, p50 / p95",
      value: both(now.duration),
      note: change(now.duration.p95Ms, earlier.duration.p95Ms),
      to: "/calls",
      search: slowest === 0 ? {} : { slow: slowest },
    },
    {
      name: "Tokens a second",
      value: perSecond(now.totalTokens, lengthMs),
      note: change(Number(now.totalTokens), Number(earlier.totalTokens)) ?? `${shortCount(now.totalTokens)} tokens`,
      to: "/calls",
      search: {},
    },
    {
      name: "Cost",
      value: shortMoney(now.costNanodollars),
      exact: money(now.costNanodollars),
      note: change(Number(now.costNanodollars), Number(earlier.costNanodollars)),
      to: "/cost",
      search: {},
    },
    {
      name: "Cost today",
      value: shortMoney(costToday),
      exact: money(costToday),
      note: changeOn(Number(costToday), Number(costYesterday), "this time yesterday") ?? `${money(costYesterday)} this time yesterday`,
      to: "/calls",
      search: { range: undefined, since: midnight },
    },
  ];
}
