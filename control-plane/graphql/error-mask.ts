/**
 * What a caller sees of an error outside a mutation's union: our own errors by their message and kind, GraphQL's own
 * (syntax, validation, variables) in its words, and everything else as a fixed text with the request id. The latter are our bugs and
 * are logged, once, here; the others are the caller's and are not.
 */
import { GraphQLError } from "graphql";
import { ControlError, type ControlErrorKind } from "../control-error.ts";
import type { Logger } from "../logger.ts";

/** For a request that failed as a whole; where there is partial data, the status stays 200. */
const httpStatus = {
  VALIDATION: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  FORBIDDEN: 403,
  UNAUTHENTICATED: 401,
  UNAVAILABLE: 503,
  START: 500,
  INTERNAL: 500,
} as const satisfies Record<ControlErrorKind, number>;

/** Of an error for what a variable or an argument holds. */
export const badUserInput = { code: "BAD_USER_INPUT", http: { status: 400 } } as const;

export function maskError(error: unknown, logger: Logger, requestId: string): GraphQLError {
  const original = error instanceof GraphQLError ? (error.originalError ?? undefined) : error;
  const known = controlErrorIn(original);
  const where = error instanceof GraphQLError ? { nodes: error.nodes ?? null, path: error.path ?? null } : {};
  if (known !== undefined && known.kind !== "INTERNAL" && known.kind !== "START") {
    // The database being away is nobody's mistake and still worth a line.
    if (known.kind === "UNAVAILABLE") logger.warn({ err: known, requestId }, "a request found the database away");
    return new GraphQLError(known.message, {
      ...where,
      extensions: { code: known.kind, requestId, http: { status: httpStatus[known.kind] } },
    });
  }
  if (error instanceof GraphQLError && (original === undefined || original instanceof GraphQLError)) return ownError(error, requestId);
  logger.error({ err: original, requestId }, "an unexpected error in a GraphQL request");
  return new GraphQLError(`internal error; quote the request id ${requestId} when you report it`, {
    ...where,
    extensions: { code: "INTERNAL", requestId, http: { status: 500 } },
  });
}

/** GraphQL's own, about the document or its variables; a scalar's refusal is inside the one that says which variable it was. */
function ownError(error: GraphQLError, requestId: string): GraphQLError {
  const inner = error.originalError instanceof GraphQLError ? error.originalError.extensions : {};
  const given = { ...inner, ...error.extensions };
  // The library gives variables it cannot read a status at the most; refusals of another status are not about input.
  const status = (given["http"] as { readonly status?: number } | undefined)?.status ?? badUserInput.http.status;
  const extensions = given["code"] === undefined && status === badUserInput.http.status ? { ...given, ...badUserInput } : given;
  const { nodes = null, source = null, positions = null, path = null } = error;
  return new GraphQLError(error.message, { nodes, source, positions, path, extensions: { ...extensions, requestId } });
}

/** Libraries wrap what resolvers throw, sometimes twice. */
function controlErrorIn(error: unknown): ControlError | undefined {
  let inner = error;
  for (let depth = 0; depth < 3 && inner instanceof Error; depth++) {
    if (inner instanceof ControlError) return inner;
    inner = inner instanceof GraphQLError ? inner.originalError : inner.cause;
  }
  return undefined;
}
