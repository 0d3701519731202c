/**
 * The connections to each provider, and what a call proves itself with there. Both belong to one version of the provider's row:
 * when its address or its secrets change, new calls get new connections and the old ones close when their calls are done.
 */
import { Pool } from "undici";
import { credentialPlace, headerPlace } from "#agreements/provider-secrets.ts";
import { openSecret, type SecretPlace } from "#agreements/sealed-secret.ts";
import type { Provider as ProviderRow } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../gateway-error.ts";
import { type AccessToken, accessToken } from "./access-token.ts";
import { guardedConnect } from "./guarded-connect.ts";
import { clientCredentialsEndpoint, serviceAccountEndpoint, type TokenEndpoint } from "./token-endpoint.ts";

export interface Upstream {
  readonly pool: Pool;
  /** Before the endpoint: "/v1". */
  readonly pathPrefix: string;
  /** undefined: the provider has none. Never in a log, an error or an event. */
  readonly credential: string | undefined;
  /** For providers whose calls carry a token that is fetched with the credential. See proof.ts. */
  readonly accessToken: AccessToken | undefined;
  /** The provider's own headers: name and value in turn. */
  readonly headers: readonly string[];
}

export interface UpstreamPools {
  /** @throws GatewayError UPSTREAM_UNAVAILABLE where the credential does not open. */
  of(provider: ProviderRow): Upstream;
  close(): Promise<void>;
}

/** An idle connection is kept this long, in milliseconds: below the usual 5 s after which servers close theirs. */
const keepAliveMs = 4000;
const headerBytesMax = 16 * 1024;

interface Opened {
  readonly row: ProviderRow;
  readonly upstream: Upstream;
  readonly tokens: TokenEndpoint | undefined;
}

/** @param privateAddresses the operator's allow-list, on this node: a row that says it may is not enough. */
export function upstreamPools(sealingKey: Uint8Array, privateAddresses: readonly string[]): UpstreamPools {
  const pools = new Map<string, Opened>();
  return {
    of(provider) {
      const known = pools.get(provider.id);
      // Rows are immutable and shared from snapshot to snapshot, so the same row is the same object until it changes.
      if (known?.row === provider) return known.upstream;
      if (known !== undefined && sameUpstream(known.row, provider)) {
        pools.set(provider.id, { ...known, row: provider });
        return known.upstream;
      }
      const opened = connect(provider, sealingKey, privateAddresses);
      void known?.upstream.pool.close();
      void known?.tokens?.close();
      pools.set(provider.id, opened);
      return opened.upstream;
    },
    async close() {
      await Promise.all([...pools.values()].flatMap(({ upstream, tokens }) => [upstream.pool.destroy(), tokens?.close()]));
    },
  };
}

/** Besides its secrets' own text, what they are used with. */
const sameUpstream = (a: ProviderRow, b: ProviderRow) =>
  a.baseUrl === b.baseUrl &&
  a.sealedCredential === b.sealedCredential &&
  a.privateAddressAllowed === b.privateAddressAllowed &&
  sameAuthentication(a.authentication, b.authentication) &&
  a.headers.length === b.headers.length &&
  a.headers.every(({ name, sealedValue }, i) => name === b.headers[i]?.name && sealedValue === b.headers[i]?.sealedValue);

function sameAuthentication(a: ProviderRow["authentication"], b: ProviderRow["authentication"]): boolean {
  if (a.case === "oauthClientCredentials" && b.case === a.case)
    return (["tokenUrl", "clientId", "scope", "audience", "clientAuthentication"] as const).every(
      (name) => a.value[name] === b.value[name],
    );
  if (a.case === "googleServiceAccount" && b.case === a.case)
    return a.value.tokenUrl === b.value.tokenUrl && a.value.clientEmail === b.value.clientEmail;
  return a.case === b.case;
}

function connect(provider: ProviderRow, sealingKey: Uint8Array, privateAddresses: readonly string[]): Opened {
  const url = new URL(provider.baseUrl);
  const { authentication, key, organisationId, id, baseUrl } = provider;
  const opened = (place: SecretPlace, sealed: string) => openSealed(sealingKey, place, sealed, key);
  const tokenUrl =
    authentication.case === "oauthClientCredentials" || authentication.case === "googleServiceAccount" ? authentication.value.tokenUrl : "";
  const credential =
    provider.sealedCredential === ""
      ? undefined
      : opened(credentialPlace({ organisationId, id, baseUrl, tokenUrl }), provider.sealedCredential);
  const headers = provider.headers.flatMap(({ name, sealedValue }) => [
    name,
    opened(headerPlace({ organisationId, id, baseUrl }), sealedValue),
  ]);
  const tokens = tokenEndpointOf(authentication, credential ?? "", privateAddresses);
  const pool = new Pool(url.origin, {
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: headerBytesMax,
    pipelining: 1,
    allowH2: false,
    connect: guardedConnect({ url, privateAddressAllowed: provider.privateAddressAllowed }, privateAddresses),
  });
  return {
    row: provider,
    tokens,
    upstream: {
      pool,
      pathPrefix: url.pathname.replace(/\/+$/, ""),
      credential,
      accessToken: tokens === undefined ? undefined : accessToken(tokens.fetchToken),
      headers,
    },
  };
}

function tokenEndpointOf(
  authentication: ProviderRow["authentication"],
  credential: string,
  privateAddresses: readonly string[],
): TokenEndpoint | undefined {
  switch (authentication.case) {
    case "oauthClientCredentials":
      return clientCredentialsEndpoint(authentication.value, credential, privateAddresses);
    case "googleServiceAccount":
      return serviceAccountEndpoint(authentication.value, credential, privateAddresses);
    case "bearer":
    case "awsKeys":
    case undefined:
      return undefined;
    default:
      return authentication satisfies never;
  }
}

function openSealed(sealingKey: Uint8Array, place: SecretPlace, sealed: string, providerKey: string): string {
  try {
    return openSecret(sealingKey, place, sealed);
  } catch (cause) {
    throw new GatewayError("UPSTREAM_UNAVAILABLE", `the credential of provider "${providerKey}" cannot be opened; set it again`, {
      cause,
      anotherBackendMayHelp: true,
    });
  }
}
