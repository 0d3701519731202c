/**
 * What a guard can read of a call: its texts, each under the name that its caller knows it by; and what is there and is no text
 * (pictures, sound, files, tokens), which a guard that must have read all has to refuse. Nothing here is asked where no guard is.
 */
import type { CompletionRequest } from "./completion-request.ts";
import type { OperationRequest } from "./operation-request.ts";

export interface GuardedText {
  readonly field: string;
  readonly text: string;
}

export interface GuardedContent {
  readonly texts: readonly GuardedText[];
  /** Where something stands that is not text. */
  readonly unread: readonly string[];
}

export async function guardedContent(request: CompletionRequest | OperationRequest): Promise<GuardedContent> {
  if (!("target" in request))
    return inCallersNames(
      request,
      read((found) => completionContent(request, found)),
    );
  const { body } = request;
  switch (body.case) {
    case "none":
      return nothing;
    case "json":
      return read((found) => operationContent(body.json.value, found));
    case "multipart": {
      const { fields, files } = await body.content();
      return { texts: fields.map(({ name, value }) => ({ field: name, text: value })), unread: files };
    }
    default:
      return body satisfies never;
  }
}

function inCallersNames(request: CompletionRequest, { texts, unread }: GuardedContent): GuardedContent {
  const named = (field: string) => request.callerField?.(field) ?? field;
  return {
    texts: texts.map(({ field, text }) => ({ field: named(field), text })),
    // A backend of the caller's own dialect is shown also what the common form has no word for.
    unread: [...unread.map(named), ...(request.native?.unmapped ?? [])],
  };
}

const nothing: GuardedContent = { texts: [], unread: [] };

interface Found {
  readonly texts: GuardedText[];
  readonly unread: string[];
}

function read(find: (found: Found) => void): GuardedContent {
  const found: Found = { texts: [], unread: [] };
  find(found);
  return found;
}

/** Of the common form: what is said, what tools were called with, what they answered, and what fills a prompt's places. */
function completionContent({ body, prompt }: CompletionRequest, found: Found): void {
  const { messages, prediction } = body.value;
  for (const [i, message] of listOf(messages).entries()) {
    const { content, refusal, tool_calls: calls } = objectOf(message);
    addContent(content, `messages[${i}].content`, found);
    addStrings(refusal, `messages[${i}].refusal`, found);
    for (const [j, call] of listOf(calls).entries()) {
      const { function: called, custom } = objectOf(call);
      addStrings(objectOf(called)["arguments"], `messages[${i}].tool_calls[${j}].function.arguments`, found);
      addStrings(objectOf(custom)["input"], `messages[${i}].tool_calls[${j}].custom.input`, found);
    }
  }
  addContent(objectOf(prediction)["content"], "prediction.content", found);
  if (prompt !== undefined) addStrings(prompt.variables, "prompt.variables", found);
}

const contentMembers = ["input", "query", "documents", "prompt", "instructions"] as const;

function operationContent(body: Readonly<Record<string, unknown>>, found: Found): void {
  for (const name of contentMembers) addContent(body[name], name, found);
  addContent(body["image"] ?? body["images"], body["image"] === undefined ? "images" : "image", found, "unread");
  // As count_tokens has it: Anthropic's messages, whose parts are named alike.
  addContent(body["system"], "system", found);
  for (const [i, message] of listOf(body["messages"]).entries()) addContent(objectOf(message)["content"], `messages[${i}].content`, found);
}

/** A text, or parts of which some are. Of a part that is neither known nor text nobody can say what it says. */
function addContent(content: unknown, field: string, found: Found, strings: "read" | "unread" = "read"): void {
  if (content === undefined || content === null) return;
  if (typeof content === "string") {
    if (strings === "unread") found.unread.push(field);
    else if (content !== "") found.texts.push({ field, text: content });
  } else if (typeof content === "number") found.unread.push(field);
  else if (Array.isArray(content)) {
    if (typeof content[0] === "number") found.unread.push(field);
    else for (const [i, part] of content.entries()) addContent(part, `${field}[${i}]`, found, strings);
  } else if (typeof content === "object") addPart(objectOf(content), field, found);
}

function addPart(part: Readonly<Record<string, unknown>>, field: string, found: Found): void {
  const { text, refusal, content } = part;
  if (typeof text === "string") addStrings(text, `${field}.text`, found);
  else if (typeof refusal === "string") addStrings(refusal, `${field}.refusal`, found);
  else if (content !== undefined) addContent(content, `${field}.content`, found);
  else found.unread.push(field);
}

/** Every text in a value. */
function addStrings(value: unknown, field: string, found: Found): void {
  if (typeof value === "string") {
    if (value !== "") found.texts.push({ field, text: value });
  } else if (Array.isArray(value)) for (const [i, one] of value.entries()) addStrings(one, `${field}[${i}]`, found);
  else for (const [name, one] of Object.entries(objectOf(value))) addStrings(one, `${field}.${name}`, found);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
