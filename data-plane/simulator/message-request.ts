/**
 * The body of POST /v1/messages, checked as strictly as Anthropic checks it: unknown members, empty texts, tool calls without
 * their results and reasoning that this simulator did not sign are refused by name, so that a gateway which loses or changes
 * something on its way is told so.
 */
import type { ChatMessage, ChatRequest, ChatTool, ResponseFormat, ToolChoice } from "./chat-request.ts";
import { digestOf } from "./seeded-random.ts";
import { invalidField } from "./simulator-error.ts";

export interface MessagesRequest extends ChatRequest {
  /** False: no thinking blocks, whatever the model. */
  readonly thinks: boolean;
  readonly thinkingShown: boolean;
  /** Some of the prompt is marked for the cache. */
  readonly cached: boolean;
  /** Some document asks for citations. */
  readonly cites: boolean;
}

type JsonObject = Readonly<Record<string, unknown>>;

const members = new Set(
  "model messages max_tokens system stream stop_sequences temperature top_p top_k metadata tools tool_choice thinking output_config service_tier cache_control container context_management mcp_servers inference_geo speed diagnostics".split(
    " ",
  ),
);

/** What this simulator signs a thought with: the same thought has the same signature everywhere. */
export const signatureOf = (thought: string): string => Buffer.from(digestOf("thought", thought)).toString("base64");

/** @param version of the header `anthropic-version`. @throws SimulatorError 400 naming the field */
export function parseMessagesRequest(value: unknown, version: string | undefined): MessagesRequest {
  if (!isObject(value)) throw invalidField("body", "the request body must be a JSON object");
  if (version === undefined) throw invalidField("anthropic-version", "anthropic-version: header is required");
  for (const name of Object.keys(value)) if (!members.has(name)) throw invalidField(name, `${name}: Extra inputs are not permitted`);
  if (version >= "2026-10-21")
    for (const name of ["temperature", "top_p", "top_k"])
      if (value[name] !== undefined) throw invalidField(name, `${name}: Extra inputs are not permitted`);
  if (typeof value["model"] !== "string") throw invalidField("model", "model: Field required");
  const tokensMax = value["max_tokens"];
  if (!Number.isInteger(tokensMax) || (tokensMax as number) < 1) throw invalidField("max_tokens", "max_tokens: Field required, 1 or more");
  inRange(value, "temperature", 0, 1);
  inRange(value, "top_p", 0, 1);
  const system = systemOf(value["system"]);
  const messages = messagesOf(value["messages"]);
  const tools = toolsOf(value["tools"]);
  const choice = isObject(value["tool_choice"]) ? value["tool_choice"] : {};
  const thinking = isObject(value["thinking"]) ? value["thinking"] : {};
  const thinks = thinkingAsked(thinking, tokensMax as number);
  const text = JSON.stringify(value);
  const { stream: _stream, ...rest } = value;
  return {
    model: value["model"],
    streamed: value["stream"] === true,
    usageAsked: true,
    messages: [...system, ...messages],
    choiceCount: 1,
    tokensMax: tokensMax as number,
    stops: stopsOf(value["stop_sequences"]),
    tools,
    toolChoice: toolChoiceOf(choice, tools),
    parallelToolCalls: choice["disable_parallel_tool_use"] !== true,
    format: formatOf(value["output_config"]),
    topLogprobs: undefined,
    reasoningWanted: thinks,
    thinks,
    thinkingShown: thinking["display"] !== "omitted",
    fingerprint: JSON.stringify(rest),
    cached: text.includes('"cache_control":{'),
    cites: text.includes('"citations":{"enabled":true}'),
  };
}

