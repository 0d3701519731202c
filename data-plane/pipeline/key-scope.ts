/** What an API key may be used for, and from where. A key that says nothing may be used for everything, from everywhere. */

import type { ApiMethod } from "#agreements/api-methods.ts";
import { type AddressRange, callerAddress, isIn, readAddressRange } from "#agreements/caller-address.ts";
import type { ApiKey } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../gateway-error.ts";

/**
 * A caller's headers by their names in lower case, and under `peerHeader` the address of the connection's other end, which no
 * caller can send: names of headers do not begin with a colon.
 */
export type CallerHeader = (name: string) => string | undefined;
export const peerHeader = ":peer";

/** Read once for each snapshot that the key is in. */
const rangesOfKeys = new WeakMap<ApiKey, readonly AddressRange[]>();

function rangesOf(apiKey: ApiKey): readonly AddressRange[] {
  const known = rangesOfKeys.get(apiKey);
  if (known !== undefined) return known;
  const ranges = apiKey.allowedNetworks.map(readAddressRange).filter((range) => range !== undefined);
  rangesOfKeys.set(apiKey, ranges);
  return ranges;
}

/** @throws GatewayError API_KEY_FORBIDDEN where the key names networks and the call comes from none of them, or it is not known from where. */
export function requireNetwork(apiKey: ApiKey, header: CallerHeader | undefined, trustedProxies: readonly AddressRange[]): void {
  if (apiKey.allowedNetworks.length === 0) return;
  const address = callerAddress(header?.(peerHeader) ?? "", header?.("x-forwarded-for"), trustedProxies);
  if (!isIn(address, rangesOf(apiKey)))
    throw new GatewayError(
      "API_KEY_FORBIDDEN",
      `this API key may not be used from ${address === "" ? "an address that is not known" : address}`,
    );
}

/** @throws GatewayError API_KEY_FORBIDDEN where the key names methods, and not this one. */
export function requireMethod({ allowedMethods }: ApiKey, method: ApiMethod): void {
  if (allowedMethods.length > 0 && !allowedMethods.includes(method))
    throw new GatewayError("API_KEY_FORBIDDEN", `this API key may not be used for ${method}, only for ${allowedMethods.join(", ")}`);
}

/** @param ingress of an operation, as the ledger says it. */
export function methodOf(ingress: string): ApiMethod {
  if (ingress.endsWith("embeddings")) return "embeddings";
  if (ingress.startsWith("openai-audio")) return "audio";
  if (ingress.startsWith("openai-images")) return "images";
  if (ingress.endsWith("rerank")) return "rerank";
  return ingress.endsWith("count-tokens") ? "chat" : "files";
}
