/**
 * The columns that every configuration entity has. One row is one aggregate is one resource of the snapshot, so that a
 * change of one row moves one resource.
 */
import { p } from "@mikro-orm/core";

export const configColumns = () => ({
  /** UUID v7. */
  id: p.uuid().primary(),
  organisationId: p.uuid(),
  /** Starts at 1 and grows with each change: what an update's `expectedRevision` is compared with. */
  revision: p.integer(),
  createdAt: p.datetime(),
  updatedAt: p.datetime(),
  /** Set: no longer in the snapshot. Rows are never deleted, history points at them. */
  archivedAt: p.datetime().nullable(),
});
