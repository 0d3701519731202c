/**
 * A statement whose parameters travel beside it ($1, $2 …). The ORM's own `execute` writes them into the text, which for
 * thousands of rows costs more than the rows.
 */
import { CompiledQuery } from "kysely";
import type { EntityManager } from "./orm.ts";

export async function executeBound<Row>(em: EntityManager, sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
  const { rows } = await em.getKysely<object>().executeQuery<Row>(CompiledQuery.raw(sql, [...parameters]));
  return rows;
}

/** What an element of an array may be; absent elements are null. */
export type ArrayElement = string | number | bigint | boolean | null;

/** A parameter that is an array, in PostgreSQL's own form. The driver writes the same three times as slowly. */
export function arrayParameter(elements: readonly ArrayElement[]): string {
  let text = "{";
  for (const element of elements) {
    if (text.length > 1) text += ",";
    if (element === null) text += "NULL";
    else if (typeof element === "string") text += `"${needsEscape.test(element) ? element.replace(escaped, "\\$&") : element}"`;
    else text += String(element);
  }
  return `${text}}`;
}
const needsEscape = /["\\]/;
const escaped = /["\\]/g;
