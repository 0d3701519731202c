/**
 * What the node asks of its backends, for its report: calls at once and waiting, and how tries of the last minutes went. It costs
 * calls nothing: it looks at sums that are kept anyway, and remembers how they stood.
 */
import { create } from "@bufbuild/protobuf";
import { type BackendLoad, BackendLoadSchema } from "#proto/penstock/config/v1/node_pb.ts";
import type { Metrics } from "./metrics.ts";
import type { BackendPlaces } from "./pipeline/backend-places.ts";
import { meaningOf } from "./pipeline/circuits.ts";

export interface BackendLoads {
  /** Those that were called within the window, or are, the most called first. */
  now(): BackendLoad[];
}

const windowMs = 300_000;
/** How far apart remembered sums are: the window is as long as said, and at most so much longer. */
const stepMs = 15_000;
const reportedMax = 200;

interface Sums {
  readonly attempts: number;
  readonly failed: number;
  readonly rateLimited: number;
}

const none: Sums = { attempts: 0, failed: 0, rateLimited: 0 };

export function backendLoads(
  places: Pick<BackendPlaces, "inUse">,
  counted: Pick<Metrics, "attempts">,
  now: () => number = Date.now,
): BackendLoads {
  /** The oldest first; the first is the one that is counted from. */
  const remembered: { readonly atMs: number; readonly sums: ReadonlyMap<string, Sums> }[] = [{ atMs: now(), sums: new Map() }];

  return {
    now() {
      const atMs = now();
      const sums = new Map(Array.from(counted.attempts(), ([id, { results }]) => [id, sumsOf(results)]));
      if (atMs - (remembered.at(-1)?.atMs ?? 0) >= stepMs) remembered.push({ atMs, sums });
      while ((remembered[1]?.atMs ?? atMs) <= atMs - windowMs) remembered.shift();
      const before = remembered[0]?.sums;
      const inUse = places.inUse();
      const ids = new Set([...sums.keys(), ...inUse.keys()]);
      return [...ids]
        .map((backendId) => {
          const recent = less(sums.get(backendId) ?? none, before?.get(backendId) ?? none);
          const { taken, waiting } = inUse.get(backendId) ?? { taken: 0, waiting: 0 };
          return create(BackendLoadSchema, {
            backendId,
            callsInFlight: taken,
            callsWaiting: waiting,
            attempts: recent.attempts,
            attemptsFailed: recent.failed,
            attemptsRateLimited: recent.rateLimited,
          });
        })
        .filter(({ callsInFlight, callsWaiting, attempts }) => callsInFlight + callsWaiting + attempts > 0)
        .sort((one, other) => other.attempts + other.callsInFlight - (one.attempts + one.callsInFlight))
        .slice(0, reportedMax);
    },
  };
}

function sumsOf(results: ReadonlyMap<string, number>): Sums {
  let attempts = 0;
  let failed = 0;
  for (const [result, count] of results) {
    const meaning = meaningOf(result);
    if (meaning === "neither") continue;
    attempts += count;
    if (meaning === "ill") failed += count;
  }
  return { attempts, failed, rateLimited: results.get("UPSTREAM_RATE_LIMITED") ?? 0 };
}

const less = (whole: Sums, part: Sums): Sums => ({
  attempts: whole.attempts - part.attempts,
  failed: whole.failed - part.failed,
  rateLimited: whole.rateLimited - part.rateLimited,
});
