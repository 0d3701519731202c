/**
 * What the control plane says is wrong, in the words of the form that was sent: which field shows it, and what is said where no
 * field does. It names places by the path of its input ("tiers[0].targets[1].weight"), which nobody has seen. Pure.
 */

export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** A form's labels by the names of its values. */
export type Labels = Readonly<Record<string, string>>;

/** What the API calls otherwise than the console does. Lists: one of them. */
const words: Labels = {
  allowedMethods: "method",
  allowedNetworks: "network",
  allowedRoutes: "route",
  analysis: "measures",
  apiKeyId: "key",
  backendId: "backend",
  basisPoints: "percent",
  budgetPercent: "share of the budget",
  callIds: "calls",
  contentCapture: "what is kept",
  contextTiers: "price for long inputs",
  costNanodollars: "cost",
  coverage: "share of calls",
  cases: "case",
  datasetId: "dataset",
  discounts: "discount",
  dropParameters: "field",
  effectiveFrom: "from",
  fallbackUnit: "calls without a unit",
  firstTier: "tier to save with",
  headers: "header",
  inputTokensAbove: "input tokens above",
  judge: "the one who judges",
  limitNanodollars: "limit",
  messages: "message",
  metrics: "metric",
  promptId: "prompt",
  providerId: "provider",
  retentionDays: "days kept",
  rollout: "rollout",
  routeId: "route",
  scopeId: "the one it is for",
  scopeKind: "for whom",
  steps: "step",
  targets: "backend",
  thresholdPercents: "threshold",
  tiers: "tier",
  tools: "tool",
  variants: "arm",
  within: "quota it is within",
  winsoriseAt: "cut at",
};

/** Of the thing itself, and not of a field: the message says it all. */
const wholes = new Set(["", "id", "number", "input"]);

const segmentsOf = (path: string): readonly string[] => path.split(/[.[\]]+/).filter(Boolean);

/** Whether a field that asks for this path is where an issue of that one belongs: at it, or below. */
export const covers = (asked: string, path: string): boolean => {
  const one = segmentsOf(asked);
  const other = segmentsOf(path);
  return one.length <= other.length && one.every((segment, at) => segment === other[at]);
};

/** At most so many are said at one field. */
const saidMax = 3;

/** What is wrong at a path or below it, as its field says it. Undefined: nothing. */
export function problemAt(issues: readonly Issue[], asked: string, labels: Labels): string | undefined {
  const below = issues.filter(({ path }) => covers(asked, path));
  if (below.length === 0) return undefined;
  const said = below.slice(0, saidMax).map(({ path, message }) => {
    const place = placeOf(segmentsOf(path).slice(segmentsOf(asked).length), labels, segmentsOf(asked).at(-1));
    return place === "" ? inWords(message, labels) : `${place}: ${inWords(message, labels)}`;
  });
  return [...new Set(said), ...(below.length > saidMax ? [`and ${below.length - saidMax} more`] : [])].join("; ");
}

/** Those that no field shows. */
export const unplaced = (issues: readonly Issue[], asked: ReadonlySet<string>): readonly Issue[] =>
  issues.filter(({ path }) => ![...asked].some((one) => covers(one, path)));

/** A sentence for each, where they stand by themselves. */
export const sentenceOf = (issues: readonly Issue[], labels: Labels = {}): string =>
  issues
    .map(({ path, message }) => {
      const place = wholes.has(path) ? "" : placeOf(segmentsOf(path), labels);
      return sentence(place === "" ? inWords(message, labels) : `${place}: ${inWords(message, labels)}`);
    })
    .join(" ");

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? "" : "."}`;

/** "tier 1, backend 2, weight". @param within the list that a number at the beginning counts. */
function placeOf(segments: readonly string[], labels: Labels, within = "entry"): string {
  const place: string[] = [];
  for (const segment of segments) {
    if (/^\d+$/.test(segment)) place.push(`${place.pop() ?? wordOf(within, labels)} ${Number(segment) + 1}`);
    else place.push(wordOf(segment, labels));
  }
  return place.join(", ");
}

const wordOf = (name: string, labels: Labels): string =>
  words[name] ??
  labels[name]?.toLowerCase() ??
  name
    .replace(/(Nanodollars|Ms|Id|Max|Min)$/, "")
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();

/**
 * Names of the API in a message become the form's: those it knows, those in backticks, and enumerated values ("API_KEY"). Others
 * may be people's own and stay. An address is called as its field is.
 */
function inWords(message: string, labels: Labels): string {
  return message
    .replace(/^the base URL (?=is|has|must)/, "")
    .replaceAll(/`([A-Za-z]+)`/g, (_, name: string) => wordOf(name, labels))
    .replaceAll(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g, (name) => (name in words || name in labels ? wordOf(name, labels) : name))
    .replaceAll(/\b(?!PENSTOCK_)[A-Z]+(?:_[A-Z]+)+\b/g, (name) => name.replaceAll("_", " ").toLowerCase());
}

const invalidValue = /^Variable "\$(\w+)" got invalid value (.*) at "\1\.?([^"]*)"; (.+)$/s;

/**
 * What GraphQL itself refuses before anything is looked at, as an issue: a number that is too large for its type, or none at all.
 * Undefined: it is something else.
 */
export function issueOfGraphql(message: string): Issue | undefined {
  const [, variable = "", value = "", path = "", reason = ""] = invalidValue.exec(message) ?? [];
  if (variable === "") return undefined;
  const place = variable === "input" ? path : [variable, path].filter(Boolean).join(".");
  return { path: place, message: reasonOf(reason, /^"?\d+"?$/.test(value)) };
}

function reasonOf(reason: string, isWhole: boolean): string {
  if (/non-integer/.test(reason)) return "must be a whole number";
  if (/non 32-bit/.test(reason) || (isWhole && /64 bits/.test(reason))) return "is too large a number";
  if (/not to be null|was not provided/.test(reason)) return "must be filled in";
  if (/numeric|BigInt/i.test(reason)) return "must be a number";
  if (/DateTime|date/i.test(reason)) return "must be a time";
  if (/JSON/.test(reason)) return "must be JSON";
  if (/does not exist in .* enum|Enum/.test(reason)) return "is none of the choices";
  return "cannot be read";
}
