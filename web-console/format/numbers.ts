/** Numbers as people read them: as many digits as say something, units always, and never an exponent. Unknown is a dash, not 0. */
type Numeric = string | number | bigint | null | undefined;

export const unknown = "–";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

const isKnown = (value: Numeric): value is string | number | bigint => value !== null && value !== undefined && value !== "";

/** 1,234 */
export const count = (value: Numeric): string =>
  isKnown(value) ? whole.format(typeof value === "string" ? BigInt(value) : value) : unknown;

/** To a multiple of a step, halves away from zero. The amount is not negative. */
const rounded = (amount: bigint, step: bigint): bigint => ((amount + step / 2n) / step) * step;

/** So many of the unit, with the decimals that are not zero. */
function inUnits(amount: bigint, unit: bigint): string {
  const decimals = String(amount % unit).padStart(String(unit).length - 1, "0");
  return `${amount / unit}.${decimals}`.replace(/\.?0+$/, "");
}

const units = [
  [1_000_000_000_000n, "T"],
  [1_000_000_000n, "B"],
  [1_000_000n, "M"],
  [1_000n, "k"],
] as const;
const largestUnit = units[0][0];

/** 1.2k, 3.4M: for tiles and axes, where the exact number stands elsewhere. Three digits; 999,500 is 1M and not 1000k. */
export function shortCount(value: Numeric): string {
  if (!isKnown(value)) return unknown;
  if (typeof value === "number" && Math.abs(value) < 999.5) return trimmed(value, 3);
  const exact = typeof value === "number" ? BigInt(Math.abs(value) < 1000 ? Math.round(value) : Math.trunc(value)) : BigInt(value);
  const sign = exact < 0n ? "-" : "";
  const size = exact < 0n ? -exact : exact;
  const step = 10n ** BigInt(Math.max(0, String(size).length - 3));
  const said = rounded(size, step < largestUnit ? step : largestUnit);
  const [unit, letter] = units.find(([from]) => said >= from) ?? [1n, ""];
  return unit === 1n ? `${sign}${said}` : `${sign}${inUnits(said, unit)}${letter}`;
}

const dollar = 1_000_000_000n;
const cent = dollar / 100n;

/**
 * Nano-dollars as dollars: two decimals from a dollar on, below it enough to show two digits that count, down to a nano-dollar.
 * Rounded, halves away from zero: what is cut off makes columns that stay below their sum.
 */
export function money(nanodollars: Numeric): string {
  if (!isKnown(nanodollars)) return unknown;
  const amount = BigInt(nanodollars);
  const sign = amount < 0n ? "−" : "";
  const size = amount < 0n ? -amount : amount;
  if (size === 0n) return "$0";
  const step = 10n ** BigInt(Math.max(0, String(size).length - 2));
  const said = rounded(size, step < cent ? step : cent);
  const decimals = String(said % dollar)
    .padStart(9, "0")
    .replace(/0+$/, "")
    .padEnd(2, "0");
  return `${sign}$${whole.format(said / dollar)}.${decimals}`;
}

const shortMoneyFrom = 100_000n * dollar;

/** For tiles: as `money`, and from $100,000 on $123k, $4.56M. */
export function shortMoney(nanodollars: Numeric): string {
  if (!isKnown(nanodollars)) return unknown;
  const amount = BigInt(nanodollars);
  const said = rounded(amount < 0n ? -amount : amount, cent);
  return said < shortMoneyFrom ? money(amount) : `${amount < 0n ? "−" : ""}$${shortCount(said / dollar)}`;
}

/** Nano-dollars as people type dollars: all digits, no sign and no commas. Empty: not known. */
export function typedDollars(nanodollars: string | null | undefined): string {
  if (nanodollars === null || nanodollars === undefined) return "";
  const digits = nanodollars.padStart(10, "0");
  const decimals = digits.slice(-9).replace(/0+$/, "");
  return `${digits.slice(0, -9)}${decimals === "" ? "" : `.${decimals.padEnd(2, "0")}`}`;
}

/** What was typed as dollars, in nano-dollars. Undefined: it is no amount of money, or one of less than a nano-dollar. */
export function nanodollarsOf(typed: string): string | undefined {
  const [, whole, decimals = ""] = /^\$?\s*(\d+)(?:\.(\d{1,9}))?$/.exec(typed.trim().replaceAll(",", "")) ?? [];
  return whole === undefined ? undefined : String(BigInt(whole + decimals.padEnd(9, "0")));
}

/** 340 ms, 1.25 s, 3 min 20 s */
export function duration(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined) return unknown;
  if (milliseconds < 1) return `${trimmed(milliseconds, 2)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${trimmed(milliseconds / 1000, 3)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return inTwo(Math.floor(seconds / 60), "min", seconds % 60, "s");
  if (seconds < 86_400) return inTwo(Math.floor(seconds / 3600), "h", Math.floor((seconds % 3600) / 60), "min");
  return inTwo(Math.floor(seconds / 86_400), "d", Math.floor((seconds % 86_400) / 3600), "h");
}

const inTwo = (large: number, unit: string, small: number, smaller: string): string =>
  small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smaller}`;

/** Of a share from 0 to 1. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || Number.isNaN(share)) return unknown;
  if (share > 0 && share < 0.001) return "<0.1%";
  // What fails seldom must not look as if it never did.
  if (share > 0.9999 && share < 1) return ">99.99%";
  return `${trimmed(share * 100, share < 0.1 ? 2 : share > 0.99 ? 4 : 3)}%`;
}

/** "1 node", "3 nodes" */
export const counted = (value: number | bigint, one: string, more = `${one}s`): string =>
  `${count(value)} ${Number(value) === 1 ? one : more}`;

const trimmed = (value: number, digits: number): string => {
  const places = Math.max(0, digits - Math.max(1, Math.floor(Math.log10(Math.abs(value) || 1)) + 1));
  return value
    .toFixed(places)
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
};
