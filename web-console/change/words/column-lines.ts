/** Columns whose values need more than the usual words: money, times, shares, and what is nested in them. The rest is linesOf. */
import { count, duration, money, percent } from "../../format/numbers.ts";
import { type ConfigColumn, kindName, timeLimitNames } from "./column-names.ts";
import { measured, rollout, weights } from "./experiment-lines.ts";
import { type Bag, bags, inline, isBag, isEmpty, joined, type Line, linesOf, milliseconds, promptLine, tierLines } from "./value-lines.ts";

/** @param image the whole thing, for what a value means only beside another. */
type InLines = (value: unknown, image: Bag) => readonly Line[];

const one =
  (inWords: (value: unknown, image: Bag) => string | Line): InLines =>
  (value, image) => {
    if (isEmpty(value)) return [];
    const said = inWords(value, image);
    return [typeof said === "string" ? [said] : said];
  };
const word = one((value) => String(value).replaceAll(/[_-]/g, " "));
const kind = one((value) => kindName(String(value)));
const share = one((value) => percent(Number(value)));
const tokens = one((value) => count(Number(value)));

const capture = one((value) => {
  const { on, share: of, retentionDays, redact } = value as Bag;
  if (on !== true) return "not kept";
  const without =
    Array.isArray(redact) && redact.length > 0 ? `, without ${redact.map((what) => String(what).replaceAll("-", " ")).join(", ")}` : "";
  return `kept for ${retentionDays} days, ${percent(Number(of))} of calls${without}`;
});

const rateName = (name: string): string =>
  name.replace("NanodollarsPerMillion", "").replaceAll(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);

const ratesIn = (price: Bag): string =>
  Object.entries(price)
    .flatMap(([name, value]) =>
      name.endsWith("NanodollarsPerMillion") && value !== null ? [`${rateName(name)} ${money(String(value))}`] : [],
    )
    .join(", ");

/** Dollars a million tokens, a line for each price and for each length of context. */
const prices: InLines = (value) =>
  bags(value).flatMap((price): Line[] => [
    [
      price["effectiveFrom"] == null ? "from the beginning: " : "from ",
      ...(price["effectiveFrom"] == null ? [] : [...inline(price["effectiveFrom"]), ": "]),
      `${ratesIn(price)} a million tokens`,
      ...(isEmpty(price["requestNanodollars"]) || price["requestNanodollars"] === "0"
        ? []
        : [`, ${money(String(price["requestNanodollars"]))} a call`]),
    ],
    ...bags(price["contextTiers"]).map(
      (tier): Line => [`above ${count(Number(tier["inputTokensAbove"]))} tokens of input: ${ratesIn(tier)}`],
    ),
  ]);

const discounts: InLines = (value) =>
  bags(value).map(
    ({ providerId, basisPoints, from, until }): Line => [
      `${Number(basisPoints) / 100}% off`,
      ...(providerId == null ? [" everything"] : [" at ", ...inline(providerId)]),
      ...(from == null ? [] : [", from ", ...inline(from)]),
      ...(until == null ? [] : [", until ", ...inline(until)]),
    ],
  );

const limitNames: Readonly<Record<string, string>> = timeLimitNames;
const timeLimits: InLines = (value) =>
  isBag(value)
    ? Object.entries(value).flatMap(([name, ms]) => (ms === 0 ? [] : [[`${limitNames[name] ?? name}: ${milliseconds(ms)}`]]))
    : [];

const amount = one((value, { resource }) => (resource === "cost" ? money(String(value)) : count(String(value))));

const arms: InLines = (value) =>
  bags(value).flatMap(({ key, weight, prompt, tiers, parameters }): Line[] => [
    [`${key} × ${weight}`],
    ...(prompt == null ? [] : [[`${key}: prompt `, ...promptLine(prompt)]]),
    ...(Array.isArray(tiers) && tiers.length > 0 ? tierLines(tiers).map((line): Line => [`${key}: `, ...line]) : []),
    ...(isEmpty(parameters) ? [] : [[`${key}: parameters `, ...inline(parameters)]]),
  ]);

