/** A logged call as the playground's form has it: its system message and last message as fields, the rest as parameters. Pure. */

interface Message {
  readonly role: string;
  readonly content: unknown;
}

export interface LoggedRequest {
  readonly system: string;
  readonly user: string;
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
  const rest = Object.fromEntries(Object.entries(parametersOf(content.request)).filter(([name]) => !ofForm.has(name)));
  const [first, second] = messages;
  const plain = messages.every((message) => typeof message.content === "string");
  const system = first?.role === "system" && plain ? first : undefined;
  const user = system === undefined ? first : second;
  if (plain && user?.role === "user" && messages.length === (system === undefined ? 1 : 2))
    return { system: String(system?.content ?? ""), user: String(user.content), more: textOf(rest) };
  const last = messages.findLast(({ role, content: said }) => role === "user" && typeof said === "string");
  return { system: "", user: String(last?.content ?? ""), more: textOf({ ...rest, messages }) };
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
