/** Code that calls with a prompt. Pure. */
export interface PromptSampleFacts {
  /** Such as http://127.0.0.1:4001 */
  readonly restUrl: string;
  /** Such as 127.0.0.1:4002 */
  readonly grpcAddress: string;
  readonly route: string;
  readonly prompt: string;
  /** A label, or "@3". */
  readonly pointer: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

interface PromptSample {
  readonly name: string;
  readonly of: (facts: PromptSampleFacts) => string;
}

const selected = ({ prompt, pointer, variables }: PromptSampleFacts) => ({
  name: prompt,
  ...(pointer.startsWith("@") ? { version: Number(pointer.slice(1)) } : { label: pointer }),
  variables,
});

/** In a shell between single quotes. */
const quoted = (value: unknown): string => `'${JSON.stringify(value).replaceAll("'", "'\\''")}'`;
const indented = (value: unknown, by: string): string => JSON.stringify(value, null, 2).replaceAll("\n", `\n${by}`);

const ownEndpoint: PromptSample = {
  name: "Its own endpoint",
  of: ({ restUrl, prompt, pointer, variables }) => `curl ${restUrl}/v1/prompts/${prompt}/run \\
  -H "authorization: Bearer $PENSTOCK_API_KEY" \\
  -H 'content-type: application/json' \\
  -d ${quoted({ ...(pointer.startsWith("@") ? { version: Number(pointer.slice(1)) } : { label: pointer }), variables })}`,
};

/** @param published it is an endpoint of its own. */
export const promptSamples = (published: boolean): readonly PromptSample[] => [
  ...(published ? [ownEndpoint] : []),
  {
    name: "curl",
    of: (facts) => `curl -N ${facts.restUrl}/v1/chat/completions \\
  -H "authorization: Bearer $PENSTOCK_API_KEY" \\
  -H 'content-type: application/json' \\
  -d ${quoted({ model: facts.route, stream: true, messages: [], prompt: selected(facts) })}`,
  },
  {
    name: "Python (openai)",
    of: (facts) => `import os
from openai import OpenAI

client = OpenAI(base_url="${facts.restUrl}/v1", api_key=os.environ["PENSTOCK_API_KEY"])

answer = client.chat.completions.create(
    model="${facts.route}",
    messages=[],
    extra_body={"prompt": ${pythonOf(selected(facts))}},
)
print(answer.choices[0].message.content)
`,
  },
  {
    name: "Node (openai)",
    of: (facts) => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${facts.restUrl}/v1", apiKey: process.env.PENSTOCK_API_KEY });

const answer = await client.chat.completions.create({
  model: "${facts.route}",
  messages: [],
  prompt: ${indented(selected(facts), "  ")},
});
console.log(answer.choices[0].message.content);
`,
  },
  {
    name: "grpcurl",
    of: (facts) => `grpcurl -plaintext -H "authorization: Bearer $PENSTOCK_API_KEY" \\
  -d ${quoted({ input: { model: facts.route, prompt: selected(facts) } })} \\
  ${facts.grpcAddress} penstock.inference.v1.CompletionService/StreamComplete`,
  },
];

/** JSON's true, false and null have other names there. */
const pythonOf = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([name, one]) => `${JSON.stringify(name)}: ${pythonOf(one)}`)
      .join(", ")}}`;
  if (value === null) return "None";
  return typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value);
};

/** A value for each variable, of the type that its schema says. */
export function exampleOf(inputs: unknown, variables: readonly string[]): Readonly<Record<string, unknown>> {
  const { properties } = (inputs ?? {}) as { readonly properties?: Readonly<Record<string, Schema>> };
  return Object.fromEntries(variables.map((name) => [name, exampleValue(properties?.[name], name)]));
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
}

function exampleValue(schema: Schema | undefined, name: string): unknown {
  if (schema?.default !== undefined) return schema.default;
  if (schema?.enum !== undefined && schema.enum.length > 0) return schema.enum[0];
  const [type] = [schema?.type ?? "string"].flat();
  return { number: 1, integer: 1, boolean: true, array: [], object: {} }[type ?? ""] ?? `… ${name} …`;
}