function thinkingAsked(thinking: JsonObject, tokensMax: number): boolean {
  const { type, budget_tokens: budget } = thinking;
  if (type === undefined || type === "disabled") return false;
  if (type === "adaptive" || type === "between_tools") return true;
  if (type !== "enabled") throw invalidField("thinking.type", "thinking.type: must be adaptive, enabled or disabled");
  if (!Number.isInteger(budget) || (budget as number) < 1024)
    throw invalidField("thinking.budget_tokens", "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
  if ((budget as number) >= tokensMax) throw invalidField("max_tokens", "`max_tokens` must be greater than `thinking.budget_tokens`");
  return true;
}

function systemOf(system: unknown): ChatMessage[] {
  if (system === undefined) return [];
  const text =
    typeof system === "string"
      ? system
      : blocksOf(system, "system")
          .map(({ text: said }) => said)
          .join("\n");
  return [{ role: "system", text, attachmentCount: 0 }];
}

function messagesOf(value: unknown): ChatMessage[] {
  if (!Array.isArray(value) || value.length === 0) throw invalidField("messages", "messages: at least one message is required");
  /** Calls of the turn before, which this one must answer. */
  let open: readonly string[] = [];
  return value.map((message: unknown, i) => {
    const at = `messages.${i}`;
    if (!isObject(message)) throw invalidField(at, `${at}: must be an object`);
    const { role, content } = message;
    if (role !== "user" && role !== "assistant") throw invalidField(`${at}.role`, `${at}.role: must be user or assistant`);
    const blocks = typeof content === "string" ? [textRead(content, `${at}.content`)] : blocksOf(content, `${at}.content`);
    const answered = blocks.flatMap(({ answers }) => (answers === undefined ? [] : [answers]));
    const missing = open.find((id) => !answered.includes(id));
    if (missing !== undefined)
      throw invalidField(at, `${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing}`);
    const astray = answered.find((id) => !open.includes(id));
    if (astray !== undefined) throw invalidField(at, `${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${astray}`);
    open = blocks.flatMap(({ calls }) => (calls === undefined ? [] : [calls]));
    return {
      role: answered.length > 0 && !blocks.some(({ asks }) => asks) ? "tool" : role,
      text: blocks.map(({ text }) => text).join("\n"),
      attachmentCount: blocks.reduce((sum, { attachments }) => sum + attachments, 0),
    };
  });
}

interface BlockRead {
  readonly text: string;
  readonly attachments: number;
  /** The id of the tool call that it answers, or makes. */
  readonly answers?: string;
  readonly calls?: string;
  /** A user says something of its own in it. */
  readonly asks?: boolean;
}

const textRead = (text: string, at: string): BlockRead => {
  if (text === "") throw invalidField(at, `${at}: text content blocks must be non-empty`);
  return { text, attachments: 0, asks: true };
};

function blocksOf(value: unknown, at: string): BlockRead[] {
  if (!Array.isArray(value)) throw invalidField(at, `${at}: must be a string or a list of content blocks`);
  return value.map((block: unknown, j) => blockOf(block, `${at}.${j}`));
}

function blockOf(block: unknown, at: string): BlockRead {
  if (!isObject(block)) throw invalidField(at, `${at}: must be an object`);
  switch (block["type"]) {
    case "text":
      return textRead(textOf(block["text"]), `${at}.text`);
    case "image":
    case "document": {
      const source = isObject(block["source"]) ? block["source"] : {};
      if (!["base64", "url", "text", "content", "file"].includes(textOf(source["type"])))
        throw invalidField(`${at}.source`, `${at}.source: is not a source`);
      return { text: textOf(source["type"] === "text" ? source["data"] : ""), attachments: 1, asks: true };
    }
    case "tool_use": {
      const id = textOf(block["id"]);
      if (!/^[a-zA-Z0-9_-]+$/.test(id)) throw invalidField(`${at}.id`, `${at}.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
      if (!isObject(block["input"])) throw invalidField(`${at}.input`, `${at}.input: Input should be a valid dictionary`);
      return { text: `${textOf(block["name"])} ${JSON.stringify(block["input"])}`, attachments: 0, calls: id };
    }
    case "tool_result": {
      const { content } = block;
      const parts =
        content === undefined || content === ""
          ? []
          : typeof content === "string"
            ? [textRead(content, at)]
            : blocksOf(content, `${at}.content`);
      return {
        text: `${block["is_error"] === true ? "failed: " : ""}${parts.map(({ text }) => text).join("\n")}`,
        attachments: parts.reduce((sum, { attachments }) => sum + attachments, 0),
        answers: textOf(block["tool_use_id"]),
      };
    }
    case "thinking":
      if (block["signature"] !== signatureOf(textOf(block["thinking"])))
        throw invalidField(`${at}.signature`, `${at}: Invalid \`signature\` in \`thinking\` block`);
      return { text: textOf(block["thinking"]), attachments: 0 };
    case "redacted_thinking":
      if (!textOf(block["data"]).startsWith("sim-sealed-"))
        throw invalidField(`${at}.data`, `${at}: Invalid \`data\` in \`redacted_thinking\` block`);
      return { text: "", attachments: 0 };
    default:
      throw invalidField(
        `${at}.type`,
        `${at}: Input tag '${textOf(block["type"])}' found using 'type' does not match any of the expected tags`,
      );
  }
}

function toolsOf(value: unknown): readonly ChatTool[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidField("tools", "tools: must be a list");
  return value.map((tool: unknown, i) => {
    if (!isObject(tool) || (tool["type"] !== undefined && tool["type"] !== "custom"))
      throw invalidField(`tools.${i}`, `tools.${i}: the simulator has no tools of its own`);
    if (!/^[\w-]{1,128}$/.test(textOf(tool["name"]))) throw invalidField(`tools.${i}.name`, `tools.${i}.name: is not a name`);
    if (!isObject(tool["input_schema"]) || tool["input_schema"]["type"] !== "object")
      throw invalidField(`tools.${i}.input_schema`, `tools.${i}.input_schema.type: Field required`);
    return {
      name: textOf(tool["name"]),
      parameters: tool["input_schema"],
      param: `tools.${i}.input_schema`,
      definition: JSON.stringify(tool),
    };
  });
}

function toolChoiceOf({ type, name }: JsonObject, tools: readonly ChatTool[]): ToolChoice {
  if (type === undefined || type === "auto" || type === "none") return { type: type ?? "auto" };
  if (tools.length === 0) throw invalidField("tool_choice", "tool_choice: may only be specified while providing tools");
  if (type === "any") return { type: "required" };
  if (type !== "tool" || typeof name !== "string")
    throw invalidField("tool_choice.type", "tool_choice.type: must be auto, any, tool or none");
  if (!tools.some((tool) => tool.name === name)) throw invalidField("tool_choice.name", `Tool '${name}' not found in provided tools`);
  return { type: "named", name };
}

function formatOf(output: unknown): ResponseFormat {
  const format = isObject(output) ? output["format"] : undefined;
  if (!isObject(format)) return { type: "text" };
  if (format["type"] !== "json_schema") throw invalidField("output_config.format.type", "output_config.format.type: must be json_schema");
  return { type: "json_schema", schema: format["schema"] };
}

function stopsOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((stop) => typeof stop === "string" && stop.trim() !== ""))
    throw invalidField("stop_sequences", "stop_sequences: each stop sequence must contain non-whitespace");
  return value as string[];
}

function inRange(body: JsonObject, name: string, min: number, max: number): void {
  const value = body[name];
  if (value !== undefined && !(typeof value === "number" && value >= min && value <= max))
    throw invalidField(name, `${name}: must be from ${min} to ${max}`);
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value);
