/**
 * Who calls. From the snapshot alone: no database, no Redis, so that an outage of either can never turn a good key into a
 * refusal. Fails closed.
 */
import { create } from "@bufbuild/protobuf";
import { credentialMatches, publicIdOf } from "#agreements/api-key-format.ts";
import type { AddressRange } from "#agreements/caller-address.ts";
import { controlPlaneOrganisation } from "#agreements/control-plane-credential.ts";
import { type ApiKey, ApiKeySchema } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../gateway-error.ts";
import type { RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import { type CallerHeader, requireNetwork } from "./key-scope.ts";

export interface Caller {
  readonly organisationId: string;
  readonly projectId: string;
  readonly apiKey: ApiKey;
}

export type Authenticate = (
  snapshot: RuntimeSnapshot,
  credential: string | undefined,
  nowMs: number,
  /** Where the call comes from. Left out: a key that is bound to networks is refused. */
  header: CallerHeader | undefined,
) => Caller;

/** Credentials whose HMAC was seen to match, by credential; the usual call computes none. Bounded; the oldest goes first. */
const provenMax = 10_000;

/** @throws (from the result) GatewayError API_KEY_INVALID, API_KEY_EXPIRED, API_KEY_REVOKED, API_KEY_FORBIDDEN. Unknown, foreign and wrong keys read the same. */
export function authenticator(pepper: string, trustedProxies: readonly AddressRange[]): Authenticate {
  // Keyed by the whole credential (a part of it would let one key pass for another: CVE-2026-35030) and holding the hash that
  // it matched, so that a row that changed is checked anew.
  const proven = new Map<string, { readonly publicId: string; readonly hash: Uint8Array }>();

  return (snapshot, credential, nowMs, header) => {
    if (credential === undefined)
      throw new GatewayError("API_KEY_INVALID", "no API key was sent; send it as `authorization: Bearer psk_…`");
    const known = proven.get(credential);
    const publicId = known?.publicId ?? publicIdOf(credential, "psk");
    const apiKey = publicId === undefined ? undefined : snapshot.apiKey(publicId);
    if (publicId === undefined || apiKey === undefined) {
      const ofControlPlane = controlPlaneOrganisation(pepper, credential, nowMs);
      if (ofControlPlane === undefined) throw invalid();
      return { organisationId: ofControlPlane, projectId: "", apiKey: controlPlaneKey(ofControlPlane) };
    }
    if (known?.hash !== apiKey.hash) {
      if (!credentialMatches(pepper, credential, apiKey.hash)) throw invalid();
      if (proven.size >= provenMax) for (const oldest of proven.keys()) if (proven.delete(oldest)) break;
      proven.set(credential, { publicId, hash: apiKey.hash });
    }
    if (apiKey.revokedAtMs !== 0n && apiKey.revokedAtMs <= BigInt(nowMs))
      throw new GatewayError("API_KEY_REVOKED", "this API key was revoked; ask whoever gave it to you for another");
    if (apiKey.expiresAtMs !== 0n && apiKey.expiresAtMs <= BigInt(nowMs))
      throw new GatewayError("API_KEY_EXPIRED", "this API key has expired; ask whoever gave it to you for another");
    requireNetwork(apiKey, header, trustedProxies);
    return { organisationId: apiKey.organisationId, projectId: apiKey.projectId, apiKey };
  };
}

/** What the ledger says of calls that people make through the control plane. */
export const controlPlaneKeyId = "control-plane";

/** Not a row of anybody's. */
const controlPlaneKey = (organisationId: string): ApiKey =>
  create(ApiKeySchema, { id: controlPlaneKeyId, organisationId, mayForceVariants: true });

const invalid = () => new GatewayError("API_KEY_INVALID", "this API key is not known here; check that it was copied whole");
