/** What is filled in beside the columns, and the request that comes of it. Pure. */
import { type PromptInputs, type VariableTexts, variablesFor } from "../prompts/variable-values.ts";
import { type Column, namedIn } from "./columns.ts";
import type { LoggedRequest } from "./logged-request.ts";
import type { CallRequest } from "./run-call.ts";

export interface Sheet {
  readonly system: string;
  readonly user: string;
  readonly variables: VariableTexts;
  readonly temperature: string;
  readonly maxTokens: string;
  /** These are JSON; empty: none. */
  readonly tools: string;
  /** JSON Schema of the answer. */
  readonly schema: string;
  readonly more: string;
}

export const newSheet = (logged: LoggedRequest | undefined): Sheet => ({
  system: logged?.system ?? "",
  user: logged?.user ?? "What is a penstock?",
  variables: {},
  temperature: "",
  maxTokens: "",
  tools: logged?.tools ?? "",
  schema: logged?.schema ?? "",
  more: logged?.more ?? "",
});

const jsonNames = { tools: "tools", schema: "the schema of the answer", more: "more parameters" } as const;

/** Why it cannot be sent; undefined: it can. */
export function sheetProblem(sheet: Sheet): string | undefined {
  for (const name of ["tools", "schema", "more"] as const) {
    try {
      jsonIn(sheet[name]);
    } catch (error) {
      return `Under ${jsonNames[name]} is no JSON: ${error instanceof Error ? error.message : error}`;
    }
  }
  return undefined;
}

/** @param sheet without a problem. What stands under more parameters is sent over all else. */
export const parametersIn = ({ temperature, maxTokens, tools, schema, more }: Sheet): Readonly<Record<string, unknown>> => ({
  ...(temperature === "" ? {} : { temperature: Number(temperature) }),
  ...(maxTokens === "" ? {} : { max_tokens: Number(maxTokens) }),
  ...(tools.trim() === "" ? {} : { tools: jsonIn(tools) }),
  ...(schema.trim() === ""
    ? {}
    : { response_format: { type: "json_schema", json_schema: { name: "answer", schema: jsonIn(schema), strict: true } } }),
  ...((jsonIn(more) ?? {}) as object),
});

/** @param prompt what the column's prompt means now; undefined: it has none, or it is gone. */
export const requestOf = (sheet: Sheet, column: Column, prompt: PromptInputs | undefined): CallRequest => ({
  model: column.route,
  messages: [
    ...(sheet.system.trim() === "" ? [] : [{ role: "system", content: sheet.system }]),
    ...(sheet.user.trim() === "" && prompt !== undefined ? [] : [{ role: "user", content: sheet.user }]),
  ],
  ...promptIn(sheet, column, prompt),
  parameters: parametersIn(sheet),
});

/** Of a route's own prompt the variables are enough. */
function promptIn({ variables: texts }: Sheet, column: Column, prompt: PromptInputs | undefined): Pick<CallRequest, "prompt"> {
  const variables = prompt === undefined ? {} : variablesFor(prompt, texts);
  if (column.prompt !== "") return { prompt: { ...namedIn(column.prompt), variables } };
  return Object.keys(variables).length === 0 ? {} : { prompt: { variables } };
}

export const jsonIn = (text: string): unknown => (text.trim() === "" ? null : JSON.parse(text));
