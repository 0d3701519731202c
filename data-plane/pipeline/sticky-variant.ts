/**
 * The variant that a unit was given before, for experiments whose weights, coverage or targeting change while they run. Only
 * those pay for it: all others are drawn by the hash alone.
 */
import type { CompiledExperiment, CompiledRoute } from "../snapshot/compiled-route.ts";
import { type Assignment, assignVariant, unitsOf } from "./assign-variant.ts";
import type { Caller } from "./authenticate.ts";
import type { CallRequest } from "./call-request.ts";

/**
 * The port to what is kept. Fails open: a store that does not answer is an empty one, and the hash decides, which gives most
 * units the variant that they had.
 */
export interface StickyVariants {
  /** As many as keys. */
  find(experimentId: string, keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** Does not wait and does not throw. */
  keep(experimentId: string, key: string, value: string): void;
}

/**
 * Like assignVariant, but what was kept comes first, under the unit and then under the fallback unit, so that a user who signs in
 * stays where the session was.
 */
export async function assignStickyVariant(
  route: CompiledRoute,
  experiment: CompiledExperiment,
  request: CallRequest,
  caller: Caller,
  { stickyVariants: store, pseudonym }: { readonly stickyVariants: StickyVariants; readonly pseudonym: (id: string) => string },
): Promise<Assignment | undefined> {
  const drawn = assignVariant(route, request, caller);
  if (drawn?.forced === true || drawn?.holdout === "held-out") return drawn;
  const units = unitsOf(experiment, request, caller);
  const [unit] = units;
  if (unit === undefined) return undefined;
  const keys = units.map(({ type, id }) => `${type}:${pseudonym(id)}`);
  const records = (await store.find(experiment.id, keys)).map(parsed);
  // Seen before the version from which on units are clean: neither the old variant nor a new one would tell anything.
  if (records.some((record) => record !== undefined && record.since < experiment.bucketVersionMin)) return undefined;
  const kept = records.find((record) => record?.version === experiment.bucketVersion);
  const variant = kept === undefined ? undefined : experiment.variants.find(({ key }) => key === kept.variant);
  const result: Assignment | undefined =
    variant === undefined
      ? drawn
      : {
          experiment,
          variant,
          unitType: unit.type,
          unit: unit.id,
          bucket: drawn?.bucket ?? 0,
          forced: false,
          sticky: true,
          holdout: drawn?.holdout ?? "",
        };
  const [key] = keys;
  if (result !== undefined && key !== undefined) {
    const version = experiment.bucketVersion;
    const value = textOf({ version, since: Math.min(version, records[0]?.since ?? version), variant: result.variant.key });
    if (textOf(records[0]) !== value) store.keep(experiment.id, key, value);
  }
  return result;
}

interface Kept {
  readonly version: number;
  /** The first version that the unit was ever given a variant under: what bucketVersionMin asks for. */
  readonly since: number;
  readonly variant: string;
}

/** "<bucket version>:<variant>", or with the first version where it is another one, "<bucket version>.<first>:<variant>". What cannot be read is not there. */
function parsed(text: string | undefined): Kept | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,9}))?:(.+)$/.exec(text ?? "");
  if (match === null) return undefined;
  const version = Number(match[1]);
  return { version, since: match[2] === undefined ? version : Number(match[2]), variant: match[3] ?? "" };
}

const textOf = (kept: Kept | undefined): string =>
  kept === undefined ? "" : `${kept.version}${kept.since === kept.version ? "" : `.${kept.since}`}:${kept.variant}`;
