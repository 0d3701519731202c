import { beforeEach, describe, expect, it } from "vitest";
import { GatewayError, type GatewayErrorKind } from "../../data-plane/gateway-error.ts";
import { backendCircuits, type Circuits } from "../../data-plane/pipeline/circuits.ts";
import type { CompiledBackend } from "../../data-plane/snapshot/compiled-route.ts";

const backend = (id: string) => ({ id, key: id }) as CompiledBackend;
const [a, b, c] = [backend("a"), backend("b"), backend("c")];
let nowMs: number;
let told: number;
let circuits: Circuits;
beforeEach(() => {
  nowMs = 1_000_000;
  told = 0;
  circuits = backendCircuits(
    () => {
      told++;
    },
    () => nowMs,
  );
});
const order = () => Array.from(circuits.inOrder([a, b, c]), ({ id }) => id).join("");
const fail = (of: CompiledBackend, times: number, kind: GatewayErrorKind = "UPSTREAM_UNAVAILABLE") => {
  for (let i = 0; i < times; i++) circuits.ended(of, new GatewayError(kind, "no"), 503);
};
const stateOf = (id: string) => circuits.known().find(({ backendId }) => backendId === id)?.state;

describe("a backend that fails", () => {
  it("is passed over after five times in a row, and tried last: no call is lost by it", () => {
    fail(a, 4);
    circuits.ended(a, undefined, 200);
    fail(a, 4);
    expect(order()).toBe("abc");
    fail(a, 1);
    expect(order()).toBe("bca");
    expect(circuits.known()[0]).toMatchObject({ state: "open", failuresInRow: 5, lastError: "UPSTREAM_UNAVAILABLE", lastHttpStatus: 503 });
    expect(told).toBe(1);
    fail(b, 5);
    fail(c, 5);
    expect(order()).toBe("abc");
  });

  it("is tried by one call after 30 s, and is back where that goes well", () => {
    fail(a, 5);
    nowMs += 29_999;
    expect(order()).toBe("bca");
    nowMs += 1;
    expect(order()).toBe("abc");
    expect(stateOf("a")).toBe("half-open");
    expect(order()).toBe("bca");
    circuits.ended(a, undefined, 200);
    expect(stateOf("a")).toBe("closed");
    expect(order()).toBe("abc");
  });

  it("is passed over for longer each time that the trial fails, 300 s at the most", () => {
    fail(a, 5);
    const waits = Array.from({ length: 12 }, () => {
      const startedAtMs = nowMs;
      while (order() !== "abc") nowMs += 1000;
      fail(a, 1);
      return (nowMs - startedAtMs) / 1000;
    });
    expect(waits).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
  });

  it("is not kept away by a trial that nobody hears of any more", () => {
    fail(a, 5);
    nowMs += 30_000;
    expect(order()).toBe("abc");
    circuits.ended(a, new GatewayError("CANCELLED", "left"), 0);
    nowMs += 29_999;
    expect(order()).toBe("bca");
    nowMs += 1;
    expect(order()).toBe("abc");
  });
});

it.each([
  ["UPSTREAM_REJECTED", "closed", 0],
  ["CANCELLED", "closed", 4],
  ["OVERLOADED", "closed", 4],
  ["UPSTREAM_RATE_LIMITED", "open", 5],
  ["UPSTREAM_TRUNCATED", "open", 5],
] as const)("counts %s for what it says of the backend", (kind, state, failuresInRow) => {
  fail(a, 4);
  fail(a, 1, kind);
  expect(circuits.known()[0]).toMatchObject({ state, failuresInRow });
});

it("hands on the very same backends as long as none is passed over", () => {
  const given = [a, b];
  fail(a, 3);
  expect(circuits.inOrder(given)).toBe(given);
  expect(backendCircuits().known()).toEqual([]);
});
