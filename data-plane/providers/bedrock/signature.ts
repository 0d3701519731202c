/** Signs a call as AWS asks (SigV4), by the library of AWS's own SDKs. */
import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsKeys } from "#proto/penstock/config/v1/snapshot_pb.ts";
import { GatewayError } from "../../gateway-error.ts";
import type { CompiledBackend } from "../../snapshot/compiled-route.ts";
import type { UpstreamRequest } from "../answer-exchange.ts";

export interface CallToSign {
  readonly host: string;
  /** Escaped, as it is sent. */
  readonly path: string;
  /** Name and value in turn. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** The request as it is sent: signed where the provider has AWS keys, and else as it is. @param secret the secret access key. */
export async function sign(
  request: UpstreamRequest,
  { backend }: { readonly backend: CompiledBackend },
  secret: string | undefined,
): Promise<UpstreamRequest> {
  const { provider } = backend;
  if (provider.authentication.case !== "awsKeys") return request;
  if (secret === undefined)
    throw new GatewayError("UPSTREAM_UNAVAILABLE", `provider "${provider.key}" has no secret access key; set its credential`, {
      anotherBackendMayHelp: true,
    });
  const { host } = new URL(provider.baseUrl);
  return { ...request, headers: await signedHeaders({ ...request, host }, provider.authentication.value, secret) };
}

/**
 * What goes over the wire but is not signed: proxies between may change it, and a connection's own headers are not the call's.
 * A session token among the provider's own headers is signed with the rest.
 */
const unsigned = new Set(["accept", "accept-encoding", "x-request-id"]);

/** Returns the call's headers with those that the signature adds. `host` is the connection's to write. */
export async function signedHeaders(
  { host, path, headers, body }: CallToSign,
  { accessKeyId, region }: Pick<AwsKeys, "accessKeyId" | "region">,
  secretAccessKey: string,
): Promise<string[]> {
  const toSign: Record<string, string> = { host };
  const beside: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? "";
    const value = headers[i + 1] ?? "";
    if (unsigned.has(name)) beside.push(name, value);
    else toSign[name] = value;
  }
  const signer = new SignatureV4({ service: "bedrock", region, credentials: { accessKeyId, secretAccessKey }, sha256: Sha256 });
  const signed = await signer.sign({ method: "POST", protocol: "https:", hostname: host, path, query: {}, headers: toSign, body });
  for (const [name, value] of Object.entries(signed.headers)) if (name !== "host") beside.push(name, value);
  return beside;
}

type Data = string | ArrayBuffer | ArrayBufferView;
const bytesOf = (data: Data): string | Uint8Array =>
  typeof data === "string"
    ? data
    : data instanceof ArrayBuffer
      ? new Uint8Array(data)
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The form in which the signer wants a hash. */
class Sha256 {
  readonly #secret: Data | undefined;
  #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: Data) {
    this.#secret = secret;
    this.#hash = this.#fresh();
  }
  update(data: Data): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    this.#hash = this.#fresh();
  }
  #fresh() {
    return this.#secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(this.#secret));
  }
}
