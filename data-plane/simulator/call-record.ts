/**
 * What the simulator remembers of its calls, for tests and for `GET /sim/calls`: the last thousand, with what came in and how
 * each ended. Credentials are shown as hashes only, so that a test can prove which one arrived and nobody can read it.
 */
import { hash } from "node:crypto";
import type { FaultName } from "./faults.ts";

/** complete: the whole answer was handed to the socket. caller-left: the caller closed first. faulted: cut on purpose. */
export type CallOutcome = "running" | "complete" | "caller-left" | "faulted";

export interface CallRecord {
  readonly id: string;
  readonly path: string;
  readonly rawHeaders: readonly string[];
  /** Milliseconds since 1970, with fractions: when the head of the request was in. */
  readonly startedAtMs: number;
  model: string;
  streamed: boolean;
  fault: FaultName | undefined;
  /** undefined until the head of the answer is decided. */
  status: number | undefined;
  body: KeptBody;
  chunksWritten: number;
  outcome: CallOutcome;
  endedAtMs: number | undefined;
}

export interface CallLog {
  add(record: CallRecord): void;
  /** The latest, oldest first, as plain JSON. */
  last(count: number): readonly object[];
  readonly total: number;
}

export const callsKept = 1000;
const bodyBytesKept = 65_536;
/** Shown as "sha256:<hex>" of the whole header value: for authorization that includes "Bearer ". */
const secretHeaders = new Set(["authorization", "proxy-authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie"]);

export const nowMs = (): number => performance.timeOrigin + performance.now();

export function callLog(): CallLog {
  const ring: (CallRecord | undefined)[] = new Array(callsKept).fill(undefined);
  let total = 0;
  return {
    add(record) {
      ring[total++ % callsKept] = record;
    },
    last(count) {
      const first = Math.max(0, total - Math.min(count, callsKept));
      return Array.from({ length: total - first }, (_, offset) => ring[(first + offset) % callsKept])
        .filter((record) => record !== undefined)
        .map(shown);
    },
    get total() {
      return total;
    },
  };
}

/** The start of a body; hash and length are of the whole. */
export interface KeptBody {
  readonly start: Buffer;
  /** Hex; undefined where the start is the whole, and the hash can be made when someone asks. */
  readonly sha256: string | undefined;
  readonly byteCount: number;
}

export const noBody: KeptBody = { start: Buffer.alloc(0), sha256: undefined, byteCount: 0 };

/** Keeps at most 64 KiB of it, as a copy where it is longer, so that a thousand large bodies do not stay in memory. */
export const keptBody = (body: Buffer): KeptBody =>
  body.length <= bodyBytesKept
    ? { start: body, sha256: undefined, byteCount: body.length }
    : { start: Buffer.from(body.subarray(0, bodyBytesKept)), sha256: hash("sha256", body), byteCount: body.length };

function shown(record: CallRecord): object {
  const { rawHeaders, body, endedAtMs, ...rest } = record;
  return {
    ...rest,
    headers: headersShown(rawHeaders),
    body: body.start.toString("utf8"),
    bodySha256: body.sha256 ?? hash("sha256", body.start),
    bodyBytes: body.byteCount,
    endedAtMs: endedAtMs ?? null,
    callerLeftAfterMs: record.outcome === "caller-left" && endedAtMs !== undefined ? endedAtMs - record.startedAtMs : null,
  };
}

function headersShown(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    const value = rawHeaders[i + 1] ?? "";
    const text = secretHeaders.has(name) ? `sha256:${hash("sha256", value)}` : value;
    headers[name] = headers[name] === undefined ? text : `${headers[name]}, ${text}`;
  }
  return headers;
}
