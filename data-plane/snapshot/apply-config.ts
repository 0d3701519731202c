/**
 * From what was pulled to what is served, all or nothing: signatures and chain first, then the indexes. Pure: the caller swaps
 * the reference. Many deltas are laid over each other and built once, so a node that was away for a thousand changes pays for
 * their sum, and a change that was broken and then mended does not stop it.
 */
import { create } from "@bufbuild/protobuf";
import {
  type Delta,
  DeltaSchema,
  type Resource,
  type ResourceKey,
  ResourceKind,
  type Revision,
  type Snapshot,
} from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { PulledConfig } from "./config-feed.ts";
import { ConfigRefused, type ConfigTrust, checkPulled } from "./config-trust.ts";

/** How a runtime snapshot of type R is made. Both throw, with the resource's name, where the result would not hold together. */
export interface RuntimeBuilder<R> {
  build(snapshot: Snapshot): R;
  withDelta(current: R, delta: Delta, revision: Revision): R;
}

export interface Applied<R> {
  readonly runtime: R;
  readonly revision: Revision;
  /** How many of the deltas are in it. */
  readonly deltas: number;
  /** Why the next one is not. */
  readonly refused: ConfigRefused | undefined;
}

/**
 * @returns undefined where nothing is new.
 * @throws ConfigRefused where nothing of it can be taken.
 */
export function applyConfig<R>(
  current: { readonly runtime: R; readonly revision: Revision } | undefined,
  pulled: PulledConfig,
  trust: ConfigTrust,
  builder: RuntimeBuilder<R>,
): Applied<R> | undefined {
  const reached = checkPulled(trust, current?.revision, pulled);
  if (reached === undefined || (pulled.snapshot === undefined && pulled.deltas.length === 0)) return undefined;
  if (current !== undefined && current.revision.epoch === reached.epoch) {
    if (reached.number < current.revision.number)
      throw new ConfigRefused(
        `revision ${reached.number} is older than ${current.revision.number}, which this node serves; going back within an epoch is refused. Restore the old one as a new revision`,
        reached,
      );
    if (reached.number === current.revision.number && Buffer.compare(reached.hash, current.revision.hash) !== 0)
      throw new ConfigRefused(`revision ${reached.number} has another history than the one this node serves`, reached);
    if (reached.number === current.revision.number) return { ...current, deltas: pulled.deltas.length, refused: undefined };
  }
  let base = current;
  if (pulled.snapshot !== undefined) {
    const snapshot = trust.snapshot(pulled.snapshot);
    base = { runtime: attempt(snapshot.revision, () => builder.build(snapshot)), revision: snapshot.revision };
  }
  if (base === undefined) throw new ConfigRefused("deltas came without a snapshot to lead on from", reached);
  return withDeltas(base, reached, pulled, trust, builder);
}

function withDeltas<R>(
  base: { readonly runtime: R; readonly revision: Revision },
  reached: Revision,
  { deltas: signedDeltas }: PulledConfig,
  trust: ConfigTrust,
  builder: RuntimeBuilder<R>,
): Applied<R> {
  const deltas = signedDeltas.map((signed) => trust.delta(signed));
  if (deltas.length === 0) return { ...base, deltas: 0, refused: undefined };
  try {
    return {
      runtime: builder.withDelta(base.runtime, laidOver(deltas), reached),
      revision: reached,
      deltas: deltas.length,
      refused: undefined,
    };
  } catch (cause) {
    if (deltas.length === 1 && signedDeltas[0] !== undefined) return { ...base, deltas: 0, refused: refusal(reached, cause) };
  }
  // Somewhere on the way it does not hold together: go as far as it does.
  let { runtime, revision } = base;
  let taken = 0;
  for (const [index, delta] of deltas.entries()) {
    const signed = signedDeltas[index];
    if (signed === undefined) break;
    const next = trust.follow(revision, signed);
    try {
      runtime = builder.withDelta(runtime, delta, next);
    } catch (cause) {
      return { runtime, revision, deltas: taken, refused: refusal(next, cause) };
    }
    revision = next;
    taken++;
  }
  return { runtime, revision, deltas: taken, refused: undefined };
}

function attempt<R>(revision: Revision, build: () => R): R {
  try {
    return build();
  } catch (cause) {
    throw refusal(revision, cause);
  }
}

const refusal = (revision: Revision, cause: unknown): ConfigRefused =>
  cause instanceof ConfigRefused ? cause : new ConfigRefused(cause instanceof Error ? cause.message : String(cause), revision, cause);

/** One delta with the effect of all: the last word on each resource holds. */
function laidOver(deltas: readonly Delta[]): Delta {
  const [first] = deltas;
  const last = deltas.at(-1);
  if (first === undefined || last === undefined || deltas.length === 1) return first ?? create(DeltaSchema);
  const upserted = new Map<string, Resource>();
  const removed = new Map<string, ResourceKey>();
  for (const delta of deltas) {
    for (const resource of delta.upserted) {
      const key = keyOf(resource);
      upserted.set(key, resource);
      removed.delete(key);
    }
    for (const key of delta.removed) {
      upserted.delete(`${key.kind}:${key.id}`);
      removed.set(`${key.kind}:${key.id}`, key);
    }
  }
  return create(DeltaSchema, {
    epoch: last.epoch,
    number: last.number,
    previousHash: first.previousHash,
    createdAtMs: last.createdAtMs,
    upserted: [...upserted.values()],
    removed: [...removed.values()],
  });
}

function keyOf({ resource }: Resource): string {
  if (resource.case === undefined)
    throw new Error("a resource of a kind that this node does not know; is the node older than its control plane?");
  return `${kinds[resource.case]}:${resource.value.id}`;
}

const kinds = {
  organisation: ResourceKind.ORGANISATION,
  project: ResourceKind.PROJECT,
  apiKey: ResourceKind.API_KEY,
  provider: ResourceKind.PROVIDER,
  backend: ResourceKind.BACKEND,
  route: ResourceKind.ROUTE,
  prompt: ResourceKind.PROMPT,
  promptVersion: ResourceKind.PROMPT_VERSION,
  experiment: ResourceKind.EXPERIMENT,
  quota: ResourceKind.QUOTA,
  catalogueModel: ResourceKind.CATALOGUE_MODEL,
  budget: ResourceKind.BUDGET,
} satisfies Record<Exclude<Resource["resource"]["case"], undefined>, ResourceKind>;
