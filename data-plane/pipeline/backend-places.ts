/**
 * How many calls a backend gets at once from this node. A call that finds no place waits in a bounded queue, by its route's
 * queue clock; without this bound a slow backend would gather every call of the node in a hidden queue of the HTTP client.
 */
import { GatewayError } from "../gateway-error.ts";
import type { CompiledBackend } from "../snapshot/compiled-route.ts";

export interface BackendPlaces {
  /** Resolves to what gives the place back, once. @throws GatewayError OVERLOADED, or the signal's reason. */
  take(backend: CompiledBackend, queueMs: number, signal: AbortSignal): Promise<() => void> | (() => void);
}

const queueLengthMax = 1024;

interface Waiter {
  admit(): void;
}

export function backendPlaces(): BackendPlaces {
  const taken = new Map<string, { count: number; readonly queue: Set<Waiter> }>();

  return {
    take(backend, queueMs, signal) {
      let place = taken.get(backend.id);
      if (place === undefined) {
        place = { count: 0, queue: new Set() };
        taken.set(backend.id, place);
      }
      const { queue } = place;
      const state = place;
      const leave = () => {
        let left = false;
        return () => {
          if (left) return;
          left = true;
          const [next] = queue;
          if (next !== undefined) {
            queue.delete(next);
            next.admit();
          } else if (--state.count === 0) taken.delete(backend.id);
        };
      };
      if (state.count < backend.concurrentCallsMax) {
        state.count++;
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
