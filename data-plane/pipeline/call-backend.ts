/**
 * Calls backends until one answers with content. Until then a failure is invisible to the caller and the next backend is tried;
 * from the first content on, what fails has failed, because the caller has seen half of an answer that no other can go on with.
 */
import { GatewayError } from "../gateway-error.ts";
import type { Provider, ProviderBatch, ProviderCall } from "../providers/provider.ts";
import type { Clocks, CompiledBackend, CompiledTier } from "../snapshot/compiled-route.ts";
import type { BackendPlaces } from "./backend-places.ts";
import { AttemptTimes, type CallTimes } from "./call-times.ts";
import type { Circuits } from "./circuits.ts";
import type { CompletionRequest } from "./completion-request.ts";
import { backendsInOrder } from "./pick-backend.ts";

/** Which backends may be tried, and for how long. */
export interface BackendPlan {
  readonly tiers: readonly CompiledTier[];
  readonly attemptsMax: number;
  readonly clocks: Clocks;
  readonly times: CallTimes;
  /** Takes what is laid on the backend that is tried next. Throws where it has no room. */
  readonly admit?: ((attempt: Attempt) => void | Promise<void>) | undefined;
  /** For a call that not every backend can take: those that can, of these in this order. */
  readonly fit?: ((backends: Iterable<CompiledBackend>) => Iterable<CompiledBackend>) | undefined;
}

export interface BackendCall extends BackendPlan {
  readonly request: CompletionRequest;
  readonly replacements: ReadonlyMap<string, string>;
  readonly promptMessages: readonly string[];
  readonly dropParameters: ReadonlySet<string>;
  readonly outputIsRead: boolean;
}

export interface BackendDependencies {
  /** The adapter for a provider's kind; undefined: this node has none. */
  readonly providerOf: (kind: string) => Provider | undefined;
  readonly places: BackendPlaces;
  readonly circuits: Circuits;
  readonly random: () => number;
}

export interface Attempt {
  readonly backend: CompiledBackend;
  readonly startedAtMs: number;
  /** "ok", or the kind of the failure. Empty while it runs. */
  result: string;
  httpStatus: number;
  endedAtMs: number;
  /** Fields that this backend could not be given and that were left out, sorted. */
  dropped: readonly string[];
  /** undefined: it is told by others, who did not say. */
  readonly times?: AttemptTimes | undefined;
}

/** What one read from a backend brought; ProviderBatch is one of completion events. */
export interface BackendBatch<Event> {
  readonly events: readonly Event[];
  readonly bearsContent: boolean;
}

/**
 * The batches of the backend that answers, from its commit point on (with what came before held back until then).
 * @param open starts the exchange with one backend: openCompletion, or what another kind of call does.
 * @param attempts is filled as they are made: the caller of this reads it at any time, also after a failure.
 * @throws (from its `next`) GatewayError the last attempt's, where none answered.
 */
export const callBackend = <Event>(
  plan: BackendPlan,
  open: (attempt: Attempt) => AsyncIterable<BackendBatch<Event>>,
  dependencies: Pick<BackendDependencies, "places" | "circuits" | "random">,
  attempts: Attempt[],
  signal: AbortSignal,
): AsyncIterable<readonly Event[]> => new BackendAnswer(plan, open, dependencies, attempts, signal);

/** An iterator and not a generator: it stands between each read and its write, and generators here and below it cost an eighth of a token. */
class BackendAnswer<Event> implements AsyncIterableIterator<readonly Event[], void> {
  readonly #plan: BackendPlan;
  readonly #open: (attempt: Attempt) => AsyncIterable<BackendBatch<Event>>;
  readonly #dependencies: Pick<BackendDependencies, "places" | "circuits" | "random">;
  readonly #attempts: Attempt[];
  readonly #signal: AbortSignal;
  /** The answer that is handed on; undefined: none has come to its commit point. */
  #answer: AsyncIterator<BackendBatch<Event>> | undefined;
  #attempt: Attempt | undefined;
  #leavePlace: (() => void) | undefined;

