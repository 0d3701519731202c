/**
 * The gRPC edge's only knowledge of errors: a status for each kind, with google.rpc details in grpc-status-details-bin.
 *
 * Details are capped at 2 KB and messages at 1 KB: grpc-js freezes every stream of a connection over a trailer of 100 KB, so an
 * error text of one backend would take down its neighbours (measured; reference/library-pitfalls).
 */

import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "#proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "#proto/google/rpc/status_pb.ts";
import { GatewayError, type GatewayErrorKind } from "../gateway-error.ts";
import { addLimits } from "./rate-limit-headers.ts";

const grpcStatusOf = {
  API_KEY_INVALID: status.UNAUTHENTICATED,
  API_KEY_EXPIRED: status.UNAUTHENTICATED,
  API_KEY_REVOKED: status.UNAUTHENTICATED,
  API_KEY_FORBIDDEN: status.PERMISSION_DENIED,
  ROUTE_FORBIDDEN: status.PERMISSION_DENIED,
  MODEL_NOT_FOUND: status.NOT_FOUND,
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  UNSUPPORTED_PARAMETER: status.INVALID_ARGUMENT,
  UNSUPPORTED_ENDPOINT: status.UNIMPLEMENTED,
  CONTEXT_LENGTH_EXCEEDED: status.INVALID_ARGUMENT,
  PAYLOAD_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  PROMPT_NOT_FOUND: status.NOT_FOUND,
  RESOURCE_NOT_FOUND: status.NOT_FOUND,
  RATE_LIMITED: status.RESOURCE_EXHAUSTED,
  BUDGET_EXHAUSTED: status.RESOURCE_EXHAUSTED,
  QUOTA_UNAVAILABLE: status.RESOURCE_EXHAUSTED,
  GUARD_BLOCKED: status.FAILED_PRECONDITION,
  OVERLOADED: status.UNAVAILABLE,
  UPSTREAM_REJECTED: status.INVALID_ARGUMENT,
  UPSTREAM_RATE_LIMITED: status.RESOURCE_EXHAUSTED,
  UPSTREAM_UNAVAILABLE: status.UNAVAILABLE,
  UPSTREAM_PROTOCOL: status.UNAVAILABLE,
  UPSTREAM_TRUNCATED: status.UNAVAILABLE,
  UPSTREAM_TIMEOUT: status.DEADLINE_EXCEEDED,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  CALLER_STALLED: status.ABORTED,
  CANCELLED: status.CANCELLED,
  NOT_READY: status.UNAVAILABLE,
  SHUTTING_DOWN: status.UNAVAILABLE,
  INTERNAL: status.INTERNAL,
} satisfies Record<GatewayErrorKind, status>;

const domain = "penstock";
const messageLengthMax = 1000;
const detailsBytesMax = 2048;

/** @param trailers what the call would have sent anyway; they go along. */
export function grpcStatus(reason: unknown, trailers: Metadata = new Metadata()): Pick<StatusObject, "code" | "details" | "metadata"> {
  const error = GatewayError.from(reason);
  const code = grpcStatusOf[error.kind];
  // A lone surrogate would turn the whole status into UNKNOWN.
  const message = error.message.slice(0, messageLengthMax).toWellFormed();
  trailers.set("grpc-status-details-bin", Buffer.from(statusBytes(error, code, message)));
  if (error.details.retryAfterMs !== undefined) trailers.set("retry-after-ms", String(Math.ceil(error.details.retryAfterMs)));
  if (error.details.limits !== undefined) {
    const limits: Record<string, string> = {};
    addLimits(limits, error.details.limits);
    for (const [name, value] of Object.entries(limits)) trailers.set(name, value);
  }
  return { code, details: message, metadata: trailers };
}

function statusBytes(error: GatewayError, code: status, message: string): Uint8Array {
  const all = detailsOf(error, message);
  // Least needed last: what does not fit is left off whole.
  for (let count = all.length; count > 0; count--) {
    const bytes = toBinary(StatusSchema, create(StatusSchema, { code, message, details: all.slice(0, count) }));
    if (bytes.length <= detailsBytesMax) return bytes;
  }
  return toBinary(StatusSchema, create(StatusSchema, { code, message: message.slice(0, 500) }));
}

function detailsOf(error: GatewayError, message: string) {
  const { retryAfterMs, quota, field, metadata } = error.details;
  const pack = <Desc extends DescMessage>(schema: Desc, value: MessageShape<Desc>) => anyPack(schema, value);
  const details = [pack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: error.kind, domain, metadata: cut(metadata ?? {}) }))];
  if (retryAfterMs !== undefined && error.kind !== "BUDGET_EXHAUSTED") {
    const ms = Math.ceil(retryAfterMs);
    details.push(
      pack(
        RetryInfoSchema,
        create(RetryInfoSchema, { retryDelay: { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 } }),
      ),
    );
  }
  if (quota !== undefined) {
    const violation = {
      subject: quota.subject,
      description: message,
      quotaId: quota.quotaKey,
      quotaMetric: quota.resource,
      quotaValue: BigInt(quota.limit),
    };
    details.push(pack(QuotaFailureSchema, create(QuotaFailureSchema, { violations: [violation] })));
  }
  if (field !== undefined && (error.kind === "INVALID_ARGUMENT" || error.kind === "UNSUPPORTED_PARAMETER"))
    details.push(
      pack(BadRequestSchema, create(BadRequestSchema, { fieldViolations: [{ field, description: message, reason: error.kind }] })),
    );
  if (error.kind === "MODEL_NOT_FOUND")
    details.push(
      pack(
        ResourceInfoSchema,
        create(ResourceInfoSchema, { resourceType: "model", resourceName: metadata?.["model"] ?? "", description: message }),
      ),
    );
  return details;
}

const cut = (metadata: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, value.slice(0, 200)]));
