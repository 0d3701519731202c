/** Signatures of the Standard Webhooks specification, symmetric: HMAC-SHA-256 over id, time and body, by a secret `whsec_…`. Pure. */
import { createHmac, randomBytes } from "node:crypto";

const prefix = "whsec_";
/** The specification asks for 24 to 64. */
const secretBytes = 32;

export const newSecret = (): string => `${prefix}${randomBytes(secretBytes).toString("base64")}`;

export interface SignedMessage {
  /** The same in each attempt, so that receivers know a message that comes twice. */
  readonly id: string;
  readonly at: Date;
  readonly body: string;
}

/** @param secrets with several, receivers take any of them. */
export function signatureHeaders({ id, at, body }: SignedMessage, secrets: readonly string[]): Readonly<Record<string, string>> {
  const timestamp = Math.floor(at.getTime() / 1000).toString();
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), "base64");
    // An empty key would sign for anybody.
    if (!secret.startsWith(prefix) || key.length < 24) throw new Error("not the secret of a webhook");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
