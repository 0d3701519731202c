/** Cases as lines of JSON. Pure. */
import { isBag } from "../../change/differences.ts";

export interface CaseValues {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly input: string | null;
  readonly expected: string | null;
}

const casesMax = 50;

/** One to begin with. */
export const casesText = (variables: readonly string[]): string =>
  JSON.stringify({ variables: Object.fromEntries(variables.map((name) => [name, ""])), input: "", expected: "" });

/** Empty lines are passed over. Undefined: a line is no case, or there is none, or there are too many. */
export function casesIn(text: string): readonly CaseValues[] | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const cases = lines.map(caseIn);
  return lines.length === 0 || lines.length > casesMax || cases.includes(undefined) ? undefined : (cases as readonly CaseValues[]);
}

function caseIn(line: string): CaseValues | undefined {
  try {
    const given: unknown = JSON.parse(line);
    if (!isBag(given)) return undefined;
    const { variables = {}, input = null, expected = null, ...rest } = given;
    const isText = (value: unknown): value is string | null => value === null || typeof value === "string";
    return Object.keys(rest).length === 0 && isText(input) && isText(expected) && isBag(variables)
      ? { variables, input, expected }
      : undefined;
  } catch {
    return undefined;
  }
}