const scope: InLines = (value, { scopeKind }) => (scopeKind === "end_user" ? [["each"]] : linesOf(value));

/** Written over several lines, as people wrote it. */
const messages: InLines = (value) => bags(value).map(({ role, template }): Line => [`${role}: ${template}`]);

export const columnLines: Readonly<Partial<Record<ConfigColumn, InLines>>> = {
  BACKEND_CONCURRENT_CALLS_MAX: one((value) => (value === 0 ? "as the node does" : count(Number(value)))),
  BACKEND_PRICES: prices,
  BUDGET_LIMIT_NANODOLLARS: one((value) => money(String(value))),
  BUDGET_REACHED_PERCENT: one((value) => `${value}%`),
  BUDGET_SCOPE_ID: scope,
  BUDGET_SCOPE_KIND: kind,
  BUDGET_THRESHOLD_PERCENTS: one((value) => (value as readonly number[]).map((at) => `${at}%`).join(", ")),
  CATALOGUE_MODEL_CONTEXT_TOKENS_MAX: tokens,
  CATALOGUE_MODEL_OUTPUT_TOKENS_MAX: tokens,
  CATALOGUE_MODEL_PRICES: prices,
  EXPERIMENT_ANALYSIS: measured,
  EXPERIMENT_BANDIT: weights,
  EXPERIMENT_COVERAGE: share,
  EXPERIMENT_FALLBACK_UNIT: word,
  EXPERIMENT_HOLDOUT: share,
  EXPERIMENT_ROLLOUT: rollout,
  EXPERIMENT_UNIT: word,
  EXPERIMENT_VARIANTS: arms,
  ORGANISATION_CONTENT_CAPTURE: capture,
  ORGANISATION_DISCOUNTS: discounts,
  PROJECT_CONTENT_CAPTURE: capture,
  PROMPT_LABELS: (value) => (isBag(value) ? Object.entries(value).map(([label, version]) => [`${label}: version ${version}`]) : []),
  PROMPT_VERSION_MESSAGES: messages,
  PROMPT_VERSION_PARTIALS: (value) => bags(value).map(({ name, version }) => [`${name}, version ${version}`]),
  QUOTA_BURST: one((value, image) => (String(value) === "0" ? "as much as the limit" : joined(amount(value, image), ""))),
  QUOTA_LIMIT: amount,
  QUOTA_RESOURCE: word,
  QUOTA_SCOPE_ID: scope,
  QUOTA_SCOPE_KIND: kind,
  QUOTA_WITHIN: (value) => bags(value).map(({ kind: of, id }) => [`on ${kindName(String(of))} `, ...(id == null ? ["each"] : inline(id))]),
  ROUTE_ATTEMPTS_MAX: one((value) => (value === 0 ? "up to 3" : String(value))),
  ROUTE_CACHE_TTL_SECONDS: one((value) => duration(Number(value) * 1000)),
  ROUTE_CONTENT_CAPTURE: capture,
  ROUTE_ECONOMY: one((value) => {
    const { budgetPercent, firstTier } = value as Bag;
    return `${budgetPercent}%: calls begin with tier ${Number(firstTier) + 1}`;
  }),
  ROUTE_PROMPT: one(promptLine),
  ROUTE_TIMEOUTS: timeLimits,
};

/** Never in an image: that they were changed is all that is known. */
export const secretColumns: ReadonlySet<ConfigColumn> = new Set(["API_KEY_HASH", "PROVIDER_SEALED_CREDENTIAL", "PROVIDER_SEALED_HEADERS"]);

export const columnValue = (column: ConfigColumn, value: unknown, image: Bag): readonly Line[] =>
  (columnLines[column] ?? linesOf)(value, image);
