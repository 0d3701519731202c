/** A call's id is a UUID v7 as the library reads it, and no two are the same. */
import { validate, version } from "uuid";
import { expect, test, vi } from "vitest";
import { newCallId } from "../../data-plane/call-id.ts";

test("an id is a UUID v7 that says its time, over many draws of random digits", () => {
  vi.useFakeTimers({ now: 1_800_000_000_123 });
  try {
    const ids = Array.from({ length: 5000 }, newCallId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids)
      expect([validate(id), version(id), parseInt(id.slice(0, 13).replace("-", ""), 16)]).toEqual([true, 7, Date.now()]);
    // All four variants of RFC 9562's own are drawn.
    expect(new Set(ids.map((id) => id[19]))).toEqual(new Set(["8", "9", "a", "b"]));
  } finally {
    vi.useRealTimers();
  }
});

test("an id of a later millisecond sorts behind those before it", () => {
  vi.useFakeTimers({ now: 1_800_000_000_123 });
  try {
    const before = Array.from({ length: 100 }, newCallId);
    vi.setSystemTime(1_800_000_000_124);
    const later = newCallId();
    for (const id of before) expect(id < later).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
