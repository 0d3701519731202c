/** What each resolver gets: who asks, for which organisation, and the loaders of this one request. */
import type DataLoader from "dataloader";
import { ControlError } from "../control-error.ts";
import type { ConfigKind, ConfigRows } from "../database/config-kinds.ts";
import type { AdminRole } from "../database/entities/admin-role.ts";
import type { Services } from "../services.ts";

/** The holder of an admin token, or the system itself. */
export interface Principal {
  /** For history and audit: "token:<name>", "system". */
  readonly actor: string;
  readonly role: AdminRole;
  /** May make organisations and act in each of them. */
  readonly installation: boolean;
  /** The organisation that the work is done in. */
  readonly organisationId: string;
}

export interface GraphQLContext {
  readonly services: Services;
  readonly requestId: string;
  /** Undefined: no token, or not a good one. */
  readonly principal: Principal | undefined;
  readonly loaders: { readonly [Kind in ConfigKind]: DataLoader<string, ConfigRows[Kind] | undefined> };
}

/** For resolvers behind a scope, where it is always there. */
export function principalOf(context: GraphQLContext): Principal {
  if (context.principal === undefined) throw new ControlError("UNAUTHENTICATED", "give an admin token: authorization: Bearer pat_…");
  return context.principal;
}
