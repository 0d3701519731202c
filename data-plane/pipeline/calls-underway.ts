/**
 * The calls that may be using a backend now, the oldest first. They are linked through their own states, so that a call pays a
 * few pointers for being known, and no entry in a map.
 */
import type { GatewayError } from "../gateway-error.ts";
import type { CallState } from "./call-state.ts";

export class CallsUnderway {
  oldest: CallState | undefined = undefined;
  #newest: CallState | undefined = undefined;
  readonly #recordOf: (state: CallState) => Uint8Array | undefined;
  readonly #onFirst: () => void;

  /**
   * @param recordOf the record by which a call is told if it never ends; undefined: there is nothing to tell.
   * @param onFirst called when there are calls again after there were none.
   */
  constructor(recordOf: (state: CallState) => Uint8Array | undefined, onFirst: () => void) {
    this.#recordOf = recordOf;
    this.#onFirst = onFirst;
  }

  any(): boolean {
    return this.oldest !== undefined;
  }

  /** Of calls that have asked a backend and began before then: of all, or of those that were not asked for before. */
  records(startedBeforeMs: number, which: "all" | "new"): readonly Uint8Array[] {
    const records: Uint8Array[] = [];
    for (let state = this.oldest; state !== undefined; state = state.later) {
      if (state.request.receivedAtMs > startedBeforeMs) break;
      if (state.attempts.length === 0 || (which === "new" && state.noted)) continue;
      state.noted = true;
      const record = this.#recordOf(state);
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /** @returns whether such a call of the organisation runs. */
  end(callId: string, organisationId: string, reason: GatewayError): boolean {
    let state = this.oldest;
    while (state !== undefined && (state.request.callId !== callId || state.caller?.organisationId !== organisationId)) state = state.later;
    state?.lifetime?.end(reason);
    return state !== undefined;
  }

  add(state: CallState): void {
    const before = this.#newest;
    this.#newest = state;
    state.isUnderway = true;
    state.earlier = before;
    if (before === undefined) {
      this.oldest = state;
      this.#onFirst();
    } else before.later = state;
  }

  /** Harmless for one that was never added. */
  delete(state: CallState): void {
    if (!state.isUnderway) return;
    state.isUnderway = false;
    const { earlier, later } = state;
    if (earlier === undefined) this.oldest = later;
    else earlier.later = later;
    if (later === undefined) this.#newest = earlier;
    else later.earlier = earlier;
    state.earlier = undefined;
    state.later = undefined;
  }
}
