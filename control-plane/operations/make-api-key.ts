/** Makes an API key. The credential is in the result alone: the row holds its HMAC. */
import { hashCredential, makeCredential } from "#agreements/api-key-format.ts";
import type { ApiMethod } from "#agreements/api-methods.ts";
import { ValidationError } from "../control-error.ts";
import type { ApiKey } from "../database/entities/api-key.ts";
import { Route } from "../database/entities/route.ts";
import { requireStorable } from "../storable-text.ts";
import type { ConfigurationChange } from "./change-configuration.ts";

export interface ApiKeyOptions {
  /** Default: a new one. */
  readonly id?: string;
  readonly projectId: string;
  readonly name: string;
  readonly environment: string;
  readonly expiresAt: Date | null;
  readonly allowedRoutes: string[];
  /** Default: nobody said. */
  readonly owner?: string;
  /** Default: all. */
  readonly allowedMethods?: ApiMethod[];
  /** Default: all. */
  readonly allowedNetworks?: string[];
  /** Default false. */
  readonly mayForceVariants?: boolean;
  readonly rotatedFromId: string | null;
}

/** @throws ValidationError where an allowed route does not exist, or it would be expired from the start. */
export async function makeApiKey(
  change: ConfigurationChange,
  pepper: string,
  options: ApiKeyOptions,
): Promise<{ readonly row: ApiKey; readonly credential: string }> {
  // The format is checked with the row; here it only has to be something that a credential can be made of.
  if (!/^[a-z]{2,12}$/.test(options.environment))
    throw new ValidationError([{ path: "environment", message: "must be 2 to 12 letters from a to z" }]);
  if (options.expiresAt !== null && options.expiresAt <= change.at)
    throw new ValidationError([{ path: "expiresAt", message: "must be in the future" }]);
  if (options.rotatedFromId === null) await refuseUnknownRoutes(change, options.allowedRoutes);
  const { credential, publicId } = makeCredential("psk", options.environment);
  const row = change.create("api_key", {
    ...options,
    owner: options.owner ?? "",
    allowedMethods: options.allowedMethods ?? [],
    allowedNetworks: options.allowedNetworks ?? [],
    mayForceVariants: options.mayForceVariants ?? false,
    publicId,
    hash: hashCredential(pepper, credential),
    lastFour: credential.slice(-4),
    revokedAt: null,
  });
  return { row, credential };
}

/** A typing error would be a key that may call nothing. Routes may go later; the key then simply has fewer. */
async function refuseUnknownRoutes(change: ConfigurationChange, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  requireStorable(Object.fromEntries(names.map((name, index) => [`allowedRoutes[${index}]`, name])));
  const known = await change.em.find(Route, { name: { $in: [...names] }, archivedAt: null });
  const unknown = names.filter((name) => !known.some((route) => route.name === name));
  if (unknown.length > 0)
    throw new ValidationError([{ path: "allowedRoutes", message: `there is no route named ${unknown.slice(0, 10).join(", ")}` }]);
}
