/**
 * How the ledger writes what PostgreSQL's text cannot hold, and what it calls outcomes. The character 0 is replaced and not
 * refused, as are halves of surrogate pairs: a tag must not cost us a call's record.
 */
import { Outcome } from "#proto/penstock/usage/v1/usage_event_pb.ts";

export const outcomes = ["ok", "client_error", "denied", "upstream_error", "timeout", "cancelled", "internal_error", "node_lost"] as const;
export type OutcomeName = (typeof outcomes)[number];

const names: Readonly<Record<number, OutcomeName>> = {
  [Outcome.UNSPECIFIED]: "internal_error",
  [Outcome.OK]: "ok",
  [Outcome.CLIENT_ERROR]: "client_error",
  [Outcome.DENIED]: "denied",
  [Outcome.UPSTREAM_ERROR]: "upstream_error",
  [Outcome.TIMEOUT]: "timeout",
  [Outcome.CANCELLED]: "cancelled",
  [Outcome.INTERNAL_ERROR]: "internal_error",
  [Outcome.NODE_LOST]: "node_lost",
};

/** A node newer than we are may know more outcomes; the record counts all the same. */
export const outcomeNameOf = (outcome: Outcome): OutcomeName => names[outcome] ?? "internal_error";

export const textOf = (value: string): string => (value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value).toWellFormed();
