/**
 * Connects to nobody that this gateway may not call. The address of each connected socket is checked, not that of an earlier
 * look-up: a name may point elsewhere by then.
 */
import { Socket } from "node:net";
import { buildConnector } from "undici";
import { hostOf, isPrivateAllowed, refusalOfAddress } from "#agreements/base-url.ts";
import { GatewayError } from "../gateway-error.ts";

/** The longest that any call may wait for a connection; each has its own, shorter clock. */
const connectMsMax = 60_000;

export interface GuardedPlace {
  readonly url: URL;
  /** Whether the provider's row says that it may stand at a private address; the node's own list must say so too. */
  readonly privateAddressAllowed: boolean;
}

/** @param privateAddresses the operator's allow-list, on this node. */
export function guardedConnect(
  { url, privateAddressAllowed }: GuardedPlace,
  privateAddresses: readonly string[],
): buildConnector.connector {
  const connector = buildConnector({ timeout: connectMsMax, allowH2: false });
  return (options, callback) =>
    connector(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      const address = socket instanceof Socket ? (socket.remoteAddress ?? "") : "";
      // The very address, against the very list: a name that was allowed for one address may have moved to another.
      const mayBePrivate = privateAddressAllowed && isPrivateAllowed(hostOf(url), [address], privateAddresses);
      const refusal = refusalOfAddress(address, mayBePrivate);
      if (refusal === undefined) return callback(null, socket);
      socket.destroy();
      // Which address it was stays with us: an error text is not the place to map a private network.
      callback(
        new GatewayError("UPSTREAM_UNAVAILABLE", "the backend stands at an address that this gateway may not call", {
          cause: refusal,
          anotherBackendMayHelp: true,
        }),
        null,
      );
    });
}
