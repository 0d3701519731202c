/**
 * A typed CompletionInput as the OpenAI chat body that backends want. Pure. Every field has its place there; what only a certain
 * backend knows comes in `backend_extensions` and may not say again what a field says.
 */
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type {
  CacheHint,
  CompletionInput,
  ContentPart,
  FilePart,
  Message,
  ReasoningDetail,
  ResponseFormat,
  SamplingParameters,
  Tool,
  ToolCall,
  ToolChoice,
} from "#proto/penstock/inference/v1/completion_pb.ts";
import { ReasoningDetailKind, Role, ToolChoiceMode } from "#proto/penstock/inference/v1/completion_pb.ts";
import { GatewayError } from "../gateway-error.ts";

/** @throws GatewayError INVALID_ARGUMENT naming the field. */
export function chatBodyOfInput(input: CompletionInput, stream: boolean): JsonObject {
  const body: JsonObject = {
    model: input.model,
    stream,
    messages: input.messages.map((message, i) => chatMessage(message, `messages[${i}]`)),
    ...sampling(input.sampling),
    ...(input.tools.length === 0 ? {} : { tools: input.tools.map((tool, i) => chatTool(tool, `tools[${i}]`)) }),
    ...(input.toolChoice === undefined ? {} : { tool_choice: chatToolChoice(input.toolChoice) }),
    ...(input.parallelToolCalls === undefined ? {} : { parallel_tool_calls: input.parallelToolCalls }),
    ...(input.responseFormat === undefined ? {} : { response_format: chatResponseFormat(input.responseFormat) }),
    ...(Object.keys(input.metadata).length === 0 ? {} : { metadata: { ...input.metadata } }),
    ...textMember("user", input.endUserId),
    ...textMember("service_tier", input.serviceTier),
    ...textMember("reasoning_effort", input.reasoningEffort),
    ...textMember("prompt_cache_key", input.promptCacheKey),
    ...textMember("verbosity", input.verbosity),
    ...(input.audioOutput === undefined ? {} : { audio: { voice: input.audioOutput.voice, format: input.audioOutput.format } }),
    ...(input.modalities.length === 0 ? {} : { modalities: [...input.modalities] }),
    ...(input.predictedContent === "" ? {} : { prediction: { type: "content", content: input.predictedContent } }),
    ...(input.store === undefined ? {} : { store: input.store }),
    ...(input.reasoningTokensMax === undefined ? {} : { reasoning: { max_tokens: input.reasoningTokensMax } }),
    ...cacheMember(input.cacheHint),
    ...(input.webSearchOptions === undefined ? {} : { web_search_options: input.webSearchOptions }),
    ...promptMember(input),
  };
  for (const [name, value] of Object.entries(input.backendExtensions ?? {})) {
    if (Object.hasOwn(body, name) || typedNames.has(name))
      throw wrong(`backend_extensions.${name}`, "has a typed field of its own; use that");
    body[name] = value;
  }
  return body;
}

const typedNames = new Set(
  "max_tokens max_completion_tokens temperature top_p frequency_penalty presence_penalty stop n seed logprobs top_logprobs logit_bias stream_options".split(
    " ",
  ),
);

const roleNames = {
  [Role.SYSTEM]: "system",
  [Role.DEVELOPER]: "developer",
  [Role.USER]: "user",
  [Role.ASSISTANT]: "assistant",
  [Role.TOOL]: "tool",
  [Role.FUNCTION]: "function",
} satisfies Record<Exclude<Role, 0 | bigint>, string> as Partial<Record<number, string>>;

export function chatMessage(message: Message, at: string): JsonObject {
  const role = roleNames[message.role];
  if (role === undefined) throw wrong(`${at}.role`, "must be said");
  return {
    role,
    content: chatContent(message, at),
    ...textMember("name", message.name),
    ...(message.toolCalls.length === 0
      ? {}
      : { tool_calls: message.toolCalls.map((call, i) => chatToolCall(call, `${at}.tool_calls[${i}]`)) }),
    ...textMember("tool_call_id", message.toolCallId),
    ...textMember("refusal", message.refusal),
    ...textMember("reasoning_content", message.reasoning),
    ...(message.audioId === "" ? {} : { audio: { id: message.audioId } }),
    ...(message.toolFailed ? { is_error: true } : {}),
    ...(message.reasoningDetails.length === 0
      ? {}
      : {
          reasoning_details: message.reasoningDetails.map((detail, i) => chatReasoningDetail(detail, i, `${at}.reasoning_details[${i}]`)),
        }),
  };
}

