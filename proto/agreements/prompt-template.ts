/**
 * Prompt templates: LiquidJS, locked. No files, no partials, no property beyond an object's own, and a bound on time,
 * memory and length, because whoever writes a prompt must not be able to run code or to read the machine
 * (CVE-2026-42203 is a template engine that could).
 */
import { Liquid, type Template } from "liquidjs";

/** Characters. A longer template, or a longer result, is refused. */
export const templateLengthMax = 100_000;
const renderMsMax = 50;
const memoryMax = 1_000_000;

const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  lenientIf: true,
  ownPropertyOnly: true,
  dynamicPartials: false,
  // Never leave this unset: without it, partials are read from the file system.
  templates: {},
  parseLimit: templateLengthMax,
  renderLimit: renderMsMax,
  memoryLimit: memoryMax,
});
for (const tag of ["include", "render", "layout", "block"]) delete engine.tags[tag];

/** A variable that the template cannot do without: one that it reads outside of a condition or a `default`. */
export class MissingVariable extends Error {
  override readonly name = "MissingVariable";
  /** With its path: "user.name". */
  readonly variable: string;

  constructor(variable: string, cause: unknown) {
    super(`the variable "${variable}" is missing`, { cause });
    this.variable = variable;
  }
}

export interface CompiledTemplate {
  /** The global variables that the template reads, sorted. */
  readonly variables: readonly string[];
  /** @throws MissingVariable, or an Error naming the bound that was passed. */
  render(variables: Readonly<Record<string, unknown>>): string;
}

/** @throws Error that says where the template is wrong. */
export function compileTemplate(source: string): CompiledTemplate {
  if (source.length > templateLengthMax)
    throw new Error(`a template may have ${templateLengthMax} characters, this one has ${source.length}`);
  // Plain text is the usual system prompt; it need not pass the engine on each call.
  if (!source.includes("{{") && !source.includes("{%")) return { variables: [], render: () => source };
  const template: Template[] = engine.parse(source);
  return {
    variables: engine.globalVariablesSync(template).sort(),
    render: (variables) => {
      const text = rendered(template, variables);
      if (text.length > templateLengthMax)
        throw new Error(`the rendered text has ${text.length} characters, ${templateLengthMax} are allowed`);
      return text;
    },
  };
}

function rendered(template: Template[], variables: Readonly<Record<string, unknown>>): string {
  try {
    return engine.renderSync(template, variables);
  } catch (cause) {
    // LiquidJS wraps the error that knows the variable's name in one that knows its line.
    const missing = (cause as { originalError?: { variableName?: unknown } }).originalError?.variableName;
    throw typeof missing === "string" ? new MissingVariable(missing, cause) : cause;
  }
}
