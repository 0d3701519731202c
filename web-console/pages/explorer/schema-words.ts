/** The schema to read: what it is searched for, and what stands in a type. Pure. */
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
} from "graphql";

export interface Member {
  readonly name: string;
  /** With its arguments: "routes(first: Int): RouteConnection!" reads as name, "(first: Int)", type. */
  readonly given: string;
  /** As it is written, with its marks; empty: an enum's value has none. */
  readonly type: string;
  readonly description: string;
  /** Why not to use it; undefined: one may. */
  readonly deprecated: string | undefined;
}

/** A type's fields, an input's fields, an enum's values, a union's types. A scalar has none. */
export function membersOf(type: GraphQLNamedType): readonly Member[] {
  if (isObjectType(type) || isInterfaceType(type)) return Object.values(type.getFields()).map(fieldOf);
  if (isInputObjectType(type))
    return Object.values(type.getFields()).map((field) => ({
      name: field.name,
      given: "",
      type: String(field.type),
      description: field.description ?? "",
      deprecated: field.deprecationReason ?? undefined,
    }));
  if (isEnumType(type))
    return type.getValues().map(({ name, description, deprecationReason }) => ({
      name,
      given: "",
      type: "",
      description: description ?? "",
      deprecated: deprecationReason ?? undefined,
    }));
  if (isUnionType(type))
    return type
      .getTypes()
      .map(({ name, description }) => ({ name, given: "", type: name, description: description ?? "", deprecated: undefined }));
  return [];
}

const fieldOf = ({ name, args, type, description, deprecationReason }: GraphQLField<unknown, unknown>): Member => ({
  name,
  given: args.length === 0 ? "" : `(${args.map((one) => `${one.name}: ${String(one.type)}`).join(", ")})`,
  type: String(type),
  description: description ?? "",
  deprecated: deprecationReason ?? undefined,
});

/** "[Route!]!" is of Route. */
export const namedIn = (type: string): string => type.replace(/[[\]!]/g, "");

export interface Found {
  /** The type it is of, or itself. */
  readonly type: string;
  /** Undefined: the type itself was found. */
  readonly member: Member | undefined;
}

export const foundMax = 60;

/**
 * Each word must stand in the name, in the type's name or in the description. The very name comes first, names that begin with what
 * was typed next, then what can be asked for at the top, then the rest.
 */
export function search(schema: GraphQLSchema, typed: string): readonly Found[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const roots = new Set(rootsOf(schema).map(({ name }) => name));
  const found: { readonly rank: number; readonly found: Found }[] = [];
  const look = (name: string, text: string, one: Found) => {
    const all = `${one.type} ${name} ${text}`.toLowerCase();
    if (!words.every((word) => all.includes(word))) return;
    const exact = name === typed.trim() ? -2 : 0;
    const begins = name.toLowerCase().startsWith(words[0] ?? "");
    const named = name.toLowerCase().includes(words[0] ?? "");
    found.push({ rank: exact + (begins ? 0 : named ? 2 : 4) + (roots.has(one.type) || one.member === undefined ? 0 : 1), found: one });
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith("__")) continue;
    look(type.name, type.description ?? "", { type: type.name, member: undefined });
    for (const member of membersOf(type)) look(member.name, member.description, { type: type.name, member });
  }
  return found
    .sort((one, other) => one.rank - other.rank)
    .slice(0, foundMax)
    .map((one) => one.found);
}

export const rootsOf = (schema: GraphQLSchema): readonly GraphQLNamedType[] =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter((type) => type != null);
