/**
 * Where a provider's secrets belong, as they are sealed for it: what goes to the base URL opens there alone, and a client's secret
 * opens only where both the base URL and the token URL are those it was given for, because it is sent to the one and what it
 * brings to the other.
 */
import type { SecretPlace } from "./sealed-secret.ts";

export interface ProviderAddress {
  readonly organisationId: string;
  readonly id: string;
  readonly baseUrl: string;
  /** Where OAuth tokens are fetched. Empty: there are none. */
  readonly tokenUrl: string;
}

export const credentialPlace = ({ organisationId, id, baseUrl, tokenUrl }: ProviderAddress): SecretPlace => ({
  organisationId,
  rowId: id,
  // A URL holds no space, so no two pairs read the same.
  baseUrl: tokenUrl === "" ? baseUrl : `${baseUrl} ${tokenUrl}`,
});

export const headerPlace = ({ organisationId, id, baseUrl }: Omit<ProviderAddress, "tokenUrl">): SecretPlace => ({
  organisationId,
  rowId: id,
  baseUrl,
});
