/** What was said in a call, as turns that are read from top to bottom. Pure. */
export interface Turn {
  readonly role: string;
  readonly text: string;
}

interface Message {
  readonly role?: unknown;
  readonly content?: unknown;
  readonly refusal?: unknown;
  readonly reasoning_content?: unknown;
  readonly tool_calls?: unknown;
}

/** @param answers one for each choice. */
export const turnsOf = (messages: unknown, answers: unknown): readonly Turn[] => [
  ...listOf(messages).map((message) => turnOf(message, "user")),
  ...listOf(answers).map((answer, index, all) => {
    const turn = turnOf(answer, "assistant");
    return all.length > 1 ? { ...turn, role: `${turn.role}, choice ${index + 1}` } : turn;
  }),
];

/** JSON on lines of its own; what is none stays as it is. */
export function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

const listOf = (value: unknown): readonly Message[] => (Array.isArray(value) ? (value as Message[]) : []);

function turnOf(message: Message, usualRole: string): Turn {
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.map(callOf) : [];
  const parts = [textOf(message.reasoning_content), textOf(message.content), textOf(message.refusal), ...calls];
  return { role: typeof message.role === "string" ? message.role : usualRole, text: parts.filter((part) => part !== "").join("\n") };
}

function callOf(call: unknown): string {
  const { function: called } = (call ?? {}) as { readonly function?: { readonly name?: unknown; readonly arguments?: unknown } };
  return `${String(called?.name ?? "a tool")}(${textOf(called?.arguments)})`;
}

/** A text, or a list of parts of which some are text. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part: { readonly type?: unknown; readonly text?: unknown }) =>
      typeof part.text === "string" ? part.text : `[${String(part.type)}]`,
    )
    .join("\n");
}
