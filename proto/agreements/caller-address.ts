/**
 * Whose address a request comes from. What a proxy says of its caller is believed only of proxies that the operator trusts:
 * anybody can send the header.
 */
import ipaddr from "ipaddr.js";

export type AddressRange = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** "10.0.0.0/8", "192.0.2.7", "2001:db8::/32". Undefined: it is none of these. */
export function readAddressRange(text: string): AddressRange | undefined {
  // "10.0.0" would be read as 10.0.0.0 otherwise, as it was in the eighties.
  if (!text.includes(":") && !ipaddr.IPv4.isValidFourPartDecimal(text.split("/", 1)[0] ?? "")) return undefined;
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/** An address that cannot be read is in no range. */
export function isIn(address: string, ranges: readonly AddressRange[]): boolean {
  if (ranges.length === 0 || !ipaddr.isValid(address)) return false;
  // ::ffff:10.0.0.1, as a socket that listens on both kinds says it, is 10.0.0.1.
  const parsed = ipaddr.process(address);
  return ranges.some((range) => parsed.kind() === range[0].kind() && parsed.match([...range]));
}

/**
 * @param forwardedFor the header x-forwarded-for, nearest proxy last.
 * @returns the nearest address that no trusted proxy stands at; "" where there is none.
 */
export function callerAddress(peer: string, forwardedFor: string | undefined, trusted: readonly AddressRange[]): string {
  const hops = [...(forwardedFor ?? "").split(",").map((hop) => hop.trim()), peer].filter((hop) => hop !== "");
  const nearest = hops.findLast((hop, index) => index === 0 || !isIn(hop, trusted)) ?? "";
  return ipaddr.isValid(nearest) ? ipaddr.process(nearest).toString() : "";
}
