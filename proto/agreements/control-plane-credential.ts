/**
 * How the control plane makes a call on a node for a person who tries a prompt or replays calls: a credential that both derive from
 * the pepper, for one organisation, of a minute's life. It is in no snapshot and no database, and says of itself what it is.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

const prefix = "pcp_";
/** With this credential a `model` that begins so names a backend by its id. No route's name has a colon in it. */
export const backendModelPrefix = "backend:";

/** Long enough for a call to begin; the call itself may take longer. */
export const credentialLifeMs = 60_000;

export const makeControlPlaneCredential = (pepper: string, organisationId: string, nowMs: number): string => {
  const claims = `${organisationId}.${nowMs + credentialLifeMs}`;
  return `${prefix}${claims}.${proofOf(pepper, claims)}`;
};

/** The organisation that it is for; undefined: it is none, is forged, or has run out. In constant time. */
export function controlPlaneOrganisation(pepper: string, credential: string, nowMs: number): string | undefined {
  if (!credential.startsWith(prefix)) return undefined;
  const [organisationId = "", until = "", proof = ""] = credential.slice(prefix.length).split(".");
  const expected = Buffer.from(proofOf(pepper, `${organisationId}.${until}`));
  const actual = Buffer.from(proof);
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return undefined;
  return Number(until) > nowMs && Number(until) <= nowMs + 2 * credentialLifeMs ? organisationId : undefined;
}

const proofOf = (pepper: string, claims: string): string =>
  createHmac("sha256", pepper).update("penstock/control-plane-credential/1\0").update(claims).digest("base64url");
