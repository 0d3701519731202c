/** Text sought in columns, in upper or lower case; signs of a pattern stand for themselves. */

export const patternOf = (text: string): string => `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;

/** Where one of the columns has the text in it. */
export const holds = (columns: readonly string[], text: string): object => ({
  $or: columns.map((column) => ({ [column]: { $ilike: patternOf(text) } })),
});
