/**
 * How a node proves to the control plane that it is one of its own: a token that both derive from the pepper, so that
 * one secret fewer has to be handed round. Sent as gRPC metadata `authorization: Bearer <token>`.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export const nodeToken = (pepper: string): string => createHmac("sha256", pepper).update("penstock/node-token/1").digest("base64url");

/** In constant time. */
export function nodeTokenMatches(pepper: string, authorization: string | undefined): boolean {
  const expected = Buffer.from(`Bearer ${nodeToken(pepper)}`);
  const actual = Buffer.from(authorization ?? "");
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
