/**
 * Which arm of an experiment a call would fall in, and why: the nodes' own rule (data-plane/pipeline/assign-variant.ts), from the same
 * hash, said in words. Pure. What a node alone knows, a variant that was kept from an earlier call, is not known here.
 */
import { bucketOf, bucketRanges, isWithin, variantIndexOf } from "#agreements/bucket-hash.ts";
import type { Experiment, ExperimentTargeting } from "../database/entities/experiment.ts";

export interface DrawCaller {
  readonly endUserId: string;
  readonly sessionId: string;
  /** Empty: nobody said which. */
  readonly apiKeyId: string;
  readonly projectId: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Draw {
  /** Undefined: none, or chance decides at each call. */
  readonly variantKey: string | undefined;
  /** It takes part, and each call draws anew. */
  readonly open: boolean;
  readonly says: string;
}

const sharesHash = 3;
const unitWords = { end_user: "end user", session: "session", api_key: "API key", request: "request" } as const;

export function drawVariant(experiment: Experiment, caller: DrawCaller): Draw {
  const { key, targeting, namespace, holdout, seed, organisationId } = experiment;
  const out = (why: string): Draw => ({ variantKey: undefined, open: false, says: `${key} runs; this call takes no part: ${why}.` });
  const missed = targeting === null || targeting === undefined ? undefined : missedTarget(targeting, caller);
  if (missed !== undefined) return out(missed);
  const unit = unitOf(experiment, caller);
  if (unit === undefined) return out(`it names no ${wordsOfUnits(experiment)}`);
  if (unit.type === "request")
    return {
      variantKey: undefined,
      open: true,
      says: `${key} divides by request: each call draws anew, over ${weightsOf(experiment)}, and ${percent(1 - experiment.coverage)} take no part.`,
    };
  const place = (name: string) => bucketOf(sharesHash, name, unit.id) ?? 1;
  if (targeting != null && targeting.share < 1 && place(`target:${seed}`) >= targeting.share)
    return out(`its ${unit.word} is not among the ${percent(targeting.share)} that are targeted`);
  if (namespace != null && !isWithin(place(`ns:${namespace.name}`), namespace.start, namespace.end))
    return out(`its ${unit.word} belongs to another experiment of the namespace ${namespace.name}`);
  const bucket = bucketOf(experiment.hashVersion, seed, unit.id);
  if (bucket === undefined) return out(`nodes do not know hash version ${experiment.hashVersion}`);
  if (holdout > 0 && place(`holdout:${namespace?.name ?? organisationId}`) < holdout)
    return out(
      `its ${unit.word} is held out of all experiments${namespace == null ? "" : ` of ${namespace.name}`}, and gets the route as it is`,
    );
  const ranges = bucketRanges(
    experiment.variants.map(({ weight }) => weight),
    experiment.coverage,
  );
  const variant = experiment.variants[variantIndexOf(ranges, bucket)];
  if (variant === undefined) return out(`its ${unit.word} is not among the ${percent(experiment.coverage)} that take part`);
  return {
    variantKey: variant.key,
    open: false,
    says: `${key} gives ${variant.key}: by its ${unit.word} the call falls at ${bucket.toFixed(4)} of 1, and always there${experiment.sticky ? ", unless another variant was kept for it before" : ""}.`,
  };
}

function missedTarget({ apiKeyIds, projectIds, tags, headers }: ExperimentTargeting, caller: DrawCaller): string | undefined {
  const unknown = caller.apiKeyId === "";
  if (apiKeyIds.length > 0 && !apiKeyIds.includes(caller.apiKeyId))
    return unknown ? "it is for certain API keys, so choose one" : "its API key is not targeted";
  if (projectIds.length > 0 && !projectIds.includes(caller.projectId))
    return unknown ? "it is for certain projects, so choose an API key" : "its project is not targeted";
  for (const { name, values } of tags) {
    const value = Object.hasOwn(caller.tags, name) ? caller.tags[name] : undefined;
    if (value === undefined || !values.includes(value)) return `its tag ${name} is not ${values.join(" or ")}`;
  }
  for (const { name, values } of headers) {
    const value = Object.hasOwn(caller.headers, name) ? caller.headers[name] : undefined;
    if (value === undefined || !values.includes(value)) return `its header ${name} is not ${values.join(" or ")}`;
  }
  return undefined;
}

interface DrawnUnit {
  readonly type: keyof typeof unitWords;
  readonly id: string;
  readonly word: string;
}

function unitOf({ unit, fallbackUnit }: Experiment, caller: DrawCaller): DrawnUnit | undefined {
  const ids = { end_user: caller.endUserId, session: caller.sessionId, api_key: caller.apiKeyId, request: "each" };
  for (const type of [unit, fallbackUnit]) {
    if (type !== "" && ids[type] !== "") return { type, id: ids[type], word: unitWords[type] };
  }
  return undefined;
}

const wordsOfUnits = ({ unit, fallbackUnit }: Experiment): string =>
  [unit, fallbackUnit].flatMap((type) => (type === "" ? [] : [unitWords[type]])).join(" nor ");

function weightsOf({ variants }: Experiment): string {
  const sum = variants.reduce((total, { weight }) => total + weight, 0);
  return variants.map(({ key, weight }) => `${key} ${percent(weight / sum)}`).join(", ");
}

const percent = (share: number): string => `${Number((share * 100).toFixed(1))}%`;
