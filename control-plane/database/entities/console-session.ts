/** A browser that is signed in to the console, or a link that signs one in, once, or that gives a new member their token, once. Not configuration: it never reaches a node. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const ConsoleSession = defineEntity({
  name: "ConsoleSession",
  tableName: "console_session",
  properties: {
    /** HMAC-SHA-256 of what the cookie or the link holds, with the pepper, 32 bytes in hex. */
    id: p.text().primary(),
    organisationId: p.uuid(),
    /** Whose rights it has, no more and no longer than that token. */
    adminTokenId: p.uuid(),
    kind: p.text().$type<"session" | "link" | "invitation">(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
  },
});
export type ConsoleSession = InferEntity<typeof ConsoleSession>;
