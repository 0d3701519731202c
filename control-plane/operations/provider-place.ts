/**
 * Where a provider may stand, and the sealing of its credential for that place. The base URL is checked here, at save, and
 * by nodes again on the socket that was connected; a credential is bound to its base URL and does not follow it elsewhere.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { hostOf, isPrivateAllowed, readBaseUrl, refusalOfAddress } from "#agreements/base-url.ts";
import { sealSecret } from "#agreements/sealed-secret.ts";
import { ValidationError } from "../control-error.ts";
import type { ControlPlaneSettings } from "../settings.ts";

const lookupMs = 2_000;
const credentialLengthMax = 8_192;

export interface ProviderPlace {
  readonly baseUrl: string;
  readonly privateAddressAllowed: boolean;
}

/** @throws ValidationError where no node would be allowed to connect there, or the name has no address within 2 s. */
export async function placeOf(settings: Pick<ControlPlaneSettings, "privateAddresses">, baseUrl: string): Promise<ProviderPlace> {
  const read = readBaseUrl(baseUrl);
  if (!read.ok) throw refused(read.reason);
  const host = hostOf(read.url);
  const addresses = isIP(host) ? [host] : await addressesOf(host);
  const privateAddressAllowed = isPrivateAllowed(host, addresses, settings.privateAddresses);
  for (const address of addresses) {
    const refusal = refusalOfAddress(address, privateAddressAllowed);
    if (refusal !== undefined)
      throw refused(
        refusalOfAddress(address, true) === undefined
          ? `${refusal}; the operator can allow it in PENSTOCK_PRIVATE_ADDRESSES`
          : `${refusal}; no provider may stand there`,
      );
  }
  return { baseUrl: read.text, privateAddressAllowed };
}

async function addressesOf(host: string): Promise<readonly string[]> {
  let clock: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    clock = setTimeout(() => reject(refused(`${host} was not resolved within ${lookupMs} ms; try again`)), lookupMs);
  });
  try {
    const found = await Promise.race([lookup(host, { all: true, verbatim: true }), tooLate]);
    return found.map(({ address }) => address);
  } catch (error) {
    throw error instanceof ValidationError ? error : refused(`${host} has no address`);
  } finally {
    clearTimeout(clock);
  }
}

interface CredentialPlace {
  readonly organisationId: string;
  readonly id: string;
  readonly baseUrl: string;
}

/**
 * @param credential null or undefined: as it was; empty: none. White space around it is pasted with it and no part of it.
 * @throws ValidationError where the base URL changes and the credential is not given again: else whoever may change the
 * one could have the other sent to a place of their own (CVE-2026-41487). Also where no header could carry it: each call of
 * the provider would fail.
 */
export function sealCredential(
  settings: Pick<ControlPlaneSettings, "sealingKey">,
  place: CredentialPlace,
  credential: string | null | undefined,
  before: { readonly baseUrl: string; readonly sealedCredential: string } = { baseUrl: place.baseUrl, sealedCredential: "" },
): string {
  if (credential == null) {
    if (before.sealedCredential !== "" && before.baseUrl !== place.baseUrl)
      throw new ValidationError([{ path: "credential", message: "must be given again when the base URL changes" }]);
    return before.sealedCredential;
  }
  if (credential === "") return "";
  const trimmed = credential.trim();
  const fault = faultOfCredential(trimmed);
  if (fault !== undefined) throw new ValidationError([{ path: "credential", message: fault }]);
  return sealSecret(settings.sealingKey, { organisationId: place.organisationId, rowId: place.id, baseUrl: place.baseUrl }, trimmed);
}

function faultOfCredential(trimmed: string): string | undefined {
  // Not the same as none: whoever pastes nothing has not asked for the credential to be taken away.
  if (trimmed === "") return 'is only white space; give the provider\'s key, or "" for none';
  if (trimmed.length > credentialLengthMax) return `may have ${credentialLengthMax} characters`;
  if (!/^[\x20-\x7e]*$/.test(trimmed))
    return "must not hold line breaks, control characters or anything beyond ASCII, because it is sent in a header; copy the key again";
  return undefined;
}

const refused = (message: string): ValidationError => new ValidationError([{ path: "baseUrl", message }]);
