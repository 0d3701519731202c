/** A logged call as the playground's form has it: its system message, last message, tools and schema as fields, the rest as parameters. Pure. */

interface Message {
  readonly role: string;
  readonly content: unknown;
}

export interface LoggedRequest {
  readonly system: string;
  readonly user: string;
  /** JSON; empty: none. */
  readonly tools: string;
  /** JSON Schema of the answer; empty: none. */
  readonly schema: string;
  /** JSON; what the form has no field for. Messages stand here where they are more than a system message and one of the user. */
  readonly more: string;
}

const ofForm = new Set(["model", "messages", "stream", "stream_options"]);

/** Undefined: nothing was kept, or not all of it. */
export function loggedRequest(
  content: { readonly messages: unknown; readonly promptMessages: unknown; readonly request: string; readonly requestCut: boolean } | null,
): LoggedRequest | undefined {
  if (content === null || content.requestCut || !Array.isArray(content.messages)) return undefined;
  // The route's prompt brings its own again.
  const brought = Array.isArray(content.promptMessages) ? content.promptMessages.length : 0;
  const messages = content.messages.slice(brought) as Message[];
  const parameters = parametersOf(content.request);
  const { tools, schema } = formatsIn(parameters);
  const taken = new Set([...ofForm, ...(tools === "" ? [] : ["tools"]), ...(schema === "" ? [] : ["response_format"])]);
  const rest = Object.fromEntries(Object.entries(parameters).filter(([name]) => !taken.has(name)));
  const [first, second] = messages;
  const plain = messages.every((message) => typeof message.content === "string");
  const system = first?.role === "system" && plain ? first : undefined;
  const user = system === undefined ? first : second;
  if (plain && user?.role === "user" && messages.length === (system === undefined ? 1 : 2))
    return { system: String(system?.content ?? ""), user: String(user.content), tools, schema, more: textOf(rest) };
  const last = messages.findLast(({ role, content: said }) => role === "user" && typeof said === "string");
  return { system: "", user: String(last?.content ?? ""), tools, schema, more: textOf({ ...rest, messages }) };
}

interface Formats {
  readonly tools?: unknown;
  readonly response_format?: { readonly type?: unknown; readonly json_schema?: { readonly schema?: unknown } };
}

function formatsIn({ tools, response_format: format }: Formats): { readonly tools: string; readonly schema: string } {
  const schema = format?.type === "json_schema" ? format.json_schema?.schema : undefined;
  return {
    tools: Array.isArray(tools) ? JSON.stringify(tools, null, 2) : "",
    schema: schema === undefined ? "" : JSON.stringify(schema, null, 2),
  };
}

const textOf = (parameters: object): string => (Object.keys(parameters).length === 0 ? "" : JSON.stringify(parameters, null, 2));

function parametersOf(request: string): object {
  try {
    const parsed: unknown = JSON.parse(request);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
