/** What people call a node, to be spread beside each field that gives a node's id. */
import type { GraphQLContext } from "./context.ts";

export const nodeNameDescription =
  "What people call the node: its name, with a piece of the id behind it where others have the same; where it has none, that piece alone.";

/** @param idOf the node's id of what is resolved. */
export const nodeNameOf =
  <Parent>(idOf: (parent: Parent) => string) =>
  (parent: Parent, _arguments: object, { services }: GraphQLContext): string =>
    services.propagation.nameOf(idOf(parent));