  constructor(
    plan: BackendPlan,
    open: (attempt: Attempt) => AsyncIterable<BackendBatch<Event>>,
    dependencies: Pick<BackendDependencies, "places" | "circuits" | "random">,
    attempts: Attempt[],
    signal: AbortSignal,
  ) {
    this.#plan = plan;
    this.#open = open;
    this.#dependencies = dependencies;
    this.#attempts = attempts;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<readonly Event[], void>> {
    if (this.#answer === undefined) return { done: false, value: await this.#commit() };
    try {
      const step = await this.#answer.next();
      if (step.done !== true) return { done: false, value: step.value.events };
      this.#succeed();
      return step;
    } catch (reason) {
      this.#fail(reason);
      throw reason;
    }
  }

  /** Nobody reads on. */
  async return(): Promise<IteratorResult<readonly Event[], void>> {
    await this.#answer?.return?.();
    this.#end(this.#signal.aborted ? GatewayError.from(this.#signal.reason).kind : "CANCELLED");
    return { done: true, value: undefined };
  }

  /** Tries backends until one has content, and returns that with what came before it. */
  async #commit(): Promise<readonly Event[]> {
    let failure: GatewayError | undefined;
    const { places, circuits, random } = this.#dependencies;
    const backends = backendsInOrder(this.#plan.tiers, random);
    for (const backend of circuits.inOrder(this.#plan.fit?.(backends) ?? backends)) {
      if (this.#attempts.length >= this.#plan.attemptsMax) break;
      const times = new AttemptTimes(this.#plan.times);
      const attempt: Attempt = {
        backend,
        startedAtMs: times.startedAtMs(),
        result: "",
        httpStatus: 0,
        endedAtMs: 0,
        dropped: nothing,
        times,
      };
      this.#attempt = attempt;
      this.#attempts.push(attempt);
      try {
        if (this.#plan.admit !== undefined) await this.#plan.admit(attempt);
        const place = places.take(backend, this.#plan.clocks.queueMs, this.#signal);
        this.#leavePlace = place instanceof Promise ? await place : place;
        times.placed(place instanceof Promise || this.#plan.admit !== undefined);
        return await this.#firstContent(attempt);
      } catch (reason) {
        const error = this.#fail(reason);
        if (this.#signal.aborted || error.details.anotherBackendMayHelp !== true) throw reason;
        // What one backend cannot be given says less of the call than how another failed.
        if (failure === undefined || error.kind !== "UNSUPPORTED_PARAMETER") failure = error;
      }
    }
    throw (
      failure ??
      new GatewayError("UPSTREAM_UNAVAILABLE", "this route has no backend that takes calls; an operator must give a target a weight")
    );
  }

  async #firstContent(attempt: Attempt): Promise<readonly Event[]> {
    const answer = this.#open(attempt)[Symbol.asyncIterator]();
    let held: readonly Event[] | undefined;
    for (;;) {
      const step = await answer.next();
      if (step.done === true)
        throw new GatewayError("UPSTREAM_TRUNCATED", "the backend ended its answer without saying anything", {
          anotherBackendMayHelp: true,
        });
      const { events, bearsContent } = step.value;
      held = held === undefined ? events : [...held, ...events];
      if (!bearsContent) continue;
      this.#answer = answer;
      attempt.httpStatus = 200;
      attempt.times?.content();
      return held;
    }
  }

  #succeed(): void {
    const attempt = this.#attempt;
    if (attempt !== undefined) this.#dependencies.circuits.ended(attempt.backend, undefined, attempt.httpStatus);
    this.#end("ok");
  }

  #fail(reason: unknown): GatewayError {
    const error = GatewayError.from(reason);
    const attempt = this.#attempt;
    if (attempt !== undefined) {
      attempt.httpStatus = error.details.upstreamStatus ?? attempt.httpStatus;
      if (!this.#signal.aborted) this.#dependencies.circuits.ended(attempt.backend, error, attempt.httpStatus);
    }
    this.#end(error.kind);
    return error;
  }

  #end(result: string): void {
    const attempt = this.#attempt;
    this.#leavePlace?.();
    this.#leavePlace = undefined;
    if (attempt === undefined || attempt.result !== "") return;
    attempt.result = result;
    attempt.times?.ended();
    attempt.endedAtMs = attempt.times?.endedAtMs() ?? Date.now();
  }
}

const nothing: readonly string[] = [];

export function openCompletion(
  call: BackendCall,
  attempt: Attempt,
  { providerOf }: BackendDependencies,
  signal: AbortSignal,
): AsyncIterable<ProviderBatch> {
  const { backend } = attempt;
  const { request, replacements, promptMessages, clocks, dropParameters } = call;
  const provider = providerOf(backend.provider.kind);
  if (provider === undefined)
    throw new GatewayError("UPSTREAM_UNAVAILABLE", `this node cannot call providers of the kind "${backend.provider.kind}"`, {
      anotherBackendMayHelp: true,
    });
  const cannotCarry: ProviderCall["cannotCarry"] = (field, kind, fieldIn) => letGo(field, kind, dropParameters, attempt, fieldIn);
  const ownDialect = request.ingress !== "grpc" && provider.dialects.includes(request.ingress);
  if (!ownDialect && request.native !== undefined) {
    for (const field of request.native.unmapped) cannotCarry(field, undefined, "caller");
    for (const field of request.native.hints) cannotCarry(field, "hint", "caller");
  }
  const form = ownDialect && !call.outputIsRead ? "native" : "typed";
  return provider.complete({ backend, request, replacements, promptMessages, form, clocks, times: attempt.times, cannotCarry }, signal);
}

/**
 * A route names fields without the places in lists: "messages.name" lets go of messages[2].name.
 * @param fieldIn as of GatewayErrorDetails.
 */
export function letGo(
  field: string,
  kind: "hint" | undefined,
  dropParameters: ReadonlySet<string>,
  attempt: Attempt,
  fieldIn?: "caller",
): void {
  const name = field.replaceAll(/\[\d+\]/g, "");
  if (kind !== "hint" && !dropParameters.has(name))
    throw new GatewayError(
      "UNSUPPORTED_PARAMETER",
      `"${field}" has no place in what the backend of this route understands; leave it out, or let the route drop "${name}"`,
      { field, ...(fieldIn === undefined ? {} : { fieldIn }), anotherBackendMayHelp: true },
    );
  if (!attempt.dropped.includes(name)) attempt.dropped = [...attempt.dropped, name].sort();
}
