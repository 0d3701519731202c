/** Admin tokens: made, revoked, and recognised on each request. Only their HMAC is stored. */
import { v7 } from "uuid";
import { credentialMatches, hashCredential, makeCredential, publicIdOf } from "#agreements/api-key-format.ts";
import { ForbiddenError, NotFoundError, ValidationError } from "../control-error.ts";
import { isUuid } from "../database/config-kinds.ts";
import type { AdminRole } from "../database/entities/admin-role.ts";
import { AdminToken } from "../database/entities/admin-token.ts";
import { AuditEntry } from "../database/entities/audit-entry.ts";
import { Organisation } from "../database/entities/organisation.ts";
import type { Database, EntityManager } from "../database/orm.ts";
import { requireStorable } from "../storable-text.ts";

export interface AdminTokenOptions {
  readonly name: string;
  readonly role: AdminRole;
  readonly expiresAt: Date | null;
  readonly installation: boolean;
  /** Left out: whoever made it hands the credential on. */
  readonly invitedUntil?: Date;
}

interface Author {
  readonly actor: string;
  readonly organisationId: string;
}

/** @throws ValidationError where the name is empty or it would be expired from the start. */
export async function makeAdminToken(
  em: EntityManager,
  pepper: string,
  author: Author,
  options: AdminTokenOptions,
): Promise<{ readonly row: AdminToken; readonly credential: string }> {
  const now = new Date();
  requireStorable({ name: options.name });
  if (options.name.trim() === "" || options.name.length > 200)
    throw new ValidationError([{ path: "name", message: "must have 1 to 200 characters" }]);
  if (options.expiresAt !== null && options.expiresAt <= now)
    throw new ValidationError([{ path: "expiresAt", message: "must be in the future" }]);
  const { credential, publicId } = makeCredential("pat", "live");
  const row = em.create(AdminToken, {
    id: v7(),
    organisationId: author.organisationId,
    ...options,
    publicId,
    hash: hashCredential(pepper, credential),
    createdAt: now,
    revokedAt: null,
    invitedUntil: options.invitedUntil ?? null,
  });
  em.persist([row, audit(em, author, now, "admin_token.create", row)]);
  return { row, credential };
}

/** @throws NotFoundError where the organisation has no such token. */
export async function revokeAdminToken(em: EntityManager, author: Author, id: string): Promise<AdminToken> {
  const row = await em.findOne(AdminToken, { id });
  if (row === null) throw new NotFoundError("admin token", id);
  if (row.revokedAt == null) {
    row.revokedAt = new Date();
    em.persist(audit(em, author, row.revokedAt, "admin_token.revoke", row));
  }
  return row;
}

const audit = (em: EntityManager, author: Author, at: Date, action: string, row: AdminToken): AuditEntry =>
  em.create(AuditEntry, {
    id: v7(),
    organisationId: author.organisationId,
    at,
    actor: author.actor,
    action,
    targetKind: "admin_token",
    targetId: row.id,
    revisionNumber: null,
    details: { name: row.name, role: row.role },
  });

export interface KnownToken {
  readonly tokenId: string;
  readonly actor: string;
  readonly role: AdminRole;
  readonly installation: boolean;
  readonly organisationId: string;
}

export const rightsOf = (row: AdminToken): KnownToken => ({
  tokenId: row.id,
  actor: `token:${row.name}`,
  role: row.role,
  installation: row.installation,
  organisationId: row.organisationId,
});

/** Who holds the token, or undefined: which of unknown, wrong, expired and revoked it is, is not told. */
export async function recogniseAdminToken(
  database: Database,
  pepper: string,
  authorization: string | undefined,
): Promise<KnownToken | undefined> {
  const credential = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (credential === undefined) return undefined;
  const publicId = publicIdOf(credential, "pat");
  if (publicId === undefined) return undefined;
  return database.system(async (em) => {
    const row = await em.findOne(AdminToken, { publicId });
    if (row === null || !credentialMatches(pepper, credential, row.hash)) return undefined;
    if (row.revokedAt != null || (row.expiresAt != null && row.expiresAt <= new Date())) return undefined;
    return rightsOf(row);
  });
}

/**
 * A token of the installation acts in `organisationId` where one is asked for and exists; another token acts in its own alone.
 * @throws ForbiddenError where it may not act there; whether there is such an organisation is not told.
 */
export async function actIn(database: Database, token: KnownToken, organisationId: string | undefined): Promise<KnownToken> {
  if (organisationId === undefined || organisationId === token.organisationId) return token;
  const mayActThere =
    token.installation && isUuid(organisationId) && (await database.system((em) => em.count(Organisation, { id: organisationId }))) === 1;
  if (!mayActThere)
    throw new ForbiddenError("the header x-penstock-organisation must name, by its id, an organisation that this token may act in");
  return { ...token, organisationId };
}
