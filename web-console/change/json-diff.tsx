/** What differs between two images of a thing: one line for each value, before and after. */
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

const isBag = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function JsonDiff({ before, after }: { readonly before: unknown; readonly after: unknown }) {
  const found =
    before == null && isBag(after)
      ? differences({}, after)
      : isBag(before) && after == null
        ? differences(before, {})
        : differences(before, after);
  if (found.length === 0) return <p className="quiet">Nothing that it serves by differs.</p>;
  return (
    <div>
      {found.map((difference) => (
        <div key={difference.path} className="change">
          <code style={{ overflowWrap: "anywhere" }}>{difference.path}</code>
          {difference.before === undefined ? <span /> : <pre className="before">{shown(difference.before)}</pre>}
          {difference.after === undefined ? <span /> : <pre className="after">{shown(difference.after)}</pre>}
        </div>
      ))}
    </div>
  );
}

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value, null, 1));
