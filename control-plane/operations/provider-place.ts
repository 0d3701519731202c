/**
 * Where a provider may stand. The base URL, and the URL that its tokens come from, are checked here, at save, and by nodes again
 * on the socket that was connected.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { hostOf, isPrivateAllowed, readBaseUrl, refusalOfAddress } from "#agreements/base-url.ts";
import { ValidationError } from "../control-error.ts";
import type { ControlPlaneSettings } from "../settings.ts";

const lookupMs = 2_000;

export interface ProviderPlace {
  readonly baseUrl: string;
  readonly privateAddressAllowed: boolean;
}

/**
 * @param path of the input that the URL came in.
 * @throws ValidationError where no node would be allowed to connect there, or the name has no address within 2 s.
 */
export async function placeOf(
  settings: Pick<ControlPlaneSettings, "privateAddresses">,
  baseUrl: string,
  path = "baseUrl",
): Promise<ProviderPlace> {
  const refused = (message: string): ValidationError => new ValidationError([{ path, message }]);
  const read = readBaseUrl(baseUrl);
  if (!read.ok) throw refused(read.reason);
  const host = hostOf(read.url);
  const addresses = isIP(host) ? [host] : await addressesOf(host, refused);
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

async function addressesOf(host: string, refused: (message: string) => ValidationError): Promise<readonly string[]> {
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
