/**
 * Which addresses a provider may stand at: checked when its base URL is saved and again on the socket that was connected,
 * because a name can point elsewhere in between (DNS rebinding). Public unicast addresses alone are allowed; private, shared
 * (RFC 6598) and loopback ones need the operator's allow-list, and never more than that: cloud metadata stays refused wherever
 * it stands, and so does every IPv6 form that carries an IPv4 address to a translator or a tunnel.
 */
import ipaddr from "ipaddr.js";

/** Why an address is refused, for people; undefined: it is allowed. */
export function refusalOfAddress(address: string, privateAllowed: boolean): string | undefined {
  if (!ipaddr.isValid(address)) return `${address} is not an IP address`;
  // process() turns ::ffff:10.0.0.1 into 10.0.0.1, so that the mapped form is judged as what it reaches.
  const parsed = ipaddr.process(address);
  if (metadataRanges.some((range) => parsed.kind() === range[0].kind() && parsed.match(range)))
    return `${address} is a cloud's metadata address`;
  const range = parsed.range();
  if (range === "unicast") return isGlobal(parsed) ? undefined : `${address} is an address that nobody has been given`;
  if (privateAllowed && (range === "private" || range === "loopback" || range === "uniqueLocal" || range === "carrierGradeNat"))
    return undefined;
  return `${address} is a ${range} address`;
}

/**
 * Where clouds give credentials to whoever asks from inside, besides link-local: in ranges that an operator may allow, and one
 * that looks public. Alibaba; Azure's WireServer; AWS (instance metadata, EKS pod identity); Google; Scaleway.
 */
const metadataRanges = ["100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32", "fd20:ce::254/128", "fd00:42::42/128"].map((range) =>
  ipaddr.parseCIDR(range),
);

/**
 * The library calls unicast whatever it has no other name for. Of IPv6 only 2000::/3 is given out, which leaves out ::/96
 * (::7f00:1 is 127.0.0.1 on hosts that still tunnel it); within it, ISATAP's interface ids (RFC 5214) end in an IPv4 address.
 */
function isGlobal(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.kind() === "ipv4") return true;
  const { parts } = address as ipaddr.IPv6;
  const [first = 0] = parts;
  return first >= 0x2000 && first <= 0x3fff && !(parts[5] === 0x5efe && (parts[4] === 0 || parts[4] === 0x200));
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
  // An empty query or fragment is none, but its mark would stay in the text and come between the base and what is put behind it.
  url.search = "";
  url.hash = "";
  return { ok: true, url, text: url.href.replace(/\/+$/, "") };
}

/** The host as it is connected to: without the brackets of IPv6 and the dot at the end. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");

const refused = (reason: string): BaseUrl => ({ ok: false, reason: `the base URL ${reason}` });
