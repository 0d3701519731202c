/** A page as somebody has set it, under a name. */
import { defineEntity, type InferEntity, p } from "@mikro-orm/core";

export const SavedView = defineEntity({
  name: "SavedView",
  tableName: "saved_view",
  properties: {
    id: p.uuid().primary(),
    organisationId: p.uuid(),
    /** The first part of the page's address: "calls". */
    page: p.text(),
    name: p.text(),
    /** What follows "?" in its address, by name. */
    search: p.json<Readonly<Record<string, string>>>(),
    /** As an audit entry's actor: whose it is. */
    owner: p.text(),
    /** Everybody in the organisation sees it. */
    shared: p.boolean(),
    createdAt: p.datetime(),
  },
});
export type SavedView = InferEntity<typeof SavedView>;
