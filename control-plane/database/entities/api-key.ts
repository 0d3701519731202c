/** A caller's credential on the data plane. The credential itself is never stored: see agreements/api-key-format.ts. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
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
    /** Names of routes. Empty: all of the organisation. */
    /** It may ask for one variant of an experiment. Such calls count in no result. */
    mayForceVariants: p.boolean(),
    allowedRoutes: p.array<string>(),
    /** The key that this one takes over from. */
    rotatedFromId: p.uuid().nullable(),
  },
});
export type ApiKey = InferEntity<typeof ApiKey>;
