/**
 * The schema builder: plugins, scalars, scopes and how fields are allowed. Type files add to it; schema.ts prints it.
 *
 * Errors stands before ScopeAuth, so that "you may not" is a member of a mutation's union like the other expected errors.
 */
import SchemaBuilder from "@pothos/core";
import DataloaderPlugin from "@pothos/plugin-dataloader";
import ErrorsPlugin from "@pothos/plugin-errors";
import RelayPlugin from "@pothos/plugin-relay";
import ScopeAuthPlugin from "@pothos/plugin-scope-auth";
import { GraphQLError, Kind, type ValueNode } from "graphql";
import { ControlError, ForbiddenError } from "../control-error.ts";
import { mayAs } from "../database/entities/admin-role.ts";
import type { GraphQLContext } from "./context.ts";
import { badUserInput } from "./error-mask.ts";
import { isTooDeep, jsonDepthMax } from "./json-depth.ts";

export interface SchemaTypes {
  Context: GraphQLContext;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  AuthScopes: {
    /** Any good token. */
    viewer: boolean;
    /** Prompts, experiments, replays, and what was said in calls. */
    developer: boolean;
    /** Where calls go and within which limits. */
    operator: boolean;
    /** Members, projects, and what is kept. */
    admin: boolean;
    /** May make organisations. */
    installation: boolean;
  };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    BigInt: { Input: bigint; Output: bigint };
    JSON: { Input: unknown; Output: unknown };
  };
}

/** The same with Pothos' own defaults filled in: what its field builders are generic over. */
export type ExtendedTypes = typeof builder.$inferSchemaTypes;

export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [ErrorsPlugin, ScopeAuthPlugin, RelayPlugin, DataloaderPlugin],
  defaultFieldNullability: false,
  relay: {
    clientMutationId: "omit",
    cursorType: "String",
    edgesFieldOptions: { nullable: false },
    nodeFieldOptions: { nullable: false },
    // Ids are UUIDs and need no wrapping; `node(id)` of Relay would be a second way to everything.
    nodeQueryOptions: false,
    nodesQueryOptions: false,
  },
  errors: {
    defaultTypes: [],
    directResult: true,
    defaultUnionOptions: { name: ({ fieldName }) => `${fieldName.charAt(0).toUpperCase()}${fieldName.slice(1)}Result` },
  },
  scopeAuth: {
    authScopes: ({ principal }) => ({
      viewer: principal !== undefined,
      developer: principal !== undefined && mayAs(principal.role, "developer"),
      operator: principal !== undefined && mayAs(principal.role, "operator"),
      admin: principal?.role === "admin",
      installation: principal?.role === "admin" && principal.installation,
    }),
    unauthorizedError: (_parent, { principal }) =>
      principal === undefined
        ? new ControlError("UNAUTHENTICATED", "give an admin token that is known, not expired and not revoked: authorization: Bearer pat_…")
        : new ForbiddenError("this token may not do that; use one with the role it needs"),
  },
});

builder.queryType({});
builder.mutationType({});
builder.subscriptionType({});

builder.scalarType("DateTime", {
  description: "An instant, ISO 8601 in UTC.",
  serialize: (value) => value.toISOString(),
  parseValue: (value) => {
    const date = typeof value === "string" && /^\d{4}-\d{2}-\d{2}T/.test(value) ? new Date(value) : undefined;
    if (date === undefined || Number.isNaN(date.getTime()))
      throw new GraphQLError("a DateTime is written like 2027-01-31T12:00:00Z", { extensions: badUserInput });
    return date;
  },
});

builder.scalarType("BigInt", {
  description: "A whole number of up to 64 bits, as decimal text.",
  serialize: (value) => value.toString(),
  parseValue: (value) => {
    if ((typeof value === "string" && /^-?\d{1,19}$/.test(value)) || (typeof value === "number" && Number.isSafeInteger(value))) {
      const number = BigInt(value);
      if (BigInt.asIntN(64, number) === number) return number;
    }
    throw new GraphQLError('a BigInt is a whole number of at most 64 bits, best written as text: "1000000"', { extensions: badUserInput });
  },
});

builder.scalarType("JSON", {
  description: "Any JSON.",
  serialize: (value) => value,
  parseValue: (value) => {
    if (isTooDeep(value)) throw new GraphQLError(`JSON may be nested ${jsonDepthMax} levels deep`, { extensions: badUserInput });
    return value;
  },
  parseLiteral: (node, variables) => jsonOf(node, variables ?? {}),
});

function jsonOf(node: ValueNode, variables: Readonly<Record<string, unknown>>): unknown {
  switch (node.kind) {
    case Kind.VARIABLE:
      // One that was left out is null here: undefined is no JSON.
      return variables[node.name.value] ?? null;
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
    case Kind.LIST:
      return node.values.map((value) => jsonOf(value, variables));
    case Kind.OBJECT:
      // fromEntries defines own properties, so a field called __proto__ is one like the others.
      return Object.fromEntries(node.fields.map((field) => [field.name.value, jsonOf(field.value, variables)]));
    default:
      return node satisfies never;
  }
}
