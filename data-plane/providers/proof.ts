/** What a call carries to prove whose it is: a key as the kind wants it, a token, and the provider's own headers. */
import type { Provider as ProviderRow } from "#proto/penstock/config/v1/snapshot_pb.ts";
import type { Upstream } from "./upstream-pools.ts";

export interface Proof {
  /** Name and value in turn. */
  readonly headers: readonly string[];
  /** To be taken out of whatever a backend says. undefined: there is none. */
  readonly secret: string | undefined;
}

/** Where a kind of provider takes its key; `bearer` in `authorization`. */
export type KeyHeader = "bearer" | "x-api-key" | "x-goog-api-key" | "api-key";

/** At once, unless a token has to be fetched. @throws GatewayError as AccessToken.get. */
export function proofOf(upstream: Upstream, provider: ProviderRow, keyHeader: KeyHeader): Proof | Promise<Proof> {
  // Its calls are signed; the secret itself goes nowhere.
  if (provider.authentication.case === "awsKeys") return { headers: upstream.headers, secret: upstream.credential };
  if (upstream.accessToken === undefined)
    return proof(upstream, provider.authentication.case === "bearer" ? "bearer" : keyHeader, upstream.credential);
  const token = upstream.accessToken.get();
  return typeof token === "string" ? proof(upstream, "bearer", token) : token.then((fetched) => proof(upstream, "bearer", fetched));
}

/** The backend did not take it: a token that was taken back is not sent again. */
export function proofRefused({ accessToken }: Upstream, { secret }: Proof): void {
  if (secret !== undefined) accessToken?.refuse(secret);
}

function proof({ headers }: Upstream, keyHeader: KeyHeader, secret: string | undefined): Proof {
  const [name, value] = keyHeader === "bearer" ? (["authorization", `Bearer ${secret}`] as const) : ([keyHeader, secret ?? ""] as const);
  // A header of the provider's own says the same thing better.
  const said = secret === undefined || headers.some((text, i) => i % 2 === 0 && text === name);
  return { headers: said ? headers : [...headers, name, value], secret };
}
