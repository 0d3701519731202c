/** The errors that a caller can expect, as GraphQL types: members of each mutation's union, and `UserError` to all of them. */
import {
  ConflictError,
  type ControlError,
  ForbiddenError,
  NotFoundError,
  ValidationError,
  type ValidationIssue,
} from "../control-error.ts";
import { builder } from "./builder.ts";

export const UserError = builder.interfaceRef<ControlError>("UserError").implement({
  fields: (t) => ({
    code: t.string({ resolve: (error) => error.kind }),
    message: t.exposeString("message"),
  }),
});

const Issue = builder.objectRef<ValidationIssue>("ValidationIssue").implement({
  fields: (t) => ({
    path: t.exposeString("path", { description: "Where, in the input's words. Empty: the whole." }),
    message: t.exposeString("message"),
  }),
});

builder.objectType(ValidationError, {
  name: "ValidationError",
  description: "What was given cannot be. Nothing was changed.",
  interfaces: [UserError],
  fields: (t) => ({ issues: t.field({ type: [Issue], resolve: (error) => [...error.issues] }) }),
});
builder.objectType(NotFoundError, { name: "NotFoundError", interfaces: [UserError] });
builder.objectType(ConflictError, {
  name: "ConflictError",
  description: "It has changed since it was read.",
  interfaces: [UserError],
  fields: (t) => ({ currentRevision: t.exposeInt("currentRevision") }),
});
builder.objectType(ForbiddenError, { name: "ForbiddenError", interfaces: [UserError] });

/** For what makes something new. */
export const createErrors = { types: [ValidationError, NotFoundError, ForbiddenError] };
/** For what changes something that was read before. */
export const updateErrors = { types: [ValidationError, NotFoundError, ConflictError, ForbiddenError] };
