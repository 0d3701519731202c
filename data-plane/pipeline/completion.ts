/**
 * One completion, from the credential to the ledger. Read this file first: it is the data plane's table of contents. Each stage
 * has a file of its own; what it needs is in its arguments, what it decides is its result, and stages do not call each other.
 * Every ingress passes here, so that no guard, quota or meter is skipped on one of them.
 */

import { GatewayError } from "../gateway-error.ts";
import { readSnapshot, type SnapshotSource } from "../snapshot/snapshot-source.ts";
import { answerMeter } from "./answer-meter.ts";
import { assignVariant } from "./assign-variant.ts";
import type { Authenticate } from "./authenticate.ts";
import { type Attempt, type BackendDependencies, callBackend, openCompletion } from "./call-backend.ts";
import { account, callState, factsOf } from "./call-state.ts";
import { CallTimes } from "./call-times.ts";
import { inCallersWords } from "./caller-field.ts";
import type { CallsUnderway } from "./calls-underway.ts";
import { captureContent } from "./captured-content/captured-content.ts";
import type { CallFacts, CompletionEvent } from "./completion-event.ts";
import type { CompletionRequest } from "./completion-request.ts";
import { tiersOf } from "./economy.ts";
import { estimateCall } from "./estimate-tokens.ts";
import type { Guard } from "./guard.ts";
import { requireMethod } from "./key-scope.ts";
import type { QuotaLedger } from "./quota-ledger.ts";
import { renderPrompt } from "./render-prompt.ts";
import { limitsUnheld, type Reservation, reserveQuota } from "./reserve-quota.ts";
import { resolveRoute } from "./resolve-route.ts";
import { entryOf, type ResponseCache, replayed } from "./response-cache.ts";
import { settlementOf } from "./settlement.ts";
import { readersOfReasoning } from "./signed-reasoning.ts";
import { assignStickyVariant, type StickyVariants } from "./sticky-variant.ts";
import { type CallLifetime, startTotalClock } from "./total-clock.ts";
import type { RecordCall } from "./usage-record.ts";

export interface CompletionDependencies extends BackendDependencies {
  readonly snapshot: SnapshotSource;
  readonly authenticate: Authenticate;
  readonly guard: Guard;
  readonly quota: QuotaLedger;
  readonly cache: ResponseCache;
  /** Asked only where a route's experiment keeps its units. */
  readonly stickyVariants: StickyVariants;
  /** Knows a call from when its quotas are held until it is over. */
  readonly underway: CallsUnderway;
  /** Appends the usage event to the node's log and counts the call. Never throws. */
  readonly record: RecordCall;
  /** HMAC of an end user's or a unit's id, hex: their own ids leave the node towards nobody but the backend. */
  readonly pseudonym: (id: string) => string;
}

/**
 * @throws GatewayError whatever ended the call; the same error is in the usage event.
 */
export async function* complete(
  request: CompletionRequest,
  dependencies: CompletionDependencies,
  lifetime: CallLifetime,
): AsyncGenerator<readonly CompletionEvent[], void> {
  const { signal } = lifetime;
  const times = new CallTimes(request.receivedAtMs);
  const state = callState(request, answerMeter(request), times, lifetime);
  let reservation: Reservation | undefined;
  let stopClock: (() => void) | undefined;
  try {
    const snapshot = readSnapshot(dependencies.snapshot);
    state.snapshot = snapshot;

    const caller = dependencies.authenticate(snapshot, request.credential, request.receivedAtMs, request.callerHeader);
    state.caller = caller;
    requireMethod(caller.apiKey, "chat");
    const route = resolveRoute(snapshot, caller, request.model);
    state.route = route;
    const captured = snapshot.keepsContent ? captureContent(snapshot, route, caller, request, dependencies.random) : undefined;
    state.captured = captured;
    stopClock = startTotalClock(route.clocks.totalMs, lifetime);
    const { experiment } = route;
    const assignment =
      experiment?.sticky === true
        ? await assignStickyVariant(route, experiment, request, caller, dependencies)
        : assignVariant(route, request, caller);
    state.assignment = assignment;
    const rendered = renderPrompt(snapshot, route, assignment, request);
    state.rendered = rendered;
    times.decidedUs = times.nowUs();
    const guarding = dependencies.guard.input(request, signal);
    if (guarding !== undefined) {
      await guarding;
      times.guardedUs = times.nowUs();
    }
    const endUserHash = request.endUserId === "" ? "" : dependencies.pseudonym(request.endUserId);
    const tiers = tiersOf(snapshot, caller, route, assignment, request.receivedAtMs);
    const estimate = (precision: "guessed" | "counted") => estimateCall(request, route, rendered, precision);
    state.estimate = estimate;
    reservation = await reserveQuota(dependencies.quota, { snapshot, caller, route, tiers, request, estimate, endUserHash }, signal);
    state.reservation = reservation;
    times.reservedUs = times.nowUs();
    dependencies.underway.add(state);
    const entry = route.cacheTtlMs === 0 ? undefined : entryOf(dependencies.cache, { caller, route, assignment, rendered, tiers, request });
    const lookingUp = entry?.lookUp(signal);
    const cached = lookingUp instanceof Promise ? await lookingUp : lookingUp;
    if (entry !== undefined) {
      state.cache = cached === undefined ? "miss" : "hit";
      times.lookedUpUs = times.nowUs();
    }
    state.cached = cached;
    const call = {
      request,
      tiers,
      attemptsMax: route.attemptsMax,
      clocks: route.clocks,
      times,
      replacements: rendered.replacements,
      promptMessages: rendered.messages,
      dropParameters: route.dropParameters,
      outputIsRead: dependencies.guard.readsOutput,
      admit: reservation.admit,
      fit: readersOfReasoning(request.reasoningSigners, route.dropParameters, dependencies.providerOf),
    };
    const open = (attempt: Attempt) => openCompletion(call, attempt, dependencies, signal);

    let facts: CallFacts | undefined;
    for await (const batch of cached === undefined
      ? callBackend(call, open, dependencies, state.attempts, signal)
      : replayed(cached, signal)) {
      const events = dependencies.guard.output(batch, signal);
      state.meter.see(events);
      if (cached === undefined) {
        const growing = reservation.grow?.(state.meter.outputTokens());
        if (growing !== undefined) await growing;
        entry?.add(events);
      }
      if (captured !== undefined) captured.add(events);
      if (facts === undefined) {
        facts = factsOf(state, reservation);
        yield [{ type: "committed", facts, writeStallMs: route.clocks.writeStallMs }, ...events];
      } else yield events;
    }
    if (facts === undefined) throw new GatewayError("INTERNAL", "internal error; quote the request id when you report it");
    if (cached === undefined) entry?.commit(facts.dropped);
    account(state);
    yield [{ type: "finished", report: { ...facts, usage: state.usage, costNanodollars: state.costNanodollars } }];
  } catch (reason) {
    const failure = inCallersWords(GatewayError.ending(signal, reason), request, state.rendered?.messages.length);
    state.failure =
      failure.details.limits === undefined ? failure.withLimits(reservation?.limits ?? limitsUnheld(state, dependencies)) : failure;
    throw state.failure;
  } finally {
    // Runs on every way out. A caller that leaves while we wait for it to read throws nothing in here: the edge calls return()
    // on us, and only the signal knows why.
    stopClock?.();
    dependencies.underway.delete(state);
    if (signal.aborted) state.failure = GatewayError.ending(signal, state.failure);
    account(state);
    reservation?.settle(settlementOf(state));
    dependencies.record(state);
  }
}
