/**
 * Prompt templates: LiquidJS, locked. No files, no partials but those that come with the version, no property beyond an object's
 * own, and a bound on time, memory and length, because whoever writes a prompt must not be able to run code or to read the machine
 * (CVE-2026-42203 is a template engine that could).
 */
import { CaptureTag, type Context, ForTag, Liquid, RenderTag, type Template } from "liquidjs";

/** Characters. A longer template, or a longer result, is refused. */
export const templateLengthMax = 100_000;
const renderMsMax = 50;
const memoryMax = 1_000_000;
/**
 * Levels of tags within tags, and of brackets within one. Parsing recurses, so that without this bound a template could fit the
 * control plane's stack and not the node's, which would then refuse the whole configuration.
 */
const nestingMax = 100;

/** By name. What a template renders with `{% render "name" %}`. */
export type Partials = Readonly<Record<string, string>>;

function engineWith(partials: Partials): Liquid {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
    ownPropertyOnly: true,
    // Names in quotes. What is not in quotes would be a variable of the caller's, and `partialsIn` refuses it.
    dynamicPartials: true,
    // Never leave this unset: without it, partials are read from the file system.
    templates: { ...partials },
    parseLimit: templateLengthMax,
    renderLimit: renderMsMax,
    memoryLimit: memoryMax,
  });
  for (const tag of ["include", "layout", "block"]) delete engine.tags[tag];
  // The engine charges its memory bound for lists and filters, not for what is captured: forty captures that double would pass it.
  engine.registerTag(
    "capture",
    class extends CaptureTag {
      override *render(context: Context): Generator<unknown, void, string> {
        yield* super.render(context);
        const captured: unknown = context.bottom()[this.variable];
        if (typeof captured === "string") context.memoryLimit.use(captured.length);
      }
    },
  );
  return engine;
}

/** Of nearly all templates: they render no partial. */
const engine = engineWith({});

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

/** How a template reads one of its variables. */
export interface VariableRead {
  /** The variable, and what is read of it: `["user", "name"]`. Null: a place that only the call knows, or one in a list. */
  readonly path: readonly (string | null)[];
  /** It is gone through, one by one. */
  readonly listed: boolean;
}

export interface CompiledTemplate {
  /** The global variables that the template reads, sorted. */
  readonly variables: readonly string[];
  readonly reads: readonly VariableRead[];
  /** @throws MissingVariable, or an Error naming the bound that was passed. */
  render(variables: Readonly<Record<string, unknown>>): string;
}

/**
 * @param partials those that came with the version; each may have no partials of its own.
 * @throws Error that says where the template is wrong.
 */
export function compileTemplate(source: string, partials: Partials = {}): CompiledTemplate {
  if (source.length > templateLengthMax)
    throw new Error(`a template may have ${templateLengthMax} characters, this one has ${source.length}`);
  // Plain text is the usual system prompt; it need not pass the engine on each call.
  if (!source.includes("{{") && !source.includes("{%")) return { variables: [], reads: [], render: () => source };
  const missing = partialsIn(source).find((name) => !Object.hasOwn(partials, name));
  if (missing !== undefined) throw new Error(`it renders "${missing}", and no partial of that name came with it`);
  const used = Object.keys(partials).length === 0 ? engine : engineWith(partials);
  const template: Template[] = used.parse(source);
  const variables = used.globalVariablesSync(template).sort();
  return {
    variables,
    reads: [
      ...used.globalVariableSegmentsSync(template).map((segments) => ({ path: segments.map(partOf), listed: false })),
      ...listedIn(template)
        .filter((name) => variables.includes(name))
        .map((name) => ({ path: [name], listed: true })),
    ],
    render: (variables) => {
      const text = rendered(used, template, variables);
      if (text.length > templateLengthMax)
        throw new Error(`the rendered text has ${text.length} characters, ${templateLengthMax} are allowed`);
      return text;
    },
  };
}

/**
 * The names of the partials that a template renders, sorted.
 * @throws Error where the template is wrong, or a name is not written out.
 */
export function partialsIn(source: string): string[] {
  if (!source.includes("{%")) {
    checkNesting(source, []);
    return [];
  }
  const template: Template[] = engine.parse(source);
  checkNesting(source, template);
  const names = new Set<string>();
  let level: readonly Template[] = template;
  while (level.length > 0) {
    for (const one of level) {
      if (!(one instanceof RenderTag)) continue;
      const partial = one.partialScope();
      if (partial === undefined) throw new Error('a partial is named in quotes: {% render "name" %}');
      names.add(partial.name);
    }
    level = level.flatMap(childrenOf);
  }
  return [...names].sort();
}

/** What lists and texts have of their own is no property that a caller gives. */
const ownProperties = new Set<unknown>(["size", "first", "last"]);
const partOf = (segment: unknown, index: number): string | null =>
  typeof segment === "string" && (index === 0 || !ownProperties.has(segment)) ? segment : null;

/** Variables that a loop goes through. */
function listedIn(template: readonly Template[]): string[] {
  const names: string[] = [];
  let level: readonly Template[] = template;
  while (level.length > 0) {
    for (const one of level) {
      if (!(one instanceof ForTag && "props" in one.collection)) continue;
      const [variable, ...rest] = one.collection.props;
      if (variable !== undefined && "content" in variable && typeof variable.content === "string" && rest.length === 0)
        names.push(variable.content);
    }
    level = level.flatMap(childrenOf);
  }
  return names;
}

function rendered(engine: Liquid, template: Template[], variables: Readonly<Record<string, unknown>>): string {
  try {
    try {
      return engine.renderSync(template, variables);
    } catch (cause) {
      // Its clock is the wall's, and a process that stood still for a moment has not rendered for so long: once more, then it counts.
      if (!(cause instanceof Error && cause.message.startsWith("template render limit exceeded"))) throw cause;
      return engine.renderSync(template, variables);
    }
  } catch (cause) {
    // LiquidJS wraps the error that knows the variable's name in one that knows its line.
    const missing = (cause as { originalError?: { variableName?: unknown } }).originalError?.variableName;
    throw typeof missing === "string" ? new MissingVariable(missing, cause) : cause;
  }
}

function checkNesting(source: string, template: readonly Template[]): void {
  const tooDeep = () => new Error(`a template may be nested ${nestingMax} levels deep, this one is deeper`);
  for (const [tag] of source.matchAll(/\{[{%][\s\S]*?[%}]\}/g)) {
    let depth = 0;
    for (const character of tag) {
      if (character === "[" || character === "(") depth++;
      else if (character === "]" || character === ")") depth--;
      if (depth > nestingMax) throw tooDeep();
    }
  }
  let level: readonly Template[] = template;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > nestingMax) throw tooDeep();
    level = level.flatMap(childrenOf);
  }
}

function childrenOf(template: Template): readonly Template[] {
  const children = template.children?.(false, true);
  let step = children?.next();
  // Only partials, which are not asked for, have something to wait for here.
  while (step?.done === false) step = children?.next();
  return step?.done === true ? step.value : [];
}
