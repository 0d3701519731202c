/** What people type in the fields of a form, and what it means. Pure. */

/** "12.5" is an eighth. */
export const percentIn = (text: string): number => Number((Number(text) / 100).toPrecision(12));
export const percentText = (share: number): string => String(Number((share * 100).toPrecision(10)));

/** Null: nothing was typed. Undefined: it is no JSON. */
export function jsonIn(text: string): unknown {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Condition {
  readonly name: string;
  /** Any of them. */
  readonly values: readonly string[];
}

/** A line each, "plan: pro, team"; a line that is none is left out. */
export const conditionsIn = (text: string): readonly Condition[] =>
  text.split("\n").flatMap((line) => {
    const at = line.indexOf(":");
    const name = line.slice(0, at).trim();
    const values = line
      .slice(at + 1)
      .split(",")
      .map((value) => value.trim())
      .filter((value) => value !== "");
    return at < 1 || name === "" || values.length === 0 ? [] : [{ name, values }];
  });

export const conditionsText = (conditions: readonly Condition[]): string =>
  conditions.map(({ name, values }) => `${name}: ${values.join(", ")}`).join("\n");

/** As a field for a day and a time has it, in the person's own zone. */
export function localTimeText(at: string | null): string {
  if (at === null) return "";
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
