/** What can be said of one row by itself: ranges, shapes, templates. Paths are in the words of the mutations' inputs. */
import { readAddressRange } from "#agreements/caller-address.ts";
import { faultsInSchema } from "#agreements/prompt-inputs.ts";
import { compileTemplate, templateLengthMax } from "#agreements/prompt-template.ts";
import type { ValidationIssue } from "../control-error.ts";
import type { ConfigKind, ConfigRows } from "../database/config-kinds.ts";
import { budgetPeriods, budgetScopeKinds } from "../database/entities/budget.ts";
import { type ContentCapture, contentRedactions, retentionDaysMax } from "../database/entities/content-capture.ts";
import { type Experiment, experimentUnits } from "../database/entities/experiment.ts";
import { promptKinds } from "../database/entities/prompt.ts";
import { promptRoles } from "../database/entities/prompt-version.ts";
import { cacheTtlSecondsMax, type PromptSelection, type RouteTier } from "../database/entities/route.ts";
import { faultsInAnalysis, faultsInBandit, faultsInRollout } from "../experiments/definition.ts";
import { faultsIn } from "../storable-text.ts";
import { isTimeZone } from "../time-zone.ts";
import { checkDiscounts, checkPrices } from "./check-price.ts";
import { checkProvider } from "./check-provider.ts";
import { checkQuota } from "./check-quota.ts";

const weightMax = 1_000_000;
const tiersMax = 10;
const targetsMax = 50;
const variantsMax = 20;
const labelsMax = 50;
const allowedRoutesMax = 200;
const allowedNetworksMax = 50;
const messagesMax = 64;
const toolsMax = 128;
const partialsMax = 20;
/** A revision has to fit into one message to a node. */
const templatesLengthMax = 4 * templateLengthMax;
const dropParametersMax = 50;
const parametersLengthMax = 20_000;
const reservedParameters = ["model", "messages", "stream", "stream_options"];
/** The longest that a clock of a route may run: a day. */
const clockMsMax = 86_400_000;

const keyPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** What callers say as `model`: as OpenAI's names are, with a slash for those who group them. */
export const routeNamePattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;
export const routeNameRule = "must begin with a letter or digit and have up to 128 of A-Z a-z 0-9 . _ / -";
const labelPattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

type Issues = ValidationIssue[];

/** Empty: nothing is wrong with it. */
export function checkRow<Kind extends ConfigKind>(kind: Kind, row: ConfigRows[Kind]): readonly ValidationIssue[] {
  const issues: Issues = [];
  checks[kind](row, issues);
  // All of the row and not column by column: what is added to a row later is looked at as well.
  issues.push(...faultsIn("", row));
  return issues;
}

