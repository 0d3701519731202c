/**
 * Sessions of the console: a browser shows an admin token, or a link that is good once, and gets a secret that is kept in a
 * cookie. A session can do what its token can, ends when that token ends, and is looked up on each request, so signing out
 * and revoking hold at once. Where a person signs in by another way (OpenID Connect), it ends here too: in a session.
 */
import { createHmac, randomBytes } from "node:crypto";
import { hashCredential, makeCredential } from "#agreements/api-key-format.ts";
import { AdminToken } from "../database/entities/admin-token.ts";
import { ConsoleSession } from "../database/entities/console-session.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { type KnownToken, rightsOf } from "./admin-tokens.ts";

export const invitationMs = 7 * 86_400_000;
const lifeMs = { link: 15 * 60_000, invitation: invitationMs } as const;
type SecretKind = ConsoleSession["kind"];
const secretPattern = /^[A-Za-z0-9_-]{43}$/;

export interface OpenedSession {
  /** For the cookie or the link; kept nowhere. */
  readonly secret: string;
  readonly expiresAt: Date;
}

/** @param kind "link": may be turned into a session once, within a quarter of an hour. "invitation": the same, within a week, and gives the token. */
export async function openConsoleSession(
  database: Database,
  pepper: string,
  token: Pick<KnownToken, "tokenId" | "organisationId">,
  kind: SecretKind,
  sessionMs: number,
): Promise<OpenedSession> {
  return database.system((em) => addSession(em, pepper, token, kind, sessionMs));
}

/** The same inside a transaction that is open. */
export async function addSession(
  em: EntityManager,
  pepper: string,
  token: Pick<KnownToken, "tokenId" | "organisationId">,
  kind: SecretKind,
  sessionMs: number,
): Promise<OpenedSession> {
  const secret = randomBytes(32).toString("base64url");
  const now = Date.now();
  const expiresAt = new Date(now + (kind === "session" ? sessionMs : lifeMs[kind]));
  await em.nativeDelete(ConsoleSession, { expiresAt: { $lt: new Date(now) } });
  em.persist(
    em.create(ConsoleSession, {
      id: idOf(pepper, secret),
      organisationId: token.organisationId,
      adminTokenId: token.tokenId,
      kind,
      createdAt: new Date(now),
      expiresAt,
    }),
  );
  return { secret, expiresAt };
}

/** Uses a link up. Undefined: unknown, used before, expired, or its token is no longer good; which of them is not told. */
export async function redeemLink(
  database: Database,
  pepper: string,
  secret: string,
  sessionMs: number,
): Promise<OpenedSession | undefined> {
  if (!secretPattern.test(secret)) return undefined;
  const link = await database.system(async (em) => {
    const token = await tokenBehind(em, pepper, secret, "link");
    // Of two that bring it at once, one deletes the row.
    const used = await em.nativeDelete(ConsoleSession, { id: idOf(pepper, secret), kind: "link" });
    return used === 1 ? token : undefined;
  });
  return link === undefined ? undefined : openConsoleSession(database, pepper, rightsOf(link), "session", sessionMs);
}

/** What a new member takes up: the token, which nobody has seen before, and a session. Undefined: as for a link. */
export async function redeemInvitation(
  database: Database,
  pepper: string,
  secret: string,
  sessionMs: number,
): Promise<(OpenedSession & { readonly credential: string }) | undefined> {
  if (!secretPattern.test(secret)) return undefined;
  return database.system(async (em) => {
    const token = await tokenBehind(em, pepper, secret, "invitation");
    const used = await em.nativeDelete(ConsoleSession, { id: idOf(pepper, secret), kind: "invitation" });
    if (token === undefined || used !== 1) return undefined;
    const { credential, publicId } = makeCredential("pat", "live");
    Object.assign(token, { publicId, hash: hashCredential(pepper, credential), invitedUntil: null });
    return { ...(await addSession(em, pepper, rightsOf(token), "session", sessionMs)), credential };
  });
}

/** Who is signed in with this secret. Undefined: nobody, or not any more. */
export async function recogniseSession(database: Database, pepper: string, secret: string | undefined): Promise<KnownToken | undefined> {
  if (secret === undefined || !secretPattern.test(secret)) return undefined;
  const token = await database.system((em) => tokenBehind(em, pepper, secret, "session"));
  return token === undefined ? undefined : rightsOf(token);
}

export async function closeConsoleSession(database: Database, pepper: string, secret: string): Promise<void> {
  await database.system((em) => em.nativeDelete(ConsoleSession, { id: idOf(pepper, secret) }));
}

const idOf = (pepper: string, secret: string): string => createHmac("sha256", pepper).update(`console ${secret}`).digest("hex");

async function tokenBehind(em: EntityManager, pepper: string, secret: string, kind: SecretKind): Promise<AdminToken | undefined> {
  const now = new Date();
  const session = await em.findOne(ConsoleSession, { id: idOf(pepper, secret), kind, expiresAt: { $gt: now } });
  if (session === null) return undefined;
  const token = await em.findOne(AdminToken, { id: session.adminTokenId });
  if (token === null || token.revokedAt != null || (token.expiresAt != null && token.expiresAt <= now)) return undefined;
  return token;
}
