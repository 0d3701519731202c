/**
 * What a batch has used, for the ledger: told by its provider in the batch itself, once it has ended. Whoever asks for such a batch
 * first has it recorded; the record's id and time are the batch's own, so that the ledger takes it once whatever node tells it.
 *
 * Providers ask less for batches and the catalogue has no such price, so what it cost is not known, which is not zero.
 */
import { createHash } from "node:crypto";
import { v7 } from "uuid";
import type { Caller } from "../../pipeline/authenticate.ts";
import type { CallRequest } from "../../pipeline/call-request.ts";
import { type CallState, callState } from "../../pipeline/call-state.ts";
import type { TokenUsage } from "../../pipeline/completion-event.ts";
import { backendsOf } from "../../pipeline/operation-tiers.ts";
import { routesFor } from "../../pipeline/resolve-route.ts";
import type { RuntimeSnapshot } from "../../snapshot/runtime-snapshot.ts";
import type { Json } from "./owned-objects.ts";

export interface EndedBatch {
  readonly batch: Json;
  readonly usage: TokenUsage;
  readonly providerId: string;
  readonly snapshot: RuntimeSnapshot;
  readonly caller: Caller;
}

/** Batches that this node has recorded lately, so that who polls one does not fill the node's log with what the ledger has. */
const recordedMax = 1000;

/** @param record appends to the node's log. @param endedAtMs when the batch ended. */
export function batchUsage(record: (state: CallState, endedAtMs: number) => void): (ended: EndedBatch) => void {
  const recorded: string[] = [];
  return (ended) => {
    const { batch, usage, providerId } = ended;
    const endedAtMs = endOf(batch);
    if (endedAtMs === undefined || usage.inputTokens + usage.outputTokens === 0) return;
    const callId = callIdOf(`${providerId} ${String(batch["id"])}`, endedAtMs);
    if (recorded.includes(callId)) return;
    recorded.push(callId);
    if (recorded.length > recordedMax) recorded.shift();
    record(stateOf(ended, callId, endedAtMs), endedAtMs);
  };
}

/** undefined: it has not ended. */
function endOf(batch: Json): number | undefined {
  for (const name of ["completed_at", "cancelled_at", "expired_at", "failed_at"]) {
    const seconds = batch[name];
    if (typeof seconds === "number" && seconds > 0) return seconds * 1000;
  }
  return undefined;
}

const callIdOf = (batch: string, endedAtMs: number): string =>
  v7({ msecs: endedAtMs, random: createHash("sha256").update(`penstock/batch/1\0${batch}`).digest() });

function stateOf({ batch, usage, providerId, snapshot, caller }: EndedBatch, callId: string, endedAtMs: number): CallState {
  const model = typeof batch["model"] === "string" ? batch["model"] : "";
  const { route, backend } = placeOf(snapshot, caller, providerId, model);
  const startedAtMs = typeof batch["in_progress_at"] === "number" ? batch["in_progress_at"] * 1000 : endedAtMs;
  const request: CallRequest = {
    ingress: "openai-batch",
    callId,
    requestId: callId,
    receivedAtMs: startedAtMs,
    credential: undefined,
    model: route?.name ?? model,
    stream: false,
    endUserId: "",
    sessionId: "",
    tags: {},
    simulation: {},
  };
  const meter = { usage: () => usage, servedModel: model, finishReason: "", firstContentAtMs: undefined };
  const state = callState(request, meter);
  Object.assign(state, { caller, snapshot, route, usage });
  if (backend !== undefined) state.attempts.push({ backend, startedAtMs, result: "ok", httpStatus: 200, endedAtMs, dropped: [] });
  return state;
}

/** The caller's route whose backend at the provider has the batch's model, which the provider may tell with its date. */
function placeOf(snapshot: RuntimeSnapshot, caller: Caller, providerId: string, model: string) {
  const places = routesFor(snapshot, caller).flatMap((route) =>
    backendsOf(route)
      .filter((backend) => backend.provider.id === providerId && model !== "" && model.startsWith(backend.model))
      .map((backend) => ({ route, backend })),
  );
  // The longest name is the nearest: "gpt-9-mini-2026-01-01" is no "gpt-9".
  return places.reduce<{ route?: (typeof places)[0]["route"]; backend?: (typeof places)[0]["backend"] }>(
    (best, place) => (place.backend.model.length > (best.backend?.model.length ?? 0) ? place : best),
    {},
  );
}
