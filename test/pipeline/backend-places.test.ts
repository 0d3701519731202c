/** How many calls a backend gets at once: never more than its limit, the others in their order, and nobody waits for ever. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GatewayError } from "../../data-plane/gateway-error.ts";
import { backendPlaces } from "../../data-plane/pipeline/backend-places.ts";
import type { CompiledBackend } from "../../data-plane/snapshot/compiled-route.ts";
import { backendNamed, organisationId, snapshotOf } from "./sample-call.ts";

const compiled = snapshotOf([
  ...backendNamed("a"),
  { case: "route", value: { id: "r", organisationId, name: "chat", tiers: [{ targets: [{ backendId: "backend-a", weight: 1 }] }] } },
]).route(organisationId, "chat")?.tiers[0]?.targets[0]?.backend;
if (compiled === undefined) throw new Error("the route was not compiled");
const sample = compiled;
const backend = (concurrentCallsMax: number, id = "a"): CompiledBackend => ({ ...sample, id, concurrentCallsMax });
const signal = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

type Place = ReturnType<ReturnType<typeof backendPlaces>["take"]>;

/** What became of a place by now. */
async function stateOf(place: Place): Promise<"taken" | "waiting" | "refused"> {
  await Promise.resolve();
  return Promise.race([
    Promise.resolve(place).then(
      () => "taken" as const,
      () => "refused" as const,
    ),
    new Promise<"waiting">((resolve) => queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => resolve("waiting"))))),
  ]);
}
const leaveOf = async (place: Place): Promise<() => void> => place;

test("as many as the limit come in at once and without waiting; the next one waits", async () => {
  const places = backendPlaces();
  const taken = [1, 2, 3].map(() => places.take(backend(3), 1000, signal));
  for (const place of taken) expect(place).toBeTypeOf("function");
  const fourth = places.take(backend(3), 1000, signal);
  expect(await stateOf(fourth)).toBe("waiting");
  (await leaveOf(taken[1] as Place))();
  expect(await stateOf(fourth)).toBe("taken");
});

test("those who wait come in in their order, and nobody overtakes them", async () => {
  const places = backendPlaces();
  let leave = await leaveOf(places.take(backend(1), 1000, signal));
  const waiting = [1, 2, 3, 4].map(() => places.take(backend(1), 1000, signal));
  for (const [i, next] of waiting.entries()) {
    leave();
    // One that comes now finds no place, though one has just been left.
    if (i === 0) waiting.push(places.take(backend(1), 1000, signal));
    for (const [j, place] of waiting.entries()) expect(await stateOf(place)).toBe(j <= i ? "taken" : "waiting");
    leave = await leaveOf(next);
  }
  leave();
});

test("a place that is left twice is one place", async () => {
  const places = backendPlaces();
  const leave = await leaveOf(places.take(backend(1), 1000, signal));
  const second = places.take(backend(1), 1000, signal);
  const third = places.take(backend(1), 1000, signal);
  leave();
  leave();
  leave();
  expect(await stateOf(second)).toBe("taken");
  expect(await stateOf(third)).toBe("waiting");
  (await leaveOf(second))();
  (await leaveOf(third))();
});

test("who waits longer than the queue's clock is refused, may try elsewhere, and leaves the queue", async () => {
  const places = backendPlaces();
  const leave = await leaveOf(places.take(backend(1), 1000, signal));
  const late = places.take(backend(1), 1000, signal);
  const patient = places.take(backend(1), 5000, signal);
  const refusal = expect(late).rejects.toMatchObject({ kind: "OVERLOADED", details: { anotherBackendMayHelp: true, retryAfterMs: 1000 } });
  await vi.advanceTimersByTimeAsync(999);
  expect(await stateOf(late)).toBe("waiting");
  await vi.advanceTimersByTimeAsync(1);
  await refusal;
  leave();
  expect(await stateOf(patient)).toBe("taken");
  (await leaveOf(patient))();
});

test("who leaves while waiting gets the reason, and its turn goes to the next", async () => {
  const places = backendPlaces();
  const leave = await leaveOf(places.take(backend(1), 1000, signal));
  const gone = new AbortController();
  const left = places.take(backend(1), 1000, gone.signal);
  const next = places.take(backend(1), 1000, signal);
  const reason = new GatewayError("CANCELLED", "the caller went away");
  gone.abort(reason);
  await expect(left).rejects.toBe(reason);
  leave();
  expect(await stateOf(next)).toBe("taken");
  (await leaveOf(next))();
});

test("who has left before takes no place and no turn", async () => {
  const places = backendPlaces();
  const reason = new GatewayError("CANCELLED", "the caller went away");
  for (const taken of [0, 1]) {
    const leaves = await Promise.all(Array.from({ length: taken }, () => leaveOf(places.take(backend(1), 1000, signal))));
    expect(() => places.take(backend(1), 1000, AbortSignal.abort(reason))).toThrow(reason);
    for (const leave of leaves) leave();
  }
});

test("leaving after the turn came gives the place back all the same", async () => {
  const places = backendPlaces();
  const leave = await leaveOf(places.take(backend(1), 1000, signal));
  const gone = new AbortController();
  const admitted = places.take(backend(1), 1000, gone.signal);
  leave();
  gone.abort(new Error("too late"));
  (await leaveOf(admitted))();
  expect(places.take(backend(1), 1000, signal)).toBeTypeOf("function");
});

test("the queue has an end: the 1,025th that would wait is refused at once", async () => {
  const places = backendPlaces();
  const gone = new AbortController();
  const leave = await leaveOf(places.take(backend(1), 1000, signal));
  const waiting = Array.from({ length: 1024 }, () => leaveOf(places.take(backend(1), 1000, gone.signal)));
  expect(() => places.take(backend(1), 60_000, signal)).toThrow(
    expect.objectContaining({ kind: "OVERLOADED", details: expect.objectContaining({ retryAfterMs: 5000 }) }),
  );
  gone.abort(new Error("over"));
  expect((await Promise.allSettled(waiting)).every(({ status }) => status === "rejected")).toBe(true);
  leave();
});

test("one backend's crowd is not another's", async () => {
  const places = backendPlaces();
  const leave = await leaveOf(places.take(backend(1, "a"), 1000, signal));
  expect(places.take(backend(1, "b"), 1000, signal)).toBeTypeOf("function");
  leave();
});

test("a limit that was raised lets waiting calls in, before whoever brought the news", async () => {
  const places = backendPlaces();
  const leave = await leaveOf(places.take(backend(1), 1000, signal));
  const waiting = [1, 2].map(() => places.take(backend(1), 1000, signal));
  const newcomer = places.take(backend(3), 1000, signal);
  expect(await Promise.all(waiting.map(stateOf))).toEqual(["taken", "taken"]);
  expect(await stateOf(newcomer)).toBe("waiting");
  leave();
  expect(await stateOf(newcomer)).toBe("taken");
});

test("a limit that was lowered is kept as calls end", async () => {
  const places = backendPlaces();
  const leaves = await Promise.all([1, 2, 3].map(() => leaveOf(places.take(backend(3), 1000, signal))));
  const waiting = places.take(backend(1), 1000, signal);
  leaves[0]?.();
  leaves[1]?.();
  expect(await stateOf(waiting)).toBe("waiting");
  leaves[2]?.();
  expect(await stateOf(waiting)).toBe("taken");
});
