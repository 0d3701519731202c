/** A caller's credential on the data plane. The credential itself is never stored: see agreements/api-key-format.ts. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { ApiMethod } from "#agreements/api-methods.ts";
import { configColumns } from "./config-columns.ts";

export const ApiKey = defineEntity({
  name: "ApiKey",
  tableName: "api_key",
  properties: {
    ...configColumns(),
    projectId: p.uuid(),
    name: p.text(),
    /** For people's eyes, a part of the credential: "live", "dev". */
    environment: p.text(),
    publicId: p.text(),
    /** HMAC-SHA-256 with the pepper, 32 bytes. */
    hash: p.blob(),
    lastFour: p.text(),
    /** Null: never. */
    expiresAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    /** Who answers for it: a person, a team, an address. Empty: nobody said. */
    owner: p.text(),
    /** Names of routes. Empty: all of the organisation. */
    allowedRoutes: p.array<string>(),
    /** Empty: all. */
    allowedMethods: p.array<ApiMethod>(),
    /** Addresses and CIDR ranges. Empty: all. */
    allowedNetworks: p.array<string>(),
    /** It may ask for one variant of an experiment. Such calls count in no result. */
    mayForceVariants: p.boolean(),
    /** The key that this one takes over from. */
    rotatedFromId: p.uuid().nullable(),
  },
});
export type ApiKey = InferEntity<typeof ApiKey>;
