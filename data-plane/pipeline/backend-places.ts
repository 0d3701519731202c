/**
 * How many calls a backend gets at once from this node. A call that finds no place waits in a bounded queue, by its route's
 * queue clock; without this bound a slow backend would gather every call of the node in a hidden queue of the HTTP client.
 */
import { GatewayError } from "../gateway-error.ts";
import type { CompiledBackend } from "../snapshot/compiled-route.ts";

export interface BackendPlaces {
  /** Resolves to what gives the place back, once. @throws GatewayError OVERLOADED, or the signal's reason. */
  take(backend: CompiledBackend, queueMs: number, signal: AbortSignal): Promise<() => void> | (() => void);
  /** By the backend's id; a backend without calls is not there. */
  inUse(): ReadonlyMap<string, PlacesInUse>;
}

export interface PlacesInUse {
  readonly taken: number;
  readonly waiting: number;
}

const queueLengthMax = 1024;

interface Waiter {
  admit(): void;
}

interface Places {
  taken: number;
  /** As the newest snapshot says it: raising it lets waiting calls in. */
  max: number;
  /** In the order in which they came. */
  readonly queue: Set<Waiter>;
}

export function backendPlaces(): BackendPlaces {
  const byBackend = new Map<string, Places>();

  const admitWaiting = (places: Places) => {
    for (const waiter of places.queue) {
      if (places.taken >= places.max) return;
      places.taken++;
      waiter.admit();
    }
  };

  return {
    inUse: () => new Map(Array.from(byBackend, ([id, { taken, queue }]) => [id, { taken, waiting: queue.size }])),
    take(backend, queueMs, signal) {
      signal.throwIfAborted();
      let places = byBackend.get(backend.id);
      if (places === undefined) {
        places = { taken: 0, max: 0, queue: new Set() };
        byBackend.set(backend.id, places);
      }
      const { queue } = places;
      const held = places;
      const leave = () => {
        let left = false;
        return () => {
          if (left) return;
          left = true;
          held.taken--;
          admitWaiting(held);
          if (held.taken === 0 && byBackend.get(backend.id) === held) byBackend.delete(backend.id);
        };
      };
      held.max = backend.concurrentCallsMax;
      admitWaiting(held);
      if (held.taken < held.max) {
        held.taken++;
        return leave();
      }
      if (queue.size >= queueLengthMax) throw overloaded(queueMs);
      return new Promise((resolve, reject) => {
        const settle = () => {
          clearTimeout(timer);
          queue.delete(waiter);
          signal.removeEventListener("abort", onAbort);
        };
        const waiter: Waiter = {
          admit: () => {
            settle();
            resolve(leave());
          },
        };
        const onAbort = () => {
          settle();
          reject(signal.reason);
        };
        const timer = setTimeout(() => {
          settle();
          reject(overloaded(queueMs));
        }, queueMs);
        queue.add(waiter);
        signal.addEventListener("abort", onAbort);
      });
    },
  };
}

const overloaded = (queueMs: number) =>
  new GatewayError("OVERLOADED", "every place at the backend is taken; try again later", {
    retryAfterMs: Math.min(queueMs, 5000),
    anotherBackendMayHelp: true,
  });
