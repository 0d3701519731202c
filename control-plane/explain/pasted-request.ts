/** A request that somebody pasted, in any dialect that callers speak, as far as it decides where a call goes. Pure. */
import { ValidationError } from "../control-error.ts";

export type Dialect = "chat" | "responses" | "messages";

export interface PastedRequest {
  readonly dialect: Dialect;
  readonly model: string;
  /** Empty: it names none. */
  readonly endUserId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly streamed: boolean;
  /** Names of its parameters in the OpenAI chat API. */
  readonly parameters: ReadonlySet<string>;
  /** What a backend must be able to, by the usual words. */
  readonly needs: readonly string[];
  /** The prompt that it asks for itself. Empty: none. */
  readonly promptName: string;
  readonly promptPinned: boolean;
}

type Body = Readonly<Record<string, unknown>>;

/** @throws ValidationError where it is no request of any of them. */
export function readPastedRequest(given: unknown): PastedRequest {
  const body = objectOf(given);
  if (body === undefined) throw fault("request", "must be a JSON object: the body of a call");
  const dialect = dialectOf(body);
  const model = body["model"];
  if (typeof model !== "string" || model === "") throw fault("request.model", "must name a route");
  const metadata = objectOf(body["metadata"]) ?? {};
  const prompt = objectOf(body["prompt"]);
  return {
    dialect,
    model,
    endUserId: text(dialect === "messages" ? metadata["user_id"] : undefined) || text(body["safety_identifier"]) || text(body["user"]),
    tags:
      dialect === "messages"
        ? {}
        : Object.fromEntries(Object.entries(metadata).filter((entry): entry is [string, string] => typeof entry[1] === "string")),
    streamed: body["stream"] === true,
    parameters: new Set(Object.keys(body).map((name) => chatNames[name] ?? name)),
    needs: needsOf(body),
    promptName: text(prompt?.["name"] ?? prompt?.["id"]),
    promptPinned: prompt?.["version"] !== undefined,
  };
}

/** The three are told apart by what only one of them has; what all could have said is read as the chat API's. */
function dialectOf(body: Body): Dialect {
  if (body["input"] !== undefined || body["instructions"] !== undefined) return "responses";
  if (!Array.isArray(body["messages"]) && objectOf(body["prompt"]) === undefined)
    throw fault(
      "request",
      "has neither messages nor input: paste the body of a chat completion, of a response, or of Anthropic's messages",
    );
  const blocks = (Array.isArray(body["messages"]) ? body["messages"] : []).flatMap((message) => {
    const content = objectOf(message)?.["content"];
    return Array.isArray(content) ? content : [];
  });
  const anthropic =
    body["system"] !== undefined ||
    body["anthropic_version"] !== undefined ||
    body["stop_sequences"] !== undefined ||
    text(objectOf(body["metadata"])?.["user_id"]) !== "" ||
    blocks.some((block) => ["tool_use", "tool_result", "image", "document"].includes(text(objectOf(block)?.["type"])));
  return anthropic ? "messages" : "chat";
}

/** What other dialects call a parameter of the chat API. */
const chatNames: Readonly<Record<string, string>> = {
  max_tokens: "max_completion_tokens",
  max_output_tokens: "max_completion_tokens",
  stop_sequences: "stop",
  input: "messages",
  reasoning: "reasoning_effort",
  text: "response_format",
};

function needsOf(body: Body): readonly string[] {
  const format = text(objectOf(body["response_format"])?.["type"]) || text(objectOf(objectOf(body["text"])?.["format"])?.["type"]);
  return [
    ...(Array.isArray(body["tools"]) && body["tools"].length > 0 ? ["tools"] : []),
    ...(format === "json_schema" ? ["structured-output"] : []),
    ...(body["logprobs"] === true ? ["logprobs"] : []),
    ...(typeof body["n"] === "number" && body["n"] > 1 ? ["several-answers"] : []),
  ];
}

const objectOf = (value: unknown): Body | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Body) : undefined;
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const fault = (path: string, message: string) => new ValidationError([{ path, message }]);
