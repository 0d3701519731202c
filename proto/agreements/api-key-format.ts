/**
 * The format of credentials: `<prefix>_<environment>_<public id>_<secret>_<checksum>`, in base62.
 *
 * The public id (12 characters) finds the row, the secret (43 characters, 256 bits) proves the caller, the checksum
 * (CRC-32 of all before it, 6 characters) refuses a mistyped key without a look-up and lets secret scanners be sure.
 * Only HMAC-SHA-256(pepper, the whole credential) is ever stored: a slow hash would add nothing to 256 random bits
 * and would sit on the path of each call.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const publicIdLength = 12;
const secretLength = 43;
const checksumLength = 6;

/** `psk`: an API key, for the data plane. `pat`: an admin token, for the control plane. */
export type CredentialPrefix = "psk" | "pat";

/** What secret scanners look for. */
export const credentialPattern = /\b(psk|pat)_([a-z]{2,12})_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})\b/;
const wholeCredential = /^(psk|pat)_([a-z]{2,12})_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})$/;

/** The length of the longest credential. Anything longer need not be looked at. */
export const credentialLengthMax = 3 + 1 + 12 + 1 + publicIdLength + 1 + secretLength + 1 + checksumLength;

export interface NewCredential {
  /** Shown once and never stored. */
  readonly credential: string;
  readonly publicId: string;
}

/** @param environment 2 to 12 of [a-z], such as "live" or "dev": for the eyes of people. */
export function makeCredential(prefix: CredentialPrefix, environment: string): NewCredential {
  const publicId = randomBase62(publicIdLength);
  const body = `${prefix}_${environment}_${publicId}_${randomBase62(secretLength)}`;
  return { credential: `${body}_${checksum(body)}`, publicId };
}

/** The public id of a well-formed credential whose checksum holds, else undefined. Says nothing of whether it exists. */
export function publicIdOf(credential: string, prefix: CredentialPrefix): string | undefined {
  if (credential.length > credentialLengthMax) return undefined;
  const match = wholeCredential.exec(credential);
  if (match === null || match[1] !== prefix) return undefined;
  const body = credential.slice(0, -checksumLength - 1);
  return checksum(body) === match[5] ? match[3] : undefined;
}

/** 32 bytes. */
export const hashCredential = (pepper: string, credential: string): Buffer =>
  createHmac("sha256", pepper).update(credential, "utf8").digest();

/** In constant time. */
export function credentialMatches(pepper: string, credential: string, hash: Uint8Array): boolean {
  const actual = hashCredential(pepper, credential);
  return actual.length === hash.length && timingSafeEqual(actual, hash);
}

/** Takes random bytes below 248 = 4 × 62 alone, so that each character is equally likely. */
function randomBase62(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += alphabet[byte % 62];
    }
  }
  return text;
}

function checksum(body: string): string {
  let rest = crc32(body);
  let text = "";
  for (let i = 0; i < checksumLength; i++) {
    text = alphabet[rest % 62] + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
