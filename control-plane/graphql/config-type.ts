/**
 * What the types of the configuration have in common: the columns that every row has, the queries for one and for many,
 * the mutation that archives, and the way any mutation runs.
 */
import type { InputRef, ObjectRef } from "@pothos/core";
import {
  type ConfigKind,
  type ConfigRow,
  type ConfigRows,
  configEntities,
  isUuid,
  nameOfKind,
  resourceKinds,
} from "../database/config-kinds.ts";
import { ConfigResource } from "../database/entities/config-resource.ts";
import type { EntityManager } from "../database/orm.ts";
import { type ChangeDescription, type ConfigurationChange, changeConfiguration } from "../operations/change-configuration.ts";
import { builder, type ExtendedTypes } from "./builder.ts";
import {
  answerWithPropagation,
  type ConfigPayload,
  checkWait,
  configPayload,
  type WaitArguments,
  waitArguments,
} from "./config-mutation.ts";
import { type GraphQLContext, principalOf } from "./context.ts";
import { updateErrors } from "./errors.ts";
import { connectionOf, pageInOrder } from "./keyset-page.ts";
import { byTime, type Ordering, orderOf } from "./list-order.ts";
import { holds } from "./text-search.ts";

/** To be spread among a type's fields. */
export const configFields = <Row extends ConfigRow>(t: PothosSchemaTypes.ObjectFieldBuilder<ExtendedTypes, Row>) => ({
  id: t.id({ resolve: (row) => row.id }),
  revision: t.int({ description: "Grows with each change; give it as `expectedRevision`.", resolve: (row) => row.revision }),
  createdAt: t.field({ type: "DateTime", resolve: (row) => row.createdAt }),
  updatedAt: t.field({ type: "DateTime", resolve: (row) => row.updatedAt }),
  archivedAt: t.field({ type: "DateTime", nullable: true, resolve: (row) => row.archivedAt }),
});

/** Reads in the organisation that the caller acts in, and in no other. */
export const inOrganisation = <T>(context: GraphQLContext, work: (em: EntityManager) => Promise<T>): Promise<T> =>
  context.services.database.tenant(principalOf(context).organisationId, work);

/** Runs a mutation of the configuration: checks how it waits, changes, waits. */
export async function mutate<T>(
  context: GraphQLContext,
  wait: WaitArguments,
  description: ChangeDescription,
  work: (change: ConfigurationChange) => Promise<T>,
): Promise<ConfigPayload<T>> {
  checkWait(wait);
  return answerWithPropagation(context, wait, await changeConfiguration(context.services, principalOf(context), description, work));
}

interface ConfigQueries<Filter> {
  readonly one: string;
  readonly many: string;
  /** Besides when it was made and changed. */
  readonly orders: Readonly<Record<string, Ordering>>;
  /** Where a search looks besides the columns of its row. */
  readonly searchedToo?: { readonly inWords: string; readonly holds: (text: string) => object };
  readonly filter?: { readonly type: InputRef<Filter>; readonly where: (given: Filter) => object };
}

/**
 * `route(id)` and `routes(first, after, orderBy, includeArchived, search, filter, uses)`. Inside, a row is any row: what Pothos would have to infer for a
 * kind that is not known yet is beyond it, and the kind has chosen the type already.
 */
export function addQueries<Kind extends ConfigKind, Filter>(
  kind: Kind,
  { one, many, orders: ownOrders, searchedToo, filter }: ConfigQueries<Filter>,
  typeOfKind: ObjectRef<ExtendedTypes, ConfigRows[Kind]>,
): void {
  const type = typeOfKind as unknown as ObjectRef<ExtendedTypes, ConfigRow>;
  builder.queryField(one, (t) =>
    t.field({
      type,
      nullable: true,
      authScopes: { viewer: true },
      args: { id: t.arg.id({ required: true }) },
      resolve: async (_root, { id }, context): Promise<ConfigRow | null> => {
        const row: ConfigRow | undefined = isUuid(id) ? await context.loaders[kind].load(id) : undefined;
        return row ?? null;
      },
    }),
  );
  const Connection = connectionOf(type);
  const orders = { ...ownOrders, ...byTime };
  const Order = orderOf(type.name, orders);
  const looksIn = [...searched[kind], ...(searchedToo === undefined ? [] : [searchedToo.inWords])].join(" or ");
  const found = (text: string): object =>
    searchedToo === undefined ? holds(searched[kind], text) : { $or: [holds(searched[kind], text), searchedToo.holds(text)] };
  builder.queryField(many, (t) =>
    t.connection(
      {
        type,
        authScopes: { viewer: true },
        args: {
          ...(filter === undefined ? {} : { filter: t.arg({ type: filter.type }) }),
          includeArchived: t.arg.boolean(),
          orderBy: t.arg({ type: Order, description: "Left out: as they were made." }),
          search: t.arg.string({ description: `Those with this in ${looksIn}, in upper or lower case.` }),
          uses: t.arg.id({
            description:
              "Those that point at the thing with this id, as nodes have them: a backend's routes, a provider's backends, a route's quotas and running experiments.",
          }),
        },
        resolve: (_root, args, context) =>
          pageInOrder<ConfigRow, string>(args, {
            table: kind,
            orders,
            otherwise: "asc",
            within: (work) => inOrganisation(context, work),
            find: async (em, where, options) => {
              // It is an argument where the kind has a filter, which the compiler cannot tell.
              const given = (args as { readonly filter?: Filter | null }).filter;
              const wanted = [
                where,
                args.includeArchived ? {} : { archivedAt: null },
                args.search == null || args.search.trim() === "" ? {} : found(args.search.trim()),
                given == null || filter === undefined ? {} : filter.where(given),
                args.uses == null ? {} : { id: { $in: await usersOf(em, kind, args.uses) } },
              ];
              return findRows(em, kind, { $and: wanted }, options);
            },
          }),
      },
      Connection,
    ),
  );
}