/** As ReasoningDetail in completion-event.ts has it. */
function chatReasoningDetail({ kind, value, id, format, provider, text }: ReasoningDetail, index: number, at: string): JsonObject {
  const named = { format, provider, index, ...textMember("id", id) };
  switch (kind) {
    case ReasoningDetailKind.SIGNATURE:
      return { type: "reasoning.text", text, signature: value, ...named };
    case ReasoningDetailKind.ENCRYPTED:
      return { type: "reasoning.encrypted", data: value, ...named };
    case ReasoningDetailKind.SUMMARY:
      return { type: "reasoning.summary", summary: value, ...named };
    default:
      throw wrong(`${at}.kind`, "must be said");
  }
}

/** Text alone goes as a string, which every backend takes; anything else as parts. */
function chatContent({ content }: Message, at: string): JsonValue {
  if (content.length === 0) return null;
  const [first] = content;
  if (content.length === 1 && first?.part.case === "text" && first.cacheHint === undefined) return first.part.value.text;
  return content.map((part, i) => ({ ...chatPart(part, `${at}.content[${i}]`), ...cacheMember(part.cacheHint) }));
}

const cacheMember = (hint: CacheHint | undefined): JsonObject =>
  hint === undefined ? {} : { cache_control: { type: "ephemeral", ...textMember("ttl", hint.ttl) } };

function chatPart({ part }: ContentPart, at: string): JsonObject {
  switch (part.case) {
    case "text":
      return { type: "text", text: part.value.text };
    case "refusal":
      return { type: "refusal", refusal: part.value.refusal };
    case "image": {
      const { source, detail } = part.value;
      if (source.case === undefined) throw wrong(`${at}.image`, "needs a url or inline data");
      const url = source.case === "url" ? source.value : dataUrl(source.value.mediaType, source.value.data);
      return { type: "image_url", image_url: { url, ...textMember("detail", detail) } };
    }
    case "audio":
      return { type: "input_audio", input_audio: { data: base64(part.value.data), format: part.value.format } };
    case "file": {
      const { filename, cited, context } = part.value;
      const file = { ...chatFile(part.value, at), ...textMember("filename", filename) };
      return { type: "file", file, ...(cited ? { citations: { enabled: true } } : {}), ...textMember("context", context) };
    }
    case undefined:
      throw wrong(at, "is empty");
    default:
      return part satisfies never;
  }
}

function chatFile({ source }: FilePart, at: string): JsonObject {
  switch (source.case) {
    case "fileId":
      return { file_id: source.value };
    case "url":
      return { file_url: source.value };
    case "inline":
      return { file_data: dataUrl(source.value.mediaType, source.value.data) };
    case undefined:
      throw wrong(`${at}.file`, "needs a file_id, a url or inline data");
    default:
      return source satisfies never;
  }
}

function chatToolCall({ id, call }: ToolCall, at: string): JsonObject {
  switch (call.case) {
    case "function":
      return { id, type: "function", function: { name: call.value.name, arguments: call.value.arguments } };
    case "custom":
      return { id, type: "custom", custom: { name: call.value.name, input: call.value.input } };
    case undefined:
      throw wrong(at, "is empty");
    default:
      return call satisfies never;
  }
}

function chatTool(tool: Tool, at: string): JsonObject {
  return { ...chatToolOf(tool, at), ...cacheMember(tool.cacheHint) };
}

