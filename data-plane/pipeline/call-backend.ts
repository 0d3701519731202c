/**
 * Calls backends until one answers with content. Until then a failure is invisible to the caller and the next backend is tried;
 * from the first content on, what fails has failed, because the caller has seen half of an answer that no other can go on with.
 */
import { GatewayError } from "../gateway-error.ts";
import type { Provider, ProviderBatch } from "../providers/provider.ts";
import type { Clocks, CompiledBackend, CompiledTier } from "../snapshot/compiled-route.ts";
import type { BackendPlaces } from "./backend-places.ts";
import type { CompletionRequest } from "./completion-request.ts";
import { backendsInOrder } from "./pick-backend.ts";

/** Which backends may be tried, and for how long. */
export interface BackendPlan {
  readonly tiers: readonly CompiledTier[];
  readonly attemptsMax: number;
  readonly clocks: Clocks;
}

export interface BackendCall extends BackendPlan {
  readonly request: CompletionRequest;
  readonly replacements: ReadonlyMap<string, string>;
  readonly outputIsRead: boolean;
}

export interface BackendDependencies {
  /** The adapter for a provider's kind; undefined: this node has none. */
  readonly providerOf: (kind: string) => Provider | undefined;
  readonly places: BackendPlaces;
  readonly random: () => number;
}

export interface Attempt {
  readonly backend: CompiledBackend;
  readonly startedAtMs: number;
  /** "ok", or the kind of the failure. Empty while it runs. */
  result: string;
  httpStatus: number;
  endedAtMs: number;
}

/** What one read from a backend brought; ProviderBatch is one of completion events. */
export interface BackendBatch<Event> {
  readonly events: readonly Event[];
  readonly bearsContent: boolean;
}

/**
 * Yields the batches of the backend that answers, from its commit point on (with what came before held back until then).
 * @param open starts the exchange with one backend: openCompletion, or what another kind of call does.
 * @param attempts is filled as they are made: the caller of this reads it at any time, also after a failure.
 * @throws GatewayError the last attempt's, where none answered.
 */
export async function* callBackend<Event>(
  plan: BackendPlan,
  open: (backend: CompiledBackend) => AsyncIterable<BackendBatch<Event>>,
  dependencies: Pick<BackendDependencies, "places" | "random">,
  attempts: Attempt[],
  signal: AbortSignal,
): AsyncGenerator<readonly Event[], void> {
  let failure: GatewayError | undefined;
  for (const backend of backendsInOrder(plan.tiers, dependencies.random)) {
    if (attempts.length >= plan.attemptsMax) break;
    const attempt: Attempt = { backend, startedAtMs: Date.now(), result: "", httpStatus: 0, endedAtMs: 0 };
    attempts.push(attempt);
    let committed = false;
    try {
      const leave = dependencies.places.take(backend, plan.clocks.queueMs, signal);
      const release = leave instanceof Promise ? await leave : leave;
      try {
        let held: Event[] | undefined;
        for await (const batch of open(backend)) {
          if (committed) yield batch.events;
          else if (batch.bearsContent) {
            committed = true;
            attempt.httpStatus = 200;
            yield held === undefined ? batch.events : [...held, ...batch.events];
          } else held = [...(held ?? []), ...batch.events];
        }
        if (!committed)
          throw new GatewayError("UPSTREAM_TRUNCATED", "the backend ended its answer without saying anything", {
            anotherBackendMayHelp: true,
          });
        attempt.result = "ok";
        return;
      } finally {
        release();
      }
    } catch (reason) {
      const error = GatewayError.from(reason);
      attempt.result = error.kind;
      attempt.httpStatus = error.details.upstreamStatus ?? attempt.httpStatus;
      if (committed || signal.aborted || error.details.anotherBackendMayHelp !== true) throw reason;
      failure = error;
    } finally {
      attempt.endedAtMs = Date.now();
      if (attempt.result === "") attempt.result = signal.aborted ? GatewayError.from(signal.reason).kind : "CANCELLED";
    }
  }
  throw (
    failure ??
    new GatewayError("UPSTREAM_UNAVAILABLE", "this route has no backend that takes calls; an operator must give a target a weight")
  );
}

export function openCompletion(
  call: BackendCall,
  backend: CompiledBackend,
  { providerOf }: BackendDependencies,
  signal: AbortSignal,
): AsyncIterable<ProviderBatch> {
  const provider = providerOf(backend.provider.kind);
  if (provider === undefined)
    throw new GatewayError("UPSTREAM_UNAVAILABLE", `this node cannot call providers of the kind "${backend.provider.kind}"`, {
      anotherBackendMayHelp: true,
    });
  const form = provider.dialect === call.request.ingress && !call.outputIsRead ? "native" : "typed";
  return provider.complete({ backend, request: call.request, replacements: call.replacements, form, clocks: call.clocks }, signal);
}
