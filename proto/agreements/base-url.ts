/**
 * Which addresses a provider may stand at: checked when its base URL is saved and again on the socket that was connected,
 * because a name can point elsewhere in between (DNS rebinding). Public unicast addresses alone are allowed; private and
 * loopback ones need the operator's allow-list, and never more than that: link-local (cloud metadata) stays refused.
 */
import ipaddr from "ipaddr.js";

/** Why an address is refused, for people; undefined: it is allowed. */
export function refusalOfAddress(address: string, privateAllowed: boolean): string | undefined {
  if (!ipaddr.isValid(address)) return `${address} is not an IP address`;
  // process() turns ::ffff:10.0.0.1 into 10.0.0.1, so that the mapped form is judged as what it reaches.
  const range = ipaddr.process(address).range();
  if (range === "unicast") return undefined;
  if (privateAllowed && (range === "private" || range === "loopback" || range === "uniqueLocal" || range === "carrierGradeNat"))
    return undefined;
  return `${address} is a ${range} address`;
}

/** One row of the operator's allow-list: a host name, an address, or a CIDR range. */
export function isPrivateAllowed(host: string, addresses: readonly string[], allowList: readonly string[]): boolean {
  return allowList.some((entry) => {
    if (entry === host) return true;
    if (!ipaddr.isValidCIDR(entry)) return addresses.length > 0 && addresses.every((address) => address === entry);
    const range = ipaddr.parseCIDR(entry);
    return (
      addresses.length > 0 &&
      addresses.every((address) => {
        if (!ipaddr.isValid(address)) return false;
        const parsed = ipaddr.process(address);
        return parsed.kind() === range[0].kind() && parsed.match(range);
      })
    );
  });
}

export type BaseUrl = { readonly ok: true; readonly url: URL; readonly text: string } | { readonly ok: false; readonly reason: string };

/** Reads a base URL as a browser would (decimal, octal and hex addresses become dotted ones) and normalises it. */
export function readBaseUrl(text: string): BaseUrl {
  if (text.length > 2048) return refused("is longer than 2048 characters");
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return refused("is not a URL");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return refused("must start with https:// or http://");
  if (url.username !== "" || url.password !== "")
    return refused("must not hold a user name or password; put the credential in its own field");
  if (url.search !== "" || url.hash !== "") return refused("must not have a query or a fragment");
  if (url.hostname === "") return refused("has no host");
  return { ok: true, url, text: url.href.replace(/\/+$/, "") };
}

/** The host as it is connected to: without the brackets of IPv6 and the dot at the end. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");

const refused = (reason: string): BaseUrl => ({ ok: false, reason: `the base URL ${reason}` });
