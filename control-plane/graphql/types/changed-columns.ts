/** Which columns of a thing a revision changed, and what the things are called that they point at. Spread in types of changes. */
import { type ConfigKind, type ConfigRow, configEntities, configKinds, isUuid } from "../../database/config-kinds.ts";
import type { JsonObject } from "../../database/entities/route.ts";
import { builder } from "../builder.ts";
import type { GraphQLContext } from "../context.ts";

/** Of every kind, and no news: they say that a row was changed, and when. */
const bookkeeping: ReadonlySet<string> = new Set(["id", "organisationId", "revision", "createdAt", "updatedAt", "archivedAt"]);

const columnName = (kind: ConfigKind, column: string): string =>
  `${kind}_${column.replaceAll(/[A-Z]/g, (capital) => `_${capital}`)}`.toUpperCase();

const columnNames = configKinds.flatMap((kind) =>
  Object.keys(configEntities[kind].properties).flatMap((column) => (bookkeeping.has(column) ? [] : [columnName(kind, column)])),
);
const known: ReadonlySet<string> = new Set(columnNames);

/** In the schema, so that whoever has words for each of them fails to compile when there is a new one. */
export const ConfigColumnType = builder.enumType("ConfigColumn", {
  description: "A column of a kind of configuration: the kind's name, and the column's as images have it.",
  values: columnNames,
});

/** @param columns as images have them. Those that are no news, or that are no more, are left out. */
export const changedColumnNames = (kind: ConfigKind, columns: readonly string[]): string[] =>
  [...new Set(columns.map((column) => columnName(kind, column)))].filter((name) => known.has(name));

interface Reference {
  readonly kind: ConfigKind;
  readonly id: string;
}

interface NamedReference extends Reference {
  readonly name: string;
}

export const ConfigReferenceType = builder.objectRef<NamedReference>("ConfigReference").implement({
  description: "What people call a thing that an image names by its id.",
  fields: (t) => ({ kind: t.exposeString("kind"), id: t.exposeID("id"), name: t.exposeString("name") }),
});

const kindOfField: Readonly<Record<string, ConfigKind>> = {
  providerId: "provider",
  backendId: "backend",
  promptId: "prompt",
  routeId: "route",
  runRouteId: "route",
  projectId: "project",
  projectIds: "project",
  apiKeyIds: "api_key",
  catalogueModelId: "catalogue_model",
  rotatedFromId: "api_key",
};

/** Each once. Pure. */
export function referencesIn(...images: readonly (JsonObject | null)[]): readonly Reference[] {
  const found = new Map<string, Reference>();
  const add = (kind: unknown, id: unknown) => {
    const of = configKinds.find((one) => one === kind);
    if (of !== undefined && typeof id === "string" && isUuid(id)) found.set(id, { kind: of, id });
  };
  const walk = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === "object" && value !== null) {
      const fields: Readonly<Record<string, unknown>> = { ...value };
      for (const [name, inner] of Object.entries(fields)) {
        for (const id of Array.isArray(inner) ? inner : [inner]) add(kindOfField[name], id);
        walk(inner);
      }
      add(fields["scopeKind"], fields["scopeId"]);
      // Of a quota's narrowing.
      add(fields["kind"], fields["id"]);
    }
  };
  images.forEach(walk);
  return [...found.values()];
}

/** Archived ones too; what cannot be found is left out. */
export async function namedReferences(references: readonly Reference[], { loaders }: GraphQLContext): Promise<NamedReference[]> {
  const named = await Promise.all(
    references.map(async (reference): Promise<NamedReference | undefined> => {
      const row: ConfigRow | undefined = await loaders[reference.kind].load(reference.id);
      if (row === undefined) return undefined;
      const name = "name" in row ? row.name : "key" in row ? row.key : undefined;
      return name === undefined ? undefined : { ...reference, name };
    }),
  );
  return named.filter((one) => one !== undefined);
}
