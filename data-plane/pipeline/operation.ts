/**
 * One call that is not a completion, from the credential to the ledger: the stages of completion.ts without those that speak of
 * a conversation (prompt, cache). Whoever adds a stage that every call must pass adds it in both.
 */

import { GatewayError } from "../gateway-error.ts";
import type { ProviderCall } from "../providers/provider.ts";
import type { CompiledBackend } from "../snapshot/compiled-route.ts";
import { readSnapshot } from "../snapshot/snapshot-source.ts";
import { assignVariant } from "./assign-variant.ts";
import { type Attempt, type BackendBatch, callBackend, letGo } from "./call-backend.ts";
import { account, callState, factsOf } from "./call-state.ts";
import { type AttemptTimes, CallTimes } from "./call-times.ts";
import type { CompletionDependencies } from "./completion.ts";
import type { CallFacts } from "./completion-event.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { methodOf, requireMethod } from "./key-scope.ts";
import type { OperationAnswerEvent, OperationEvent } from "./operation-event.ts";
import { operationMeter } from "./operation-meter.ts";
import type { OperationRequest } from "./operation-request.ts";
import { operationTiers } from "./operation-tiers.ts";
import { limitsUnheld, type Reservation, reserveQuota } from "./reserve-quota.ts";
import { settlementOf } from "./settlement.ts";
import { assignStickyVariant } from "./sticky-variant.ts";
import { type CallLifetime, startTotalClock } from "./total-clock.ts";

export interface OperationDependencies
  extends Pick<
    CompletionDependencies,
    | "snapshot"
    | "authenticate"
    | "guard"
    | "quota"
    | "places"
    | "circuits"
    | "random"
    | "record"
    | "pseudonym"
    | "underway"
    | "stickyVariants"
  > {
  /** The adapter for a provider's kind; undefined: it has nothing but completions. */
  readonly operationsOf: (kind: string) => OperationProvider | undefined;
}

/** What an adapter offers whose backends have more than completions. Fails as Provider does. */
export interface OperationProvider {
  /** Whether its backends keep files, batches and jobs. */
  readonly keepsFiles: boolean;
  operate(call: OperationCall, signal: AbortSignal): AsyncIterable<BackendBatch<OperationAnswerEvent>>;
}

export interface OperationCall {
  readonly backend: CompiledBackend;
  readonly request: OperationRequest;
  readonly clocks: { readonly connectMs: number; readonly firstByteMs: number; readonly idleMs: number };
  readonly times?: AttemptTimes | undefined;
  /** As ProviderCall's, for a backend that has other words than its caller. */
  readonly cannotCarry: ProviderCall["cannotCarry"];
}

/** @throws GatewayError whatever ended the call; the same error is in the usage event. */
export async function* operate(
  request: OperationRequest,
  dependencies: OperationDependencies,
  lifetime: CallLifetime,
): AsyncGenerator<readonly OperationEvent[], void> {
  const { signal } = lifetime;
  const times = new CallTimes(request.receivedAtMs);
  const state = callState(request, operationMeter(request), times, lifetime);
  let reservation: Reservation | undefined;
  let stopClock: (() => void) | undefined;
  try {
    const snapshot = readSnapshot(dependencies.snapshot);
    state.snapshot = snapshot;

    const caller = dependencies.authenticate(snapshot, request.credential, request.receivedAtMs, request.callerHeader);
    state.caller = caller;
    requireMethod(caller.apiKey, methodOf(request.ingress));
    const { route, tiers } = operationTiers(snapshot, caller, request);
    state.route = route;
    stopClock = startTotalClock(route.clocks.totalMs, lifetime);
    const experiment = request.target.case === "route" ? route.experiment : undefined;
    if (experiment !== undefined)
      state.assignment = experiment.sticky
        ? await assignStickyVariant(route, experiment, request, caller, dependencies)
        : assignVariant(route, request, caller);
    times.decidedUs = times.nowUs();
    const guarding = dependencies.guard.input(request, signal);
    if (guarding !== undefined) {
      await guarding;
      times.guardedUs = times.nowUs();
    }
    const endUserHash = request.endUserId === "" ? "" : dependencies.pseudonym(request.endUserId);
    const own = state.assignment?.variant.tiers ?? tiers;
    const estimate = () => ({ inputTokens: estimateOperation(request), outputTokens: 0 });
    state.estimate = estimate;
    reservation = await reserveQuota(dependencies.quota, { snapshot, caller, route, tiers: own, request, estimate, endUserHash }, signal);
    state.reservation = reservation;
    times.reservedUs = times.nowUs();
    dependencies.underway.add(state);
    const plan = { tiers: own, attemptsMax: route.attemptsMax, clocks: route.clocks, times, admit: reservation.admit };
    const open = (attempt: Attempt) => {
      const cannotCarry: OperationCall["cannotCarry"] = (field, kind) => letGo(field, kind, route.dropParameters, attempt);
      return openOperation(
        { backend: attempt.backend, request, clocks: route.clocks, times: attempt.times, cannotCarry },
        dependencies,
        signal,
      );
    };

    let facts: CallFacts | undefined;
    for await (const batch of callBackend(plan, open, dependencies, state.attempts, signal)) {
      const events = dependencies.guard.output(batch, signal);
      state.meter.see(events);
      if (facts === undefined) {
        facts = factsOf(state, reservation);
        yield [{ type: "committed", facts, writeStallMs: route.clocks.writeStallMs }, ...events];
      } else yield events;
    }
    if (facts === undefined) throw new GatewayError("INTERNAL", "internal error; quote the request id when you report it");
    account(state);
    yield [{ type: "finished", report: { ...facts, usage: state.usage, costNanodollars: state.costNanodollars } }];
  } catch (reason) {
    const failure = GatewayError.ending(signal, reason);
    state.failure =
      failure.details.limits === undefined ? failure.withLimits(reservation?.limits ?? limitsUnheld(state, dependencies)) : failure;
    throw state.failure;
  } finally {
    // As in completion.ts: on every way out, also when the caller left while it was waited for.
    stopClock?.();
    dependencies.underway.delete(state);
    if (signal.aborted) state.failure = GatewayError.ending(signal, state.failure);
    account(state);
    reservation?.settle(settlementOf(state));
    dependencies.record(state);
  }
}

function openOperation(call: OperationCall, { operationsOf }: OperationDependencies, signal: AbortSignal) {
  const { kind } = call.backend.provider;
  const provider = operationsOf(kind);
  if (provider === undefined)
    throw new GatewayError(
      "UNSUPPORTED_ENDPOINT",
      `providers of the kind "${kind}" serve nothing like this; call a route over another kind`,
      {
        anotherBackendMayHelp: true,
      },
    );
  return provider.operate(call, signal);
}

/** Tokens that are reserved: those of its text, and nothing for what only keeps or fetches. */
export const estimateOperation = ({ body, unsaidUsage }: OperationRequest): number =>
  unsaidUsage === "nothing" ? 0 : estimateTokens(body.case === "json" ? body.json.text.length : 0);
