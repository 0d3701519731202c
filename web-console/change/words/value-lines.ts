/** A value of the configuration as lines that a person reads: lists and parts of parts in words, ids and times left to be shown as such. */
import { duration } from "../../format/numbers.ts";

/** A piece of text, what an id stands for, or a time. */
export type Piece = string | { readonly ref: string } | { readonly at: string };
export type Line = readonly Piece[];
export type Bag = Readonly<Record<string, unknown>>;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** What parts are called of which the name alone does not say it. */
const partNames: Readonly<Record<string, string>> = {
  alpha: "chance of a false find",
  apiKeyIds: "API keys",
  backendId: "backend",
  budgetPercent: "percent of a budget",
  daysMin: "days at least",
  delta: "chance of calling a wrong one the best",
  deploys: "moves the label",
  floor: "each arm keeps at least",
  healthAction: "when its numbers cannot be believed",
  healthTag: "tag to check shares by",
  holdSeconds: "seconds at least",
  latencyObjectiveMs: "objective, ms",
  preExposureCheck: "arms are compared in the weeks before",
  projectIds: "projects",
  promptId: "prompt",
  providerId: "provider",
  routeId: "route",
  runRouteId: "route",
  shipAtEnd: "ships after the last step",
  stopWhenFound: "ships the best when it is beyond doubt",
  targetEffect: "smallest change worth finding",
  unitsMin: "units in each arm at least",
  winsoriseAt: "caps units above",
};

export const partName = (name: string): string =>
  partNames[name] ?? name.replaceAll(/[_-]/g, " ").replaceAll(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);

export const isBag = (value: unknown): value is Bag => typeof value === "object" && value !== null && !Array.isArray(value);

/** The things in a list; of anything else none. */
export const bags = (value: unknown): readonly Bag[] => (Array.isArray(value) ? value.filter(isBag) : []);

/** Says nothing: not set, or none. */
export const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === "" ||
  (Array.isArray(value) && value.every(isEmpty)) ||
  (isBag(value) && Object.values(value).every(isEmpty));

/** Pure. Empty: there is nothing. */
export function linesOf(value: unknown): readonly Line[] {
  if (isEmpty(value)) return [];
  if (isTiers(value)) return tierLines(value);
  if (Array.isArray(value))
    return value.every(isScalar) ? [joined(value.map(inline), ", ")] : value.map((one, index) => [`${index + 1}. `, ...inline(one)]);
  if (isBag(value))
    return Object.entries(value).flatMap(([name, inner]) => (isEmpty(inner) ? [] : [[`${partName(name)}: `, ...inline(inner)]]));
  return [inline(value)];
}

/** On one line. */
export function inline(value: unknown): Line {
  if (isEmpty(value)) return ["none"];
  if (typeof value === "boolean") return [value ? "yes" : "no"];
  if (typeof value === "string") return uuid.test(value) ? [{ ref: value }] : instant.test(value) ? [{ at: value }] : [value];
  if (isTiers(value)) return joined(tierLines(value), "; ");
  if (Array.isArray(value)) return joined(value.map(inline), ", ");
  if (isBag(value)) {
    const parts = Object.entries(value).filter(([, inner]) => !isEmpty(inner));
    return joined(
      parts.map(([name, inner]): Line => [`${partName(name)} `, ...inline(inner)]),
      ", ",
    );
  }
  return [String(value)];
}

export const joined = (lines: readonly Line[], separator: string): Line =>
  lines.flatMap((line, index) => (index === 0 ? line : [separator, ...line]));

const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null;

interface Target {
  readonly backendId: string;
  readonly weight: number;
}
/** As images have them, and as forms do. */
type Tier = { readonly targets: readonly Target[] } | readonly Target[];

const targetsOf = (tier: unknown): unknown => (isBag(tier) ? tier["targets"] : tier);

function isTiers(value: unknown): value is readonly Tier[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((tier) => {
    const targets = targetsOf(tier);
    return Array.isArray(targets) && targets.every((target) => isBag(target) && typeof target["backendId"] === "string");
  });
}

/** "tier 1: gpt-4o × 3, llama × 1" */
export const tierLines = (tiers: readonly Tier[]): readonly Line[] =>
  tiers.map((tier, index) => {
    const targets = "targets" in tier ? tier.targets : tier;
    const named = targets.map(({ backendId, weight }): Line => [{ ref: backendId }, ` × ${weight}`]);
    return [`tier ${index + 1}: `, ...(named.length === 0 ? ["no backend"] : joined(named, ", "))];
  });

/** Of a route and of what overrides its prompt: "support, label production". */
export function promptLine(value: unknown): Line {
  if (!isBag(value)) return ["none"];
  const { promptId, label, version } = value;
  return [...inline(promptId), label === undefined ? `, version ${version}` : `, label ${label}`];
}

export const milliseconds = (value: unknown): string => duration(Number(value));

/** Of two lists of lines, those that are in one of them alone. */
export function differingLines(before: readonly Line[], after: readonly Line[]) {
  const texts = (lines: readonly Line[]) => new Set(lines.map((line) => JSON.stringify(line)));
  const [was, is] = [texts(before), texts(after)];
  return {
    before: before.filter((line) => !is.has(JSON.stringify(line))),
    after: after.filter((line) => !was.has(JSON.stringify(line))),
    same: after.filter((line) => was.has(JSON.stringify(line))).length,
  };
}
