/**
 * Every failure the control plane can name. The four that a caller can act on are classes of their own, because GraphQL
 * shows them as members of a mutation's union; the rest is one class with a closed union of kinds. `message` is for the
 * caller and says what to do next; `cause` is for us. Constructing one has no side effect.
 */

export type ControlErrorKind =
  | "VALIDATION"
  | "NOT_FOUND"
  | "CONFLICT"
  | "FORBIDDEN"
  | "UNAUTHENTICATED"
  | "UNAVAILABLE"
  | "START"
  | "INTERNAL";

export class ControlError extends Error {
  override readonly name: string = "ControlError";
  readonly kind: ControlErrorKind;

  constructor(kind: ControlErrorKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

export interface ValidationIssue {
  /** Where, in the input's words: "tiers[0].targets[1].backendId". Empty: the whole. */
  readonly path: string;
  readonly message: string;
}

/** What was given cannot be. Nothing was changed. */
export class ValidationError extends ControlError {
  override readonly name = "ValidationError";
  readonly issues: readonly ValidationIssue[];

  constructor(issues: readonly ValidationIssue[]) {
    super("VALIDATION", issues.map((issue) => (issue.path === "" ? issue.message : `${issue.path}: ${issue.message}`)).join("; "));
    this.issues = issues;
  }
}

/** There is no such thing, or it is another organisation's: the two are not told apart. */
export class NotFoundError extends ControlError {
  override readonly name = "NotFoundError";

  constructor(what: string, id: string) {
    super("NOT_FOUND", `there is no ${what} with the id ${id}`);
  }
}

/** Somebody else was faster. */
export class ConflictError extends ControlError {
  override readonly name = "ConflictError";
  readonly currentRevision: number;

  constructor(what: string, currentRevision: number) {
    super("CONFLICT", `the ${what} has changed since you read it; read it again and repeat with expectedRevision ${currentRevision}`);
    this.currentRevision = currentRevision;
  }
}

/** The token is known and may not do this. */
export class ForbiddenError extends ControlError {
  override readonly name = "ForbiddenError";

  constructor(message: string) {
    super("FORBIDDEN", message);
  }
}
