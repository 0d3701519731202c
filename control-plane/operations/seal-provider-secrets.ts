/**
 * Takes a provider's secrets in and seals them for where they are sent: the credential, and the values of headers that go with
 * each call. Nothing here is ever given out again, and nothing follows its provider to another place.
 */
import { createPrivateKey } from "node:crypto";
import { credentialPlace, headerPlace } from "#agreements/provider-secrets.ts";
import { sealSecret } from "#agreements/sealed-secret.ts";
import { ValidationError, type ValidationIssue } from "../control-error.ts";
import { type AuthenticationMethod, type ProviderAuthentication, type SealedHeader, tokenUrlOf } from "../database/entities/provider.ts";
import type { ControlPlaneSettings } from "../settings.ts";

const credentialLengthMax = 8_192;
const headersMax = 32;

export interface SecretOwner {
  readonly organisationId: string;
  readonly id: string;
  readonly baseUrl: string;
  readonly authentication: ProviderAuthentication;
}

type Sealing = Pick<ControlPlaneSettings, "sealingKey">;

/**
 * @param credential null or undefined: as it was; empty: none. White space around it is pasted with it and no part of it.
 * @throws ValidationError where it would be sent elsewhere or otherwise than before and is not given again: else whoever may
 * change the one could have the other sent to a place of their own (CVE-2026-41487). Also where no header could carry it: each
 * call of the provider would fail.
 */
export function sealCredential(
  { sealingKey }: Sealing,
  owner: SecretOwner,
  credential: string | null | undefined,
  before?: Pick<SecretOwner, "baseUrl" | "authentication"> & { readonly sealedCredential: string },
): string {
  if (credential == null) {
    if (before === undefined || before.sealedCredential === "") return "";
    if (before.baseUrl !== owner.baseUrl) throw faulty("credential", "must be given again when the base URL changes");
    if (
      before.authentication.method !== owner.authentication.method ||
      tokenUrlOf(before.authentication) !== tokenUrlOf(owner.authentication)
    )
      throw faulty("credential", "must be given again when the authentication changes");
    return before.sealedCredential;
  }
  if (credential === "") return "";
  const secret = readers[owner.authentication.method](credential.trim());
  return sealSecret(sealingKey, credentialPlace({ ...owner, tokenUrl: tokenUrlOf(owner.authentication) }), secret);
}

/** What a method's credential is kept as. @throws ValidationError */
const readers = {
  "api-key": sendable,
  bearer: sendable,
  "oauth-client-credentials": sendable,
  "aws-keys": sendable,
  "google-service-account": (text) => {
    const { privateKey, privateKeyId } = readKeyFile(text);
    return JSON.stringify({ private_key: privateKey, private_key_id: privateKeyId });
  },
} satisfies Record<AuthenticationMethod, (credential: string) => string>;

function sendable(credential: string): string {
  // Not the same as none: whoever pastes nothing has not asked for the credential to be taken away.
  const fault = credential === "" ? 'is only white space; give the provider\'s key, or "" for none' : faultOfHeaderValue(credential);
  if (fault !== undefined) throw faulty("credential", fault);
  return credential;
}

export interface GoogleKeyFile {
  readonly clientEmail: string;
  readonly tokenUrl: string;
  readonly privateKey: string;
  readonly privateKeyId: string;
}

/** Reads the JSON file that Google Cloud gives out for a service account. @throws ValidationError */
export function readKeyFile(text: string): GoogleKeyFile {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw faulty("credential", "must be the service account's key file, as JSON");
  }
  const members = typeof file === "object" && file !== null ? (file as Record<string, unknown>) : {};
  const member = (name: string): string => {
    const value = members[name];
    if (typeof value !== "string" || value === "" || value.length > credentialLengthMax)
      throw faulty("credential", `is no key file of a service account: ${name} is missing`);
    return value;
  };
  const privateKey = member("private_key");
  if (!isRsaKey(privateKey)) throw faulty("credential", "is no key file of a service account: private_key is not an RSA key");
  return { clientEmail: member("client_email"), tokenUrl: member("token_uri"), privateKey, privateKeyId: member("private_key_id") };
}

function isRsaKey(pem: string): boolean {
  try {
    // PKCS #8, as Google writes it; nodes read nothing else.
    return pem.includes("-----BEGIN PRIVATE KEY-----") && createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}

export interface HeaderValue {
  readonly name: string;
  readonly value: string;
}

/**
 * @param headers null or undefined: as they were; else all of them.
 * @throws ValidationError as sealCredential.
 */
export function sealHeaders(
  { sealingKey }: Sealing,
  owner: Omit<SecretOwner, "authentication">,
  headers: readonly HeaderValue[] | null | undefined,
  before?: { readonly baseUrl: string; readonly sealedHeaders: readonly SealedHeader[] },
): readonly SealedHeader[] {
  if (headers == null) {
    if (before === undefined) return [];
    if (before.sealedHeaders.length > 0 && before.baseUrl !== owner.baseUrl)
      throw faulty("headers", "must be given again when the base URL changes");
    return before.sealedHeaders;
  }
  const read = headers.map(({ name, value }) => ({ name: name.trim().toLowerCase(), value: value.trim() }));
  const issues = faultsOfHeaders(read);
  if (issues.length > 0) throw new ValidationError([...issues]);
  return read
    .map(({ name, value }) => ({ name, sealedValue: sealSecret(sealingKey, headerPlace(owner), value) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a node says itself, and what would change how the call's bytes are read. */
const reservedHeaders = new Set(
  "host content-length content-type content-encoding transfer-encoding connection keep-alive upgrade expect te trailer accept accept-encoding x-request-id".split(
    " ",
  ),
);

function faultsOfHeaders(headers: readonly HeaderValue[]): readonly ValidationIssue[] {
  if (headers.length > headersMax) return [{ path: "headers", message: `may be ${headersMax}` }];
  const seen = new Set<string>();
  return headers.flatMap(({ name, value }, index) => {
    const path = `headers[${index}]`;
    const issues: ValidationIssue[] = [];
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name)) issues.push({ path: `${path}.name`, message: "is not a header's name" });
    else if (reservedHeaders.has(name)) issues.push({ path: `${path}.name`, message: `${name} is the gateway's to say` });
    if (seen.has(name)) issues.push({ path: `${path}.name`, message: `${name} is there twice` });
    seen.add(name);
    const fault = value === "" ? "must not be empty" : faultOfHeaderValue(value);
    if (fault !== undefined) issues.push({ path: `${path}.value`, message: fault });
    return issues;
  });
}

function faultOfHeaderValue(value: string): string | undefined {
  if (value.length > credentialLengthMax) return `may have ${credentialLengthMax} characters`;
  if (!/^[\x20-\x7e]*$/.test(value))
    return "must not hold line breaks, control characters or anything beyond ASCII, because it is sent in a header; copy it again";
  return undefined;
}

const faulty = (path: string, message: string): ValidationError => new ValidationError([{ path, message }]);
