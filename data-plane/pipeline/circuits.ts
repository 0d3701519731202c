/**
 * Which backends fail again and again, seen from this node. A backend that has failed five times in a row is passed over: calls try
 * every other that they may first, and it as the last, so that a route whose only backend is ill loses nothing by it. After
 * 30 s (twice that the next time, 300 s at the most) one call tries it in its place; where that goes well it is back.
 *
 * Only failures are kept, so a healthy backend costs a look into an empty map.
 */
import type { GatewayError, GatewayErrorKind } from "../gateway-error.ts";
import type { CompiledBackend } from "../snapshot/compiled-route.ts";

/** What is known of a backend that has failed since the node's start. */
export interface BackendCircuit {
  readonly backendId: string;
  state: "closed" | "open" | "half-open";
  /** Of the state. */
  sinceMs: number;
  /** Not before then is it tried in its place. Of an open one. */
  openUntilMs: number;
  failuresInRow: number;
  /** How often in a row it was opened. */
  openings: number;
  lastError: GatewayErrorKind;
  lastMessage: string;
  /** 0: no answer came. */
  lastHttpStatus: number;
  lastErrorAtMs: number;
}

export interface Circuits {
  /** The same backends, those that are passed over last. */
  inOrder(backends: Iterable<CompiledBackend>): Iterable<CompiledBackend>;
  /** @param failure undefined: the backend has answered to the end. */
  ended(backend: CompiledBackend, failure: GatewayError | undefined, httpStatus: number): void;
  /** Those that have failed, the last to fail first. */
  known(): BackendCircuit[];
}

const failuresMax = 5;
const openMs = 30_000;
const openMsMax = 300_000;
/** A backend that was well for so long begins anew. */
const forgivenAfterMs = 300_000;
/** A trial that nobody hears of any more does not keep others from trying. */
const trialMsMax = 30_000;
const circuitsMax = 10_000;

/**
 * ill: the backend failed. well: it answered, and the call was wrong. neither: it says nothing of the backend.
 */
const meanings = {
  UPSTREAM_UNAVAILABLE: "ill",
  UPSTREAM_TIMEOUT: "ill",
  UPSTREAM_PROTOCOL: "ill",
  UPSTREAM_TRUNCATED: "ill",
  UPSTREAM_RATE_LIMITED: "ill",
  UPSTREAM_REJECTED: "well",
  CONTEXT_LENGTH_EXCEEDED: "well",
  API_KEY_INVALID: "neither",
  API_KEY_EXPIRED: "neither",
  API_KEY_REVOKED: "neither",
  API_KEY_FORBIDDEN: "neither",
  ROUTE_FORBIDDEN: "neither",
  MODEL_NOT_FOUND: "neither",
  INVALID_ARGUMENT: "neither",
  UNSUPPORTED_PARAMETER: "neither",
  UNSUPPORTED_ENDPOINT: "neither",
  PAYLOAD_TOO_LARGE: "neither",
  PROMPT_NOT_FOUND: "neither",
  RESOURCE_NOT_FOUND: "neither",
  RATE_LIMITED: "neither",
  BUDGET_EXHAUSTED: "neither",
  QUOTA_UNAVAILABLE: "neither",
  GUARD_BLOCKED: "neither",
  OVERLOADED: "neither",
  DEADLINE_EXCEEDED: "neither",
  CALLER_STALLED: "neither",
  CANCELLED: "neither",
  NOT_READY: "neither",
  SHUTTING_DOWN: "neither",
  INTERNAL: "neither",
} satisfies Record<GatewayErrorKind, "ill" | "well" | "neither">;

/** @param result of an attempt: "ok", or the kind of its failure. */
export const meaningOf = (result: string): "ill" | "well" | "neither" =>
  result === "ok" ? "well" : ((meanings as Readonly<Record<string, "ill" | "well" | "neither">>)[result] ?? "neither");

/** @param changed is told when a circuit opens or closes. */
export function backendCircuits(changed: () => void = () => {}, now: () => number = Date.now): Circuits {
  const byBackend = new Map<string, BackendCircuit>();
  let notClosed = 0;

  const turn = (circuit: BackendCircuit, state: BackendCircuit["state"], atMs = now()) => {
    if ((circuit.state === "closed") !== (state === "closed")) notClosed += state === "closed" ? -1 : 1;
    circuit.state = state;
    circuit.sinceMs = atMs;
    changed();
  };
  const open = (circuit: BackendCircuit) => {
    const atMs = now();
    circuit.openings++;
    circuit.openUntilMs = atMs + Math.min(openMsMax, openMs * circuit.openings);
    turn(circuit, "open", atMs);
  };
  /** Whether this call is the one that tries it. */
  const tries = (circuit: BackendCircuit): boolean => {
    const due = circuit.state === "open" ? circuit.openUntilMs : circuit.sinceMs + trialMsMax;
    if (now() < due) return false;
    turn(circuit, "half-open");
    return true;
  };
  function* healthyFirst(backends: Iterable<CompiledBackend>): Generator<CompiledBackend, void> {
    const passedOver: CompiledBackend[] = [];
    for (const backend of backends) {
      const circuit = byBackend.get(backend.id);
      if (circuit === undefined || circuit.state === "closed" || tries(circuit)) yield backend;
      else passedOver.push(backend);
    }
    yield* passedOver;
  }
  const failed = (backendId: string, failure: GatewayError, httpStatus: number) => {
    let circuit = byBackend.get(backendId);
    if (circuit === undefined) {
      if (byBackend.size >= circuitsMax) return;
      circuit = {
        backendId,
        state: "closed",
        sinceMs: now(),
        openUntilMs: 0,
        failuresInRow: 0,
        openings: 0,
        lastError: failure.kind,
        lastMessage: "",
        lastHttpStatus: 0,
        lastErrorAtMs: 0,
      };
      byBackend.set(backendId, circuit);
    }
    circuit.failuresInRow++;
    circuit.lastError = failure.kind;
    circuit.lastMessage = failure.message;
    circuit.lastHttpStatus = httpStatus;
    circuit.lastErrorAtMs = now();
    if (circuit.state === "half-open") open(circuit);
    else if (circuit.state === "closed" && circuit.failuresInRow >= failuresMax) {
      if (now() - circuit.sinceMs > forgivenAfterMs) circuit.openings = 0;
      open(circuit);
    }
  };

  return {
    inOrder: (backends) => (notClosed === 0 ? backends : healthyFirst(backends)),
    ended(backend, failure, httpStatus) {
      const meaning = failure === undefined ? "well" : meanings[failure.kind];
      if (meaning === "ill" && failure !== undefined) return failed(backend.id, failure, httpStatus);
      const circuit = byBackend.get(backend.id);
      if (circuit === undefined || meaning === "neither") return;
      circuit.failuresInRow = 0;
      if (circuit.state !== "closed") turn(circuit, "closed");
    },
    known: () => [...byBackend.values()].sort((one, other) => other.lastErrorAtMs - one.lastErrorAtMs),
  };
}
