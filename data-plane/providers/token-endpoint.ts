/**
 * Where access tokens are fetched: by OAuth client credentials (RFC 6749, section 4.4), or for a Google service account by a
 * signed assertion (RFC 7523). The endpoint is called under the same guard as the provider itself, and on a clock.
 */
import { importPKCS8, SignJWT } from "jose";
import {
  type AuthorizationServer,
  allowInsecureRequests,
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  genericTokenEndpointRequest,
  processGenericTokenEndpointResponse,
} from "oauth4webapi";
import { type Dispatcher, Pool, fetch as undiciFetch } from "undici";
import type { GoogleServiceAccount, OauthClientCredentials } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { FetchedToken } from "./access-token.ts";
import { guardedConnect } from "./guarded-connect.ts";

/** Connecting, asking and reading, together. */
const tokenMs = 10_000;
const tokenBytesMax = 64 * 1024;
/** Where the server does not say: RFC 6749, section 5.1, leaves it open. */
const lifetimeSecondsDefault = 300;
/** Google's: an assertion and its token live for an hour at the most. */
const assertionSeconds = 3600;
const googleScope = "https://www.googleapis.com/auth/cloud-platform";

export interface TokenEndpoint {
  fetchToken(): Promise<FetchedToken>;
  close(): Promise<void>;
}

export function clientCredentialsEndpoint(
  { tokenUrl, clientId, scope, audience, clientAuthentication }: OauthClientCredentials,
  secret: string,
  privateAddresses: readonly string[],
): TokenEndpoint {
  const prove = clientAuthentication === "post" ? ClientSecretPost(secret) : ClientSecretBasic(secret);
  return tokenEndpoint(tokenUrl, clientId, prove, privateAddresses, async () => ({
    grantType: "client_credentials",
    parameters: { ...(scope === "" ? {} : { scope }), ...(audience === "" ? {} : { audience }) },
  }));
}

/** @param keyFile JSON with private_key and private_key_id. */
export function serviceAccountEndpoint(
  { tokenUrl, clientEmail }: GoogleServiceAccount,
  keyFile: string,
  privateAddresses: readonly string[],
): TokenEndpoint {
  const file = JSON.parse(keyFile) as { private_key: string; private_key_id: string };
  // The assertion is all that proves it.
  const prove: ClientAuth = () => {};
  return tokenEndpoint(tokenUrl, clientEmail, prove, privateAddresses, async () => ({
    grantType: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    parameters: {
      assertion: await new SignJWT({ scope: googleScope })
        .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: file.private_key_id })
        .setIssuer(clientEmail)
        .setSubject(clientEmail)
        .setAudience(tokenUrl)
        .setIssuedAt()
        .setExpirationTime(`${assertionSeconds} seconds`)
        .sign(await importPKCS8(file.private_key, "RS256")),
    },
  }));
}

function tokenEndpoint(
  tokenUrl: string,
  clientId: string,
  prove: ClientAuth,
  privateAddresses: readonly string[],
  grant: () => Promise<{ readonly grantType: string; readonly parameters: Record<string, string> }>,
): TokenEndpoint {
  const url = new URL(tokenUrl);
  // What the control plane has let in is checked again here, by this node's list alone.
  const dispatcher = new Pool(url.origin, {
    connections: 1,
    maxResponseSize: tokenBytesMax,
    connect: guardedConnect({ url, privateAddressAllowed: true }, privateAddresses),
  });
  const server: AuthorizationServer = { issuer: url.origin, token_endpoint: tokenUrl };
  const client: Client = { client_id: clientId };
  return {
    async fetchToken() {
      const { grantType, parameters } = await grant();
      const response = await genericTokenEndpointRequest(server, client, prove, grantType, parameters, {
        [customFetch]: guardedFetch(dispatcher),
        // A server of the operator's own may stand behind the same wall without TLS, as its models may.
        [allowInsecureRequests]: true,
        signal: AbortSignal.timeout(tokenMs),
      });
      const { access_token, expires_in } = await processGenericTokenEndpointResponse(server, client, response);
      return { token: access_token, lifetimeMs: (expires_in ?? lifetimeSecondsDefault) * 1000 };
    },
    close: () => dispatcher.destroy(),
  };
}

const guardedFetch =
  (dispatcher: Dispatcher) =>
  async (url: string, init: object): Promise<Response> => {
    const response = await undiciFetch(url, { ...init, redirect: "manual", dispatcher });
    // undici's Response is what the global one is; their types are declared apart.
    return response as unknown as Response;
  };
