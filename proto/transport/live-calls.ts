/**
 * The calls in progress, for whoever counts them or ends them all. A list in which each knows its place, and not a Set: a Set that
 * is added to and deleted from without pause leaves a chain of outgrown tables in V8's old space, each pointing to the next, and
 * through them every finished call outlives the young collections (12 KB a call and a third of all CPU time, as measured).
 */
export interface LiveCall<End> {
  readonly end: (reason: End) => void;
  place: number;
}

export class LiveCalls<End> {
  readonly #calls: LiveCall<End>[] = [];

  get size(): number {
    return this.#calls.length;
  }

  add(end: (reason: End) => void): LiveCall<End> {
    const call = { end, place: this.#calls.length };
    this.#calls.push(call);
    return call;
  }

  /** Once for each. */
  delete(call: LiveCall<End>): void {
    const last = this.#calls.pop();
    if (last === undefined || last === call) return;
    this.#calls[call.place] = last;
    last.place = call.place;
  }

  /** Calls may leave while they are told. */
  endAll(reason: End): void {
    for (const { end } of [...this.#calls]) end(reason);
  }
}