const checks: { readonly [Kind in ConfigKind]: (row: ConfigRows[Kind], issues: Issues) => void } = {
  organisation: ({ key, name, discounts, contentCapture }, issues) => {
    checkKey(key, issues);
    checkText("name", name, 200, issues);
    checkCapture(contentCapture, issues);
    issues.push(...checkDiscounts(discounts ?? []));
  },
  project: ({ key, name, contentCapture }, issues) => {
    checkKey(key, issues);
    checkText("name", name, 200, issues);
    checkCapture(contentCapture, issues);
  },
  api_key: ({ name, environment, owner, allowedRoutes, allowedMethods, allowedNetworks }, issues) => {
    if (owner.length > 200) issues.push({ path: "owner", message: "may have 200 characters" });
    if (new Set(allowedMethods).size !== allowedMethods.length) issues.push({ path: "allowedMethods", message: "name each once" });
    if (allowedNetworks.length > allowedNetworksMax)
      issues.push({ path: "allowedNetworks", message: `may name ${allowedNetworksMax} networks` });
    allowedNetworks.forEach((network, index) => {
      if (readAddressRange(network) === undefined)
        issues.push({ path: `allowedNetworks[${index}]`, message: "must be an address, or a range such as 10.0.0.0/8" });
    });
    checkText("name", name, 200, issues);
    if (!/^[a-z]{2,12}$/.test(environment)) issues.push({ path: "environment", message: "must be 2 to 12 letters from a to z" });
    if (allowedRoutes.length > allowedRoutesMax) issues.push({ path: "allowedRoutes", message: `may name ${allowedRoutesMax} routes` });
    allowedRoutes.forEach((name, index) => {
      if (!routeNamePattern.test(name)) issues.push({ path: `allowedRoutes[${index}]`, message: "is not a route's name" });
    });
  },
  provider: (row, issues) => {
    checkKey(row.key, issues);
    issues.push(...checkProvider(row));
  },
  backend: ({ key, model, prices, concurrentCallsMax, capabilities }, issues) => {
    checkKey(key, issues);
    checkText("model", model, 256, issues);
    issues.push(...checkPrices(prices));
    checkInteger("concurrentCallsMax", concurrentCallsMax, 0, 100_000, issues);
    checkCapabilities(capabilities, issues);
  },
  route: (row, issues) => {
    if (!routeNamePattern.test(row.name)) issues.push({ path: "name", message: routeNameRule });
    checkLength("description", row.description, 2000, issues);
    checkTiers("tiers", row.tiers, 1, issues);
    for (const [name, value] of Object.entries(row.timeouts)) checkInteger(`timeouts.${name}`, value, 0, clockMsMax, issues);
    checkInteger("attemptsMax", row.attemptsMax, 0, 10, issues);
    checkSelection("prompt", row.prompt, issues);
    checkParameters("defaultParameters", row.defaultParameters, issues);
    checkParameters("forcedParameters", row.forcedParameters, issues);
    checkDropped(row.dropParameters ?? [], issues);
    checkWord("cache", row.cache, ["off", "exact"], issues);
    if (row.cacheTtlSeconds != null) checkInteger("cacheTtlSeconds", row.cacheTtlSeconds, 1, cacheTtlSecondsMax, issues);
    checkCapture(row.contentCapture, issues);
    if (row.economy != null) {
      checkInteger("economy.budgetPercent", row.economy.budgetPercent, 1, 100, issues);
      checkInteger("economy.firstTier", row.economy.firstTier, 1, Math.max(1, row.tiers.length - 1), issues);
      if (row.tiers.length < 2) issues.push({ path: "economy", message: "needs a route with two tiers: one to go on with" });
    }
  },
  prompt: ({ name, kind, folder, labels, protectedLabels }, issues) => {
    checkText("name", name, 128, issues);
    checkWord("kind", kind, promptKinds, issues);
    if (folder !== "" && !/^[^/]{1,64}(\/[^/]{1,64}){0,9}$/.test(folder))
      issues.push({ path: "folder", message: 'must be up to ten names with slashes between them, such as "support/email"' });
    for (const label of protectedLabels)
      if (!labelPattern.test(label) || label === "latest")
        issues.push({ path: "protectedLabels", message: `"${label}" cannot be protected` });
    const names = Object.keys(labels);
    if (names.length > labelsMax) issues.push({ path: "labels", message: `a prompt may have ${labelsMax} labels` });
    for (const label of names)
      if (!labelPattern.test(label)) issues.push({ path: "label", message: `"${label}" is not a label: up to 64 of a-z 0-9 . _ -` });
  },
  prompt_version: ({ messages, defaultParameters, commitMessage, tools, responseSchema, inputs, partials, variables }, issues) => {
    if (messages.length === 0 || messages.length > messagesMax) issues.push({ path: "messages", message: `must be 1 to ${messagesMax}` });
    const length = messages.reduce((sum, { template }) => sum + template.length, 0);
    if (length > templatesLengthMax)
      issues.push({ path: "messages", message: `may have ${templatesLengthMax} characters together, these have ${length}` });
    messages.forEach(({ role, template }, index) => {
      checkWord(`messages[${index}].role`, role, promptRoles, issues);
      try {
        compileTemplate(template, Object.fromEntries(partials.map((partial) => [partial.name, partial.template])));
      } catch (error) {
        issues.push({ path: `messages[${index}].template`, message: error instanceof Error ? error.message : "cannot be compiled" });
      }
    });
    checkParameters("defaultParameters", defaultParameters, issues);
    checkLength("commitMessage", commitMessage, 2000, issues);
    if (tools != null) checkTools(tools, issues);
    checkParameters("responseSchema", responseSchema, issues);
    if (inputs != null) for (const message of faultsInSchema(inputs, variables)) issues.push({ path: "inputs", message });
    if (partials.length > partialsMax) issues.push({ path: "messages", message: `may render ${partialsMax} partials` });
  },
  experiment: (row, issues) => {
    checkKey(row.key, issues);
    checkLength("hypothesis", row.hypothesis, 2000, issues);
    checkWord("unit", row.unit, experimentUnits, issues);
    if (row.fallbackUnit !== "") checkWord("fallbackUnit", row.fallbackUnit, experimentUnits, issues);
    checkInteger("hashVersion", row.hashVersion, 2, 3, issues);
    checkText("seed", row.seed, 128, issues);
    checkAssignment(row, issues);
    const keys = row.variants.map(({ key }) => key);
    if (row.analysis != null) issues.push(...faultsInAnalysis(row.analysis, keys));
    if (row.rollout != null) issues.push(...faultsInRollout(row.rollout, keys.length));
    if (row.bandit != null) issues.push(...faultsInBandit(row.bandit, keys.length));
    if (row.bandit != null && row.rollout != null)
      issues.push({ path: "bandit", message: "a rollout has its own weights; choose one of the two" });
    if (row.bandit != null && !row.sticky && row.unit !== "request")
      issues.push({ path: "sticky", message: "is needed by a bandit: its weights move, and units would change sides with them" });
    if (row.sticky && row.rollout != null)
      issues.push({ path: "sticky", message: "is not for a rollout: its steps move nobody, and kept variants would bend its shares" });
    if (row.fallbackUnit === row.unit) issues.push({ path: "fallbackUnit", message: "must be another unit than `unit`" });
    if (!(row.coverage >= 0 && row.coverage <= 1)) issues.push({ path: "coverage", message: "must be from 0 to 1" });
    if (row.variants.length < 2 || row.variants.length > variantsMax)
      issues.push({ path: "variants", message: `must be 2 to ${variantsMax}` });
    const seen = new Set<string>();
    row.variants.forEach((variant, index) => {
      const path = `variants[${index}]`;
      if (!keyPattern.test(variant.key)) issues.push({ path: `${path}.key`, message: "must be 1 to 63 of a-z 0-9 -" });
      if (seen.has(variant.key)) issues.push({ path: `${path}.key`, message: `"${variant.key}" is there twice` });
      seen.add(variant.key);
      if (variant.key === "holdout") issues.push({ path: `${path}.key`, message: "is the name of what is held out; take another" });
      if (row.unit === "request" && (variant.prompt !== null || variant.parameters !== null))
        issues.push({
          path: `${path}`,
          message:
            "a test whose unit is the request compares backends alone: whoever talks on would be answered by turns; take another unit",
        });
      if (!(variant.weight > 0 && variant.weight <= weightMax))
        issues.push({ path: `${path}.weight`, message: `must be above 0 and up to ${weightMax}` });
      checkTiers(`${path}.tiers`, variant.tiers, 0, issues);
      checkSelection(`${path}.prompt`, variant.prompt, issues);
      checkParameters(`${path}.parameters`, variant.parameters, issues);
    });
  },
  quota: (row, issues) => {
    checkKey(row.key, issues);
    checkQuota(row, issues);
  },
  catalogue_model: (row, issues) => {
    if (!/^[a-z0-9][a-z0-9-]{0,62}\/[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/.test(row.key))
      issues.push({ path: "key", message: 'must be vendor and model, such as "openai/gpt-4o"' });
    checkText("vendor", row.vendor, 63, issues);
    checkText("name", row.name, 200, issues);
    for (const name of ["contextTokensMax", "outputTokensMax"] as const)
      if (row[name] != null) checkInteger(name, row[name], 1, 1_000_000_000, issues);
    checkCapabilities(row.capabilities, issues);
    issues.push(...checkPrices(row.prices));
    checkLength("source", row.source, 500, issues);
    if (!/^(\d{4}-\d{2}-\d{2})?$/.test(row.sourceDate)) issues.push({ path: "sourceDate", message: "must be a day such as 2027-01-31" });
  },
  budget: (row, issues) => {
    checkKey(row.key, issues);
    checkWord("scopeKind", row.scopeKind, budgetScopeKinds, issues);
    checkWord("period", row.period, budgetPeriods, issues);
    if (row.limitNanodollars <= 0n) issues.push({ path: "limitNanodollars", message: "must be above 0" });
    if (!isTimeZone(row.timeZone)) issues.push({ path: "timeZone", message: "must be an IANA time zone such as Europe/Berlin" });
    checkThresholds(row.thresholdPercents, issues);
    if (row.scopeKind === "organisation" && row.scopeId != null)
      issues.push({ path: "scopeId", message: "a budget for the organisation has no scopeId" });
    if (row.scopeKind !== "organisation" && row.scopeId == null) issues.push({ path: "scopeId", message: `say which ${row.scopeKind}` });
  },
};

function checkCapture(capture: ContentCapture | null | undefined, issues: Issues): void {
  if (capture == null) return;
  if (!(capture.share > 0 && capture.share <= 1))
    issues.push({ path: "contentCapture.share", message: "must be above 0 and up to 1; where nothing shall be kept, say on: false" });
  checkInteger("contentCapture.retentionDays", capture.retentionDays, 1, retentionDaysMax, issues);
  for (const word of capture.redact) checkWord("contentCapture.redact", word, contentRedactions, issues);
}

function checkTools(tools: unknown, issues: Issues): void {
  if (!Array.isArray(tools) || tools.length === 0 || tools.length > toolsMax) {
    issues.push({ path: "tools", message: `must be a list of 1 to ${toolsMax} tools` });
    return;
  }
  checkParameters("tools", { tools }, issues);
  tools.forEach((tool: unknown, index) => {
    const { type, function: called } = (tool ?? {}) as { readonly type?: unknown; readonly function?: { readonly name?: unknown } };
    if (type !== "function" || typeof called?.name !== "string" || !/^[\w-]{1,64}$/.test(called.name))
      issues.push({ path: `tools[${index}]`, message: 'must be {"type": "function", "function": {"name": …}}' });
  });
}

/** Who takes part, apart from units and variants. */
function checkAssignment(
  { unit, fallbackUnit, namespace, holdout, targeting, sticky, bucketVersion, bucketVersionMin }: Experiment,
  issues: Issues,
): void {
  if (fallbackUnit === "request" || (unit === "request" && fallbackUnit !== ""))
    issues.push({ path: "fallbackUnit", message: "may neither be the request nor stand beside it: units must not be mixed with calls" });
  if (namespace != null) {
    if (!keyPattern.test(namespace.name)) issues.push({ path: "namespace.name", message: "must be 1 to 63 of a-z 0-9 -" });
    if (!(namespace.start >= 0 && namespace.start < namespace.end && namespace.end <= 1))
      issues.push({ path: "namespace", message: "must have a start from 0 on and an end above it, up to 1" });
  }
  if (!(holdout >= 0 && holdout <= 0.5)) issues.push({ path: "holdout", message: "must be from 0 to 0.5" });
  if (sticky && unit === "request") issues.push({ path: "sticky", message: "a request comes once; nothing can be kept for it" });
  checkInteger("bucketVersion", bucketVersion, 1, 1_000_000, issues);
  checkInteger("bucketVersionMin", bucketVersionMin, 0, bucketVersion, issues);
  if (targeting == null) return;
  if (!(targeting.share > 0 && targeting.share <= 1)) issues.push({ path: "targeting.share", message: "must be above 0 and up to 1" });
  for (const list of ["apiKeyIds", "projectIds", "tags", "headers"] as const)
    if (targeting[list].length > conditionsMax) issues.push({ path: `targeting.${list}`, message: `may have ${conditionsMax}` });
  for (const list of ["tags", "headers"] as const) {
    targeting[list].forEach(({ name, values }, index) => {
      const path = `targeting.${list}[${index}]`;
      checkText(`${path}.name`, name, 64, issues);
      if (list === "headers" && (!/^[a-z0-9-]+$/.test(name) || secretHeaders.has(name)))
        issues.push({ path: `${path}.name`, message: "must be a header's name in lower case, and none that carries a credential" });
      if (values.length === 0 || values.length > conditionsMax)
        issues.push({ path: `${path}.values`, message: `must be 1 to ${conditionsMax}` });
      for (const value of values) checkLength(`${path}.values`, value, 512, issues);
    });
  }
}

const conditionsMax = 100;
const secretHeaders: ReadonlySet<string> = new Set(["authorization", "x-api-key", "cookie", "proxy-authorization"]);
function checkThresholds(percents: readonly number[], issues: Issues): void {
  if (percents.length > 10) issues.push({ path: "thresholdPercents", message: "may be 10" });
  percents.forEach((percent, index) => {
    checkInteger(`thresholdPercents[${index}]`, percent, 1, 1000, issues);
    if (percent <= (percents[index - 1] ?? 0))
      issues.push({ path: `thresholdPercents[${index}]`, message: "must be above the one before" });
  });
}

function checkCapabilities(capabilities: readonly string[], issues: Issues): void {
  capabilities.forEach((word, index) => {
    if (!/^[a-z][a-z0-9_-]{0,31}$/.test(word)) issues.push({ path: `capabilities[${index}]`, message: 'must be a word such as "tools"' });
  });
}

function checkTiers(path: string, tiers: readonly RouteTier[], tiersMin: number, issues: Issues): void {
  if (tiers.length < tiersMin || tiers.length > tiersMax) issues.push({ path, message: `must be ${tiersMin} to ${tiersMax}` });
  tiers.forEach(({ targets }, tier) => {
    const here = `${path}[${tier}].targets`;
    if (targets.length === 0 || targets.length > targetsMax) issues.push({ path: here, message: `must be 1 to ${targetsMax}` });
    targets.forEach(({ weight }, target) => {
      checkInteger(`${here}[${target}].weight`, weight, 0, weightMax, issues);
    });
    if (targets.length > 0 && targets.every(({ weight }) => weight === 0))
      issues.push({ path: here, message: "have only weights of 0, so the tier would take no calls" });
    if (new Set(targets.map(({ backendId }) => backendId)).size < targets.length)
      issues.push({ path: here, message: "name the same backend twice; give it one weight" });
  });
}

function checkSelection(path: string, selection: PromptSelection | null | undefined, issues: Issues): void {
  if (selection == null) return;
  if ("version" in selection) checkInteger(`${path}.version`, selection.version, 1, 2 ** 31 - 1, issues);
  else if (!labelPattern.test(selection.label)) issues.push({ path: `${path}.label`, message: "is not a label" });
}

/** Without places in lists: a name is for all of them. */
function checkDropped(names: readonly string[], issues: Issues): void {
  if (names.length > dropParametersMax) issues.push({ path: "dropParameters", message: `may name ${dropParametersMax} fields` });
  names.forEach((name, index) => {
    const path = `dropParameters[${index}]`;
    if (!/^[a-zA-Z_][\w-]*(?:\.[a-zA-Z_][\w-]*)*$/.test(name) || name.length > 128)
      issues.push({ path, message: 'must be a field such as "seed" or "messages.name", without places in lists' });
    else if (reservedParameters.includes(name)) issues.push({ path, message: "is what makes the call and cannot be left out" });
    if (names.indexOf(name) < index) issues.push({ path, message: "is named twice" });
  });
}

function checkParameters(path: string, value: unknown, issues: Issues): void {
  if (value == null) return;
  if (typeof value !== "object" || Array.isArray(value)) {
    issues.push({ path, message: "must be a JSON object" });
    return;
  }
  if (depthOf(value) > 20) issues.push({ path, message: "is nested more than 20 levels deep" });
  else if (JSON.stringify(value).length > parametersLengthMax)
    issues.push({ path, message: `may have ${parametersLengthMax} characters as JSON` });
  for (const name of reservedParameters) {
    if (Object.hasOwn(value, name)) issues.push({ path: `${path}.${name}`, message: "is the caller's or the route's and no parameter" });
  }
}

/** Without recursion, because it looks at what has not been checked yet. */
function depthOf(value: object): number {
  let depth = 0;
  let level: object[] = [value];
  while (level.length > 0 && depth <= 20) {
    depth++;
    level = level.flatMap((item) => Object.values(item).filter((inner): inner is object => typeof inner === "object" && inner !== null));
  }
  return depth;
}

function checkKey(key: string, issues: Issues): void {
  if (!keyPattern.test(key)) issues.push({ path: "key", message: "must be 1 to 63 of a-z 0-9 -, and neither begin nor end with -" });
}

function checkText(path: string, text: string, lengthMax: number, issues: Issues): void {
  if (text.trim() === "") issues.push({ path, message: "must not be empty" });
  checkLength(path, text, lengthMax, issues);
}

function checkLength(path: string, text: string, lengthMax: number, issues: Issues): void {
  if (text.length > lengthMax) issues.push({ path, message: `may have ${lengthMax} characters` });
}

function checkWord(path: string, word: string, words: readonly string[], issues: Issues): void {
  if (!words.includes(word)) issues.push({ path, message: `must be one of ${words.join(", ")}` });
}

function checkInteger(path: string, value: number, min: number, max: number, issues: Issues): void {
  if (!Number.isInteger(value) || value < min || value > max)
    issues.push({ path, message: `must be a whole number from ${min} to ${max}` });
}
