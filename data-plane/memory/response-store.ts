/** Stored responses of one process: gone with it, and the oldest go first when there are too many. */
import { type ResponseStore, recordLengthMax, storedMs } from "../pipeline/response-store.ts";

/** Of all records, in characters. */
const lengthMax = 64 * 1024 * 1024;

export function memoryResponseStore(nowMs: () => number = Date.now): ResponseStore {
  const kept = new Map<string, { readonly record: string; readonly untilMs: number }>();
  let length = 0;
  const keyOf = (owner: string, id: string) => `${owner} ${id}`;
  const drop = (key: string): boolean => {
    length -= kept.get(key)?.record.length ?? 0;
    return kept.delete(key);
  };
  return {
    put: async (owner, id, record) => {
      if (record.length > recordLengthMax) return false;
      const key = keyOf(owner, id);
      drop(key);
      kept.set(key, { record, untilMs: nowMs() + storedMs });
      length += record.length;
      for (const oldest of kept.keys()) {
        if (length <= lengthMax) break;
        drop(oldest);
      }
      return true;
    },
    get: async (owner, id) => {
      const known = kept.get(keyOf(owner, id));
      return known === undefined || known.untilMs <= nowMs() ? undefined : known.record;
    },
    delete: async (owner, id) => {
      const there = (kept.get(keyOf(owner, id))?.untilMs ?? 0) > nowMs();
      return drop(keyOf(owner, id)) && there;
    },
  };
}