function chatToolOf({ tool }: Tool, at: string): JsonObject {
  switch (tool.case) {
    case "function": {
      const { name, description, parameters, strict } = tool.value;
      return {
        type: "function",
        function: {
          name,
          ...textMember("description", description),
          ...(parameters === undefined ? {} : { parameters }),
          ...(strict === undefined ? {} : { strict }),
        },
      };
    }
    case "custom": {
      const { name, description, format } = tool.value;
      return { type: "custom", custom: { name, ...textMember("description", description), ...(format === undefined ? {} : { format }) } };
    }
    case undefined:
      throw wrong(at, "is empty");
    default:
      return tool satisfies never;
  }
}

const modes: Partial<Record<number, string>> = {
  [ToolChoiceMode.NONE]: "none",
  [ToolChoiceMode.AUTO]: "auto",
  [ToolChoiceMode.REQUIRED]: "required",
};

export function chatToolChoice({ choice }: ToolChoice): JsonValue {
  switch (choice.case) {
    case "mode":
      return modeName(choice.value, "tool_choice.mode");
    case "functionName":
      return { type: "function", function: { name: choice.value } };
    case "customName":
      return { type: "custom", custom: { name: choice.value } };
    case "allowed": {
      const tools = choice.value.functionNames.map((name) => ({ type: "function", function: { name } }));
      return { type: "allowed_tools", allowed_tools: { mode: modeName(choice.value.mode, "tool_choice.allowed.mode"), tools } };
    }
    case undefined:
      throw wrong("tool_choice", "is empty");
    default:
      return choice satisfies never;
  }
}

function modeName(mode: ToolChoiceMode, at: string): string {
  const name = modes[mode];
  if (name === undefined) throw wrong(at, "must be said");
  return name;
}

function chatResponseFormat({ format }: ResponseFormat): JsonObject {
  switch (format.case) {
    case "text":
      return { type: "text" };
    case "jsonObject":
      return { type: "json_object" };
    case "jsonSchema": {
      const { name, description, schema, strict } = format.value;
      return {
        type: "json_schema",
        json_schema: {
          name,
          ...textMember("description", description),
          ...(schema === undefined ? {} : { schema }),
          ...(strict === undefined ? {} : { strict }),
        },
      };
    }
    case undefined:
      throw wrong("response_format", "is empty");
    default:
      return format satisfies never;
  }
}

function sampling(parameters: SamplingParameters | undefined): JsonObject {
  if (parameters === undefined) return {};
  const { outputTokensMax, temperature, topP, frequencyPenalty, presencePenalty, stop, n, seed, logprobs, topLogprobs, logitBias, topK } =
    parameters;
  if (seed !== undefined && (seed > BigInt(Number.MAX_SAFE_INTEGER) || seed < BigInt(Number.MIN_SAFE_INTEGER)))
    throw wrong("sampling.seed", "must lie within 2^53, beyond which JSON would change it");
  const given = {
    // Every OpenAI-shaped backend knows the older name; which of the two a backend wants is a matter of its capabilities.
    max_tokens: outputTokensMax,
    temperature,
    top_p: topP,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    stop: stop.length === 0 ? undefined : [...stop],
    n,
    seed: seed === undefined ? undefined : Number(seed),
    logprobs,
    top_logprobs: topLogprobs,
    logit_bias: Object.keys(logitBias).length === 0 ? undefined : { ...logitBias },
    top_k: topK,
  };
  const body: JsonObject = {};
  for (const [name, value] of Object.entries(given)) if (value !== undefined) body[name] = value;
  return body;
}

function promptMember({ prompt }: CompletionInput): JsonObject {
  if (prompt === undefined) return {};
  const selector: JsonObject = prompt.selector.case === undefined ? {} : { [prompt.selector.case]: prompt.selector.value };
  return { prompt: { ...textMember("name", prompt.name), ...selector, variables: prompt.variables ?? {} } };
}

const textMember = (name: string, value: string): JsonObject => (value === "" ? {} : { [name]: value });
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
const dataUrl = (mediaType: string, data: Uint8Array): string => `data:${mediaType};base64,${base64(data)}`;
const wrong = (field: string, what: string) => new GatewayError("INVALID_ARGUMENT", `${field} ${what}`, { field });
