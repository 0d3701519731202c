/**
 * Every failure the data plane can name. One closed union of kinds: adding one makes each edge's table fail to compile until
 * it has a row. The kinds are the names of penstock.inference.v1.ErrorReason, so that every surface says the same word.
 */
import type { ErrorReason } from "#proto/penstock/inference/v1/error_pb.ts";
import type { RateLimits } from "./pipeline/completion-event.ts";

type WithoutPrefix<Name> = Name extends `ERROR_REASON_${infer Rest}` ? Rest : Name;
export type GatewayErrorKind = Exclude<WithoutPrefix<keyof typeof ErrorReason>, "UNSPECIFIED">;

export interface GatewayErrorDetails {
  /** For us and the log; never shown to the caller. */
  readonly cause?: unknown;
  /** When the caller may try again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The field of the request that is wrong, as the caller wrote it: "messages[2].role". */
  readonly field?: string;
  /** In whose words `field` is. Absent: behind the edges the common form's, see pipeline/caller-field.ts. */
  readonly fieldIn?: "caller";
  /** The binding quota. */
  readonly quota?: QuotaViolation;
  /** What is left of the caller's limits, once they have been looked at. */
  readonly limits?: RateLimits;
  /** What a backend answered, for the usage event. */
  readonly upstreamStatus?: number;
  /** Whether another backend may be tried for the same call. */
  readonly anotherBackendMayHelp?: boolean;
  /** The dynamic parts of the message, for machines. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface QuotaViolation {
  readonly quotaId: string;
  readonly quotaKey: string;
  /** What the quota counts: "organisation:acme", "api_key:…". */
  readonly subject: string;
  readonly resource: string;
  readonly window: string;
  readonly limit: number;
  /** See penstock.usage.v1.QuotaMark. */
  readonly effect: "denied" | "unavailable" | "cut";
}

/** `message` is for the caller and says what to do next; `cause` is for us. Constructing one has no side effect. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly kind: GatewayErrorKind;
  readonly details: GatewayErrorDetails;

  constructor(kind: GatewayErrorKind, message: string, details: GatewayErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.details = details;
  }

  /** The same failure, to be told with what is left of the caller's limits. Another object: one may end many calls. */
  withLimits(limits: RateLimits): GatewayError {
    const error = new GatewayError(this.kind, this.message, { ...this.details, limits });
    if (this.stack !== undefined) error.stack = this.stack;
    return error;
  }

  /** What a call ended with: what its signal says, where it has said it, and not what was thrown on the way out. */
  static ending(signal: AbortSignal, reason: unknown): GatewayError {
    const thrown = GatewayError.from(reason);
    if (!signal.aborted) return thrown;
    const end = GatewayError.from(signal.reason);
    return thrown.kind === end.kind && thrown.message === end.message ? thrown : end;
  }

  /** Any caught value as a GatewayError. An unknown throw is our bug, so it is INTERNAL with a fixed text. */
  static from(reason: unknown): GatewayError {
    return reason instanceof GatewayError
      ? reason
      : new GatewayError("INTERNAL", "internal error; quote the request id when you report it", { cause: reason });
  }
}
