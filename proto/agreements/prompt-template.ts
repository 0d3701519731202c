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

export interface CompiledTemplate {
  /** The global variables that the template reads, sorted. */
  readonly variables: readonly string[];
  /** @throws Error naming the variable that is missing, or the bound that was passed. */
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
      const text: string = engine.renderSync(template, variables);
      if (text.length > templateLengthMax)
        throw new Error(`the rendered text has ${text.length} characters, ${templateLengthMax} are allowed`);
      return text;
    },
  };
}
