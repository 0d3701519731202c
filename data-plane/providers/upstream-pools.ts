/**
 * The connections to each provider, and the credential that goes with them. Both belong to one version of the provider's row:
 * when its address or credential changes, new calls get new connections and the old ones close when their calls are done.
 *
 * The address of each connected socket is checked, not that of an earlier look-up: a name may point elsewhere by then.
 */
import { Socket } from "node:net";
import { buildConnector, Pool } from "undici";
import { hostOf, isPrivateAllowed, refusalOfAddress } from "#agreements/base-url.ts";
import { openSecret } from "#agreements/sealed-secret.ts";
import type { Provider as ProviderRow } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../gateway-error.ts";

export interface Upstream {
  readonly pool: Pool;
  /** Before the endpoint: "/v1". */
  readonly pathPrefix: string;
  /** undefined: the provider has none. Never in a log, an error or an event. */
  readonly credential: string | undefined;
}

export interface UpstreamPools {
  /** @throws GatewayError UPSTREAM_UNAVAILABLE where the credential does not open. */
  of(provider: ProviderRow): Upstream;
  close(): Promise<void>;
}

/** An idle connection is kept this long, in milliseconds: below the usual 5 s after which servers close theirs. */
const keepAliveMs = 4000;
const headerBytesMax = 16 * 1024;
/** The longest that any route may wait for a connection; each call has its own, shorter clock. */
const connectMsMax = 60_000;

/** @param privateAddresses the operator's allow-list, on this node: a row that says it may is not enough. */
export function upstreamPools(sealingKey: Uint8Array, privateAddresses: readonly string[]): UpstreamPools {
  const pools = new Map<string, { readonly row: ProviderRow; readonly upstream: Upstream }>();
  return {
    of(provider) {
      const known = pools.get(provider.id);
      // Rows are immutable and shared from snapshot to snapshot, so the same row is the same object until it changes.
      if (known?.row === provider) return known.upstream;
      if (known !== undefined && sameUpstream(known.row, provider)) {
        pools.set(provider.id, { row: provider, upstream: known.upstream });
        return known.upstream;
      }
      const upstream = connect(provider, sealingKey, privateAddresses);
      void known?.upstream.pool.close();
      pools.set(provider.id, { row: provider, upstream });
      return upstream;
    },
    async close() {
      await Promise.all([...pools.values()].map(({ upstream }) => upstream.pool.destroy()));
    },
  };
}

const sameUpstream = (a: ProviderRow, b: ProviderRow) =>
  a.baseUrl === b.baseUrl && a.sealedCredential === b.sealedCredential && a.privateAddressAllowed === b.privateAddressAllowed;

function connect(provider: ProviderRow, sealingKey: Uint8Array, privateAddresses: readonly string[]): Upstream {
  const url = new URL(provider.baseUrl);
  const connector = buildConnector({ timeout: connectMsMax, allowH2: false });
  const pool = new Pool(url.origin, {
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: headerBytesMax,
    pipelining: 1,
    allowH2: false,
    connect: (options, callback) =>
      connector(options, (error, socket) => {
        if (error !== null) return callback(error, null);
        const address = socket instanceof Socket ? (socket.remoteAddress ?? "") : "";
        // The very address, against the very list: a name that was allowed for one address may have moved to another.
        const mayBePrivate = provider.privateAddressAllowed && isPrivateAllowed(hostOf(url), [address], privateAddresses);
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
      }),
  });
  return { pool, pathPrefix: url.pathname.replace(/\/+$/, ""), credential: openCredential(provider, sealingKey) };
}

function openCredential(provider: ProviderRow, sealingKey: Uint8Array): string | undefined {
  if (provider.sealedCredential === "") return undefined;
  try {
    return openSecret(
      sealingKey,
      { organisationId: provider.organisationId, rowId: provider.id, baseUrl: provider.baseUrl },
      provider.sealedCredential,
    );
  } catch (cause) {
    throw new GatewayError("UPSTREAM_UNAVAILABLE", `the credential of provider "${provider.key}" cannot be opened; set it again`, {
      cause,
      anotherBackendMayHelp: true,
    });
  }
}
