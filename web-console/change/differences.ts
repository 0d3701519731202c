/** What differs between two images of a thing, value by value. */
interface Difference {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Pure. Values that are not objects or lists are compared as they are; times of bookkeeping are left out. */
export function differences(before: unknown, after: unknown, path = ""): readonly Difference[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isBag(before) && isBag(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => path !== "" || !bookkeeping.has(name));
    return names.flatMap((name) => differences(before[name], after[name], path === "" ? name : `${path}.${name}`));
  }
  if (Array.isArray(before) && Array.isArray(after))
    return Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index).flatMap((index) =>
      differences(before[index], after[index], `${path}[${index}]`),
    );
  return [{ path, before, after }];
}

const bookkeeping: ReadonlySet<string> = new Set([
  "revision",
  "updatedAt",
  "updated_at",
  "createdAt",
  "created_at",
  "organisationId",
  "organisation_id",
]);

export const isBag = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