/** The columns that a search looks in: what people call a thing, and what it is for. */
const searched: Readonly<Record<ConfigKind, readonly [string, ...string[]]>> = {
  organisation: ["name", "key"],
  project: ["name", "key"],
  api_key: ["name", "publicId"],
  provider: ["key", "baseUrl"],
  backend: ["key", "model"],
  route: ["name", "description"],
  prompt: ["name", "folder"],
  prompt_version: ["commitMessage"],
  experiment: ["key"],
  quota: ["key"],
  catalogue_model: ["key", "name"],
  budget: ["key"],
};

const usersOf = async (em: EntityManager, kind: ConfigKind, id: string): Promise<string[]> =>
  (
    await em.find(
      ConfigResource,
      { kind: resourceKinds[kind], referenceIds: { $contains: [id] } },
      { fields: ["id"], disableIdentityMap: true },
    )
  ).map((user) => user.id);

/** The union of ten entities is beyond what `find` can infer; the kind says which it is. */
export const findRows = (em: EntityManager, kind: ConfigKind, where: object, options: object): Promise<ConfigRow[]> =>
  em.find(configEntities[kind] as never, where as never, options as never) as Promise<ConfigRow[]>;

const archivers: Readonly<Record<ConfigKind, { readonly [Role in "developer" | "operator" | "admin"]?: true }>> = {
  organisation: { admin: true },
  project: { admin: true },
  api_key: { operator: true },
  provider: { operator: true },
  backend: { operator: true },
  route: { operator: true },
  prompt: { developer: true },
  prompt_version: { developer: true },
  experiment: { developer: true },
  quota: { operator: true },
  catalogue_model: { operator: true },
  budget: { operator: true },
};

/** `archiveRoute(input: { id, expectedRevision })`. `also` changes what goes with it. */
export function addArchive<Kind extends ConfigKind>(
  kind: Kind,
  field: string,
  typeOfKind: ObjectRef<ExtendedTypes, ConfigRows[Kind]>,
  also: (row: ConfigRows[Kind], change: ConfigurationChange) => Promise<void> = async () => {},
): void {
  // As in addQueries: the kind has chosen the type, and inside a row is any row.
  const type = typeOfKind as unknown as ObjectRef<ExtendedTypes, ConfigRow>;
  const Payload = configPayload(`Archive${type.name}Payload`, field, type);
  const Input = builder.inputType(`Archive${type.name}Input`, {
    fields: (t) => ({ id: t.id({ required: true }), expectedRevision: t.int({ required: true }) }),
  });
  builder.mutationField(`archive${type.name}`, (t) =>
    t.field({
      type: Payload,
      description: `Takes it out of the configuration. Refused while something uses it.`,
      authScopes: archivers[kind],
      errors: updateErrors,
      args: { ...waitArguments, input: t.arg({ type: Input, required: true }) },
      resolve: (_root, { input, ...wait }, context) =>
        mutate(context, wait, { action: `${kind}.archive`, summary: `${nameOfKind(kind)} archived` }, async (change) => {
          const row = await change.edit(kind, input.id, { expectedRevision: input.expectedRevision });
          await also(row, change);
          row.archivedAt = change.at;
          change.describe(`${nameOfKind(kind)} ${labelOf(row)} archived`);
          return row as ConfigRow;
        }),
    }),
  );
}

/** What people call it, as in the summaries of the mutations that make and change it. */
function labelOf(row: ConfigRow): string {
  if ("key" in row) return row.key;
  return "name" in row ? row.name : `${row.version}`;
}

/** A GraphQL enum from lower-case words: "openai-compatible" is OPENAI_COMPATIBLE. */
export const enumOf = <const Word extends string>(name: string, words: readonly Word[]) =>
  builder.enumType(name, {
    values: Object.fromEntries(words.map((word) => [word.toUpperCase().replaceAll("-", "_"), { value: word }])) as Record<
      string,
      { value: Word }
    >,
  });
