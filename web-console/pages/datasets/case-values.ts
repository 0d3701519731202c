/** Cases of a dataset as people fill them in: lines of JSON, or the newest logged calls. Pure. */
import { isBag } from "../../change/differences.ts";

export interface CasesValues extends Readonly<Record<string, unknown>> {
  readonly from: "calls" | "lines";
  /** The newest so many that are kept. */
  readonly limit: string;
  /** Empty: of any route. */
  readonly route: string;
  /** A line each: {"request": {"model": …, "messages": […]}, "expected": …} */
  readonly lines: string;
}

export const casesNames = { from: "Cases", limit: "The newest", route: "Of route", lines: "Lines" };
export const newCases: CasesValues = { from: "calls", limit: "50", route: "", lines: "" };
const casesMax = 1000;

export interface CaseLine {
  readonly request: Readonly<Record<string, unknown>>;
  readonly expected: string | null;
}

/** Undefined: a line is no case, or there is none. */
export function linesIn(text: string): readonly CaseLine[] | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const cases = lines.map(lineIn).filter((one) => one !== undefined);
  return lines.length === 0 || cases.length < lines.length ? undefined : cases;
}

/** A body of the chat API by itself is a case of which nothing is expected. */
function lineIn(line: string): CaseLine | undefined {
  try {
    const given: unknown = JSON.parse(line);
    if (!isBag(given)) return undefined;
    const { request, expected = null } = "request" in given ? given : { request: given };
    return isBag(request) && (expected === null || typeof expected === "string") ? { request, expected } : undefined;
  } catch {
    return undefined;
  }
}

export function casesProblem({ from, limit, lines }: CasesValues): string | undefined {
  if (from === "calls")
    return /^\d+$/.test(limit) && Number(limit) > 0 && Number(limit) <= casesMax ? undefined : "How many calls, at most?";
  return linesIn(lines) === undefined ? "Each line is a JSON object with a request" : undefined;
}

/** @param values without a problem. */
export const casesInput = ({ from, limit, route, lines }: CasesValues) =>
  from === "calls"
    ? { calls: { filter: { hasContent: true, ...(route === "" ? {} : { routeName: [route] }) }, limit: Number(limit) } }
    : { cases: [...(linesIn(lines) ?? [])] };
