/**
 * An immutable map for the big tables of a snapshot. A change copies one shard and the list of shards, so that revoking one of
 * 100,000 keys costs microseconds while the calls that hold the previous snapshot go on reading theirs undisturbed.
 */
export interface PersistentMap<Value> {
  readonly size: number;
  get(key: string): Value | undefined;
  values(): Iterable<Value>;
  /** A new map; this one stays as it is. `undefined` removes. */
  with(key: string, value: Value | undefined): PersistentMap<Value>;
}

/** With 100,000 entries a shard holds about a hundred. A power of two. */
const shardCount = 1024;

type Shards<Value> = readonly (ReadonlyMap<string, Value> | undefined)[];

export function persistentMap<Value>(entries: Iterable<readonly [string, Value]> = []): PersistentMap<Value> {
  const shards: (Map<string, Value> | undefined)[] = new Array(shardCount);
  let size = 0;
  for (const [key, value] of entries) {
    const at = shardOf(key);
    let shard = shards[at];
    if (shard === undefined) {
      shard = new Map();
      shards[at] = shard;
    }
    if (!shard.has(key)) size++;
    shard.set(key, value);
  }
  return over(shards, size);
}

function over<Value>(shards: Shards<Value>, size: number): PersistentMap<Value> {
  return {
    size,
    get: (key) => shards[shardOf(key)]?.get(key),
    *values() {
      for (const shard of shards) if (shard !== undefined) yield* shard.values();
    },
    with(key, value) {
      const at = shardOf(key);
      const old = shards[at];
      const had = old?.has(key) ?? false;
      if (value === undefined && !had) return this;
      const shard = new Map(old);
      if (value === undefined) shard.delete(key);
      else shard.set(key, value);
      const copy = shards.slice();
      copy[at] = shard;
      return over(copy, size + (value === undefined ? -1 : had ? 0 : 1));
    },
  };
}

function shardOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 15)) & (shardCount - 1);
}
