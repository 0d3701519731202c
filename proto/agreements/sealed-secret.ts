/**
 * Seals a provider's credential: AES-256-GCM under a key of its own, HKDF-SHA-256(sealing key, random salt), so that no
 * key ever seals twice and the nonce budget of NIST SP 800-38D does not arise. The secret is bound to where it belongs:
 * moved to another organisation, another row or another base URL, it does not open (CVE-2026-41487 is what happens else).
 *
 * Text form: `sealed1.<key id>.<salt>.<nonce>.<ciphertext and tag>`, base64url.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";

const version = "sealed1";

/** Where a secret belongs. All three are authenticated with it. */
export interface SecretPlace {
  readonly organisationId: string;
  readonly rowId: string;
  readonly baseUrl: string;
}

/** @param sealingKey 32 bytes. */
export function sealSecret(sealingKey: Uint8Array, place: SecretPlace, secret: string): string {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", secretKey(sealingKey, salt), nonce);
  cipher.setAAD(additionalData(place));
  const sealed = Buffer.concat([cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return [version, sealingKeyId(sealingKey), ...[salt, nonce, sealed].map((part) => part.toString("base64url"))].join(".");
}

/** @throws Error where the text is not a sealed secret, or was sealed with another key or for another place. */
export function openSecret(sealingKey: Uint8Array, place: SecretPlace, text: string): string {
  const [form, keyId, ...parts] = text.split(".");
  if (form !== version) throw new Error("not a sealed secret");
  if (keyId !== sealingKeyId(sealingKey)) throw new Error(`sealed with another key (${keyId})`);
  const [salt, nonce, bytes, beyond] = parts.map(bytesOf);
  if (salt === undefined || nonce === undefined || bytes === undefined || bytes.length < 16) throw new Error("sealed secret is cut short");
  if (beyond !== undefined) throw new Error("sealed secret has more parts than it should");
  const decipher = createDecipheriv("aes-256-gcm", secretKey(sealingKey, salt), nonce);
  decipher.setAAD(additionalData(place));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString("utf8");
}

/** Node reads base64url leniently, so that several texts would be one secret; only the one that is written opens. */
function bytesOf(part: string): Buffer {
  const bytes = Buffer.from(part, "base64url");
  if (bytes.toString("base64url") !== part) throw new Error("sealed secret is not written as base64url");
  return bytes;
}

/** Names a sealing key without telling it. */
export const sealingKeyId = (sealingKey: Uint8Array): string =>
  createHash("sha256").update("penstock/sealing-key-id\0").update(sealingKey).digest("hex").slice(0, 8);

const secretKey = (sealingKey: Uint8Array, salt: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", sealingKey, salt, "penstock/sealed-secret/1", 32));

/** Each part with its length before it, so that no two places read the same. */
function additionalData(place: SecretPlace): Buffer {
  return Buffer.concat(
    [place.organisationId, place.rowId, place.baseUrl].flatMap((part) => {
      const bytes = Buffer.from(part, "utf8");
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
