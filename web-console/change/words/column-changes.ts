/** What differs of one thing, column by column, in words. Pure. */
import type { ChangeDetails } from "./change-fragments.ts";
import { columnValue, secretColumns } from "./column-lines.ts";
import { type ConfigColumn, columnNames, imageKeyOf, kindName } from "./column-names.ts";
import { type Bag, differingLines, isBag, type Line } from "./value-lines.ts";

type Changed = Pick<ChangeDetails, "kind" | "columns" | "before" | "after">;

interface ColumnChange {
  readonly column: ConfigColumn;
  readonly name: string;
  /** Of lists, only the lines that the other side does not have. */
  readonly before: readonly Line[];
  readonly after: readonly Line[];
  /** Lines that both have. */
  readonly same: number;
}

/** Without columns that say nothing, as those of a new thing that were left empty. */
export function columnChanges({ kind, columns, before, after }: Changed): readonly ColumnChange[] {
  const byName = columns.toSorted((one, other) => Number(isName(other)) - Number(isName(one)));
  return byName.flatMap((column): ColumnChange[] => {
    const said = (image: unknown): readonly Line[] => {
      if (!isBag(image)) return [];
      return secretColumns.has(column) ? [["secret"]] : columnValue(column, image[imageKeyOf(kind, column)], image);
    };
    const lines = differingLines(said(before), said(after));
    if (secretColumns.has(column) && isBag(before) && isBag(after))
      return [{ column, name: columnNames[column], before: [["secret"]], after: [["another secret, or none"]], same: 0 }];
    if (lines.before.length === 0 && lines.after.length === 0) return [];
    const wasEmpty = isBag(before) && lines.before.length === 0 && lines.same === 0;
    const isEmptyNow = isBag(after) && lines.after.length === 0 && lines.same === 0;
    return [{ column, name: columnNames[column], ...lines, ...(wasEmpty && { before: none }), ...(isEmptyNow && { after: none }) }];
  });
}

/** What a thing is called stands first. */
const isName = (column: ConfigColumn): boolean => /_(KEY|NAME)$/.test(column);

const none: readonly Line[] = [["none"]];

/** "route demo-chat", "prompt version support, version 3" */
export function changeTitle({
  kind,
  entityId,
  before,
  after,
  references,
}: Pick<ChangeDetails, "kind" | "entityId" | "before" | "after" | "references">): string {
  const image: Bag = isBag(after) ? after : isBag(before) ? before : {};
  if (kind === "prompt_version") {
    const prompt = references.find(({ id }) => id === image["promptId"])?.name;
    return `version ${image["version"]} of prompt ${prompt ?? image["promptId"]}`;
  }
  const name = image["name"] ?? image["key"];
  return `${kindName(kind)} ${typeof name === "string" ? name : entityId}`;
}
