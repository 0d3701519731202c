/** Variables of prompts as a form has them: text for each, and what that is by the schema. Pure. */
export interface PromptInputs {
  readonly variables: readonly string[];
  /** JSON Schema. */
  readonly inputs: unknown;
}

export interface VariableField {
  readonly name: string;
  readonly kind: "text" | "number" | "boolean" | "json" | "choice";
  /** Of a choice. */
  readonly choices: readonly string[];
  readonly required: boolean;
  readonly description: string | undefined;
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly description?: string;
}

/** One for each variable that any of them reads, in the order of their names; where they differ the first says of what kind. */
export function variableFields(prompts: readonly PromptInputs[]): readonly VariableField[] {
  const names = [...new Set(prompts.flatMap(({ variables }) => variables))].sort();
  return names.map((name) => {
    const [first] = prompts.filter(({ variables }) => variables.includes(name)).map(({ inputs }) => schemasIn(inputs));
    const schema = first?.properties[name];
    return {
      name,
      kind: kindOf(schema),
      choices: (schema?.enum ?? []).map(String),
      required: first?.required.includes(name) ?? false,
      description: schema?.description,
    };
  });
}

function schemasIn(inputs: unknown): { readonly properties: Readonly<Record<string, Schema>>; readonly required: readonly string[] } {
  const { properties = {}, required = [] } = (inputs ?? {}) as {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
  };
  return { properties, required };
}

function kindOf(schema: Schema | undefined): VariableField["kind"] {
  if (schema?.enum?.every((value) => typeof value === "string")) return "choice";
  const types = [schema?.type ?? []].flat().filter((type) => type !== "null");
  if (types.length !== 1) return types.length === 0 ? "text" : "json";
  const [type] = types;
  return type === "string" ? "text" : type === "number" || type === "integer" ? "number" : type === "boolean" ? "boolean" : "json";
}

export type VariableTexts = Readonly<Record<string, string>>;

/** What was typed for the variables that this one reads; empty ones are left out, so that templates' own defaults hold. */
export function variablesFor(prompt: PromptInputs, texts: VariableTexts): Readonly<Record<string, unknown>> {
  const given = variableFields([prompt]).filter(({ name }) => (texts[name] ?? "") !== "");
  return Object.fromEntries(given.map((field) => [field.name, valueIn(field, texts[field.name] ?? "")]));
}

/** Text that is no value of its kind stays text: the gateway says what is wrong with it. */
function valueIn({ kind }: VariableField, text: string): unknown {
  if (kind === "text" || kind === "choice") return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
