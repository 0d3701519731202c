/**
 * Checks the OpenAI chat body that a caller brought, strictly where its meaning is ours to keep and not at all where it is the
 * backend's: unknown members go on as they are. What would steer where the call goes or with whose credential is refused by
 * name (CVE-2024-6587: `api_base` in a body sent the provider's key to whoever asked).
 */
import { GatewayError } from "../gateway-error.ts";
import type { CompletionRequest, PromptReference, ReasoningSigner } from "../pipeline/completion-request.ts";
import { signerOf } from "../pipeline/signed-reasoning.ts";

type Json = Readonly<Record<string, unknown>>;

const steering = new Set(
  [
    "api_base api_key api_version api_type azure_endpoint base_url base_model custom_llm_provider deployment_id endpoint extra_body extra_headers extra_query",
    "fallbacks headers host model_list mock_response num_retries organization proxies proxy timeout url vertex_credentials vertex_location vertex_project",
    "aws_access_key_id aws_secret_access_key aws_session_token aws_region_name aws_bedrock_runtime_endpoint litellm_params litellm_metadata credentials credential_name",
    "__proto__ constructor",
  ].flatMap((line) => line.split(" ")),
);

const roles = new Set(["system", "developer", "user", "assistant", "tool", "function"]);

export interface ChatBody {
  readonly model: string;
  readonly stream: boolean;
  readonly prompt: PromptReference | undefined;
  readonly endUserId: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** As far as the messages say it: other gateways and providers of the same words may not. */
  readonly reasoningSigners: readonly ReasoningSigner[];
}

/** @throws GatewayError INVALID_ARGUMENT or UNSUPPORTED_PARAMETER naming the field. */
export function checkChatBody(body: Json, members: CompletionRequest["body"]["members"]): ChatBody {
  for (const name of members.keys()) {
    refuseSteering(name);
    const check = checks.get(name);
    if (check !== undefined) checkMember(name, body[name], check);
  }
  const { model } = body;
  if (typeof model !== "string" || model === "") throw wrong("model", "must be the name of a model; GET /v1/models lists them");
  const prompt = promptReference(body["prompt"]);
  const reasoningSigners = checkMessages(body["messages"], prompt !== undefined);
  checkStreamOptions(body["stream_options"], body["stream"] === true);
  return {
    model,
    stream: body["stream"] === true,
    prompt,
    endUserId: text(body["safety_identifier"]) || text(body["user"]),
    metadata: checkMetadata(body["metadata"]),
    reasoningSigners,
  };
}

/** @throws GatewayError UNSUPPORTED_PARAMETER where the member would steer the call past its route. */
export function refuseSteering(name: string): void {
  if (steering.has(name))
    throw new GatewayError("UNSUPPORTED_PARAMETER", `"${name}" is not a caller's to say; the route decides where a call goes`, {
      field: name,
    });
}

/** Returns who signed the reasoning that the messages give back. */
function checkMessages(messages: unknown, mayBeMissing: boolean): readonly ReasoningSigner[] {
  if (messages === undefined && mayBeMissing) return noSigners;
  if (!Array.isArray(messages) || (messages.length === 0 && !mayBeMissing))
    throw wrong("messages", "must be a list of at least one message");
  let signers = noSigners;
  for (const [i, message] of messages.entries()) {
    const at = `messages[${i}]`;
    if (!isObject(message)) throw wrong(at, "must be an object");
    if (typeof message["role"] !== "string" || !roles.has(message["role"]))
      throw wrong(`${at}.role`, `must be one of ${[...roles].join(", ")}`);
    const { content } = message;
    if (Array.isArray(content)) {
      for (const [j, part] of content.entries())
        if (!isObject(part) || typeof part["type"] !== "string") throw wrong(`${at}.content[${j}]`, "must be an object with a type");
    } else if (typeof content !== "string" && content !== null && content !== undefined)
      throw wrong(`${at}.content`, "must be a string or a list of parts");
    else if (typeof content !== "string" && message["role"] !== "assistant" && !(message["role"] === "function" && content === null))
      throw wrong(`${at}.content`, "is missing");
    if (message["role"] === "tool" && typeof message["tool_call_id"] !== "string")
      throw wrong(`${at}.tool_call_id`, "must name the tool call that this answers");
    if (Array.isArray(message["reasoning_details"])) signers = [...signers, ...signersOf(message["reasoning_details"], at)];
  }
  return signers;
}

const noSigners: readonly ReasoningSigner[] = [];

const signersOf = (details: readonly unknown[], at: string): ReasoningSigner[] =>
  details.map((detail) => signerOf(detail, `${at}.reasoning_details`)).filter(({ provider }) => provider !== "");

function checkStreamOptions(options: unknown, stream: boolean): void {
  if (options === undefined || options === null) return;
  if (!isObject(options)) throw wrong("stream_options", "must be an object");
  if (!stream) throw wrong("stream_options", "may only be given with stream: true");
  if (options["include_usage"] !== undefined && typeof options["include_usage"] !== "boolean")
    throw wrong("stream_options.include_usage", "must be true or false");
}

export function promptReference(value: unknown): PromptReference | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw wrong("prompt", "must be an object with a name, and a label or a version, and variables");
  const { name, label, version, variables } = value;
  if (name !== undefined && typeof name !== "string") throw wrong("prompt.name", "must be a string");
  if (label !== undefined && version !== undefined) throw wrong("prompt", "takes a label or a version, not both");
  if (label !== undefined && typeof label !== "string") throw wrong("prompt.label", "must be a string");
  if (version !== undefined && !isInteger(version, 1, 2 ** 31)) throw wrong("prompt.version", "must be a whole number from 1");
  if (variables !== undefined && !isObject(variables)) throw wrong("prompt.variables", "must be an object");
  const extra = Object.keys(value).find((key) => !["name", "label", "version", "variables"].includes(key));
  if (extra !== undefined) throw wrong(`prompt.${extra}`, "is not known");
  return {
    name: name ?? "",
    selector:
      typeof label === "string"
        ? { case: "label", value: label }
        : typeof version === "number"
          ? { case: "version", value: version }
          : { case: undefined },
    variables: variables ?? {},
  };
}

function checkMetadata(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw wrong("metadata", "must be an object");
  const entries = Object.entries(value);
  if (entries.length > 16) throw wrong("metadata", "may have at most 16 pairs");
  for (const [key, entry] of entries) {
    if (key.length > 64) throw wrong("metadata", "has a key of more than 64 characters");
    if (typeof entry !== "string" || entry.length > 512) throw wrong(`metadata.${key}`, "must be a string of at most 512 characters");
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

function checkMember(name: string, value: unknown, { what, holds }: MemberCheck): void {
  if (value !== null && !holds(value)) throw wrong(name, `must be ${what}`);
}

const wrong = (field: string, what: string) => new GatewayError("INVALID_ARGUMENT", `${field} ${what}`, { field });
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown, min: number, max: number): value is number => typeof value === "number" && value >= min && value <= max;
const isInteger = (value: unknown, min: number, max: number): value is number => Number.isInteger(value) && isNumber(value, min, max);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

interface MemberCheck {
  readonly what: string;
  readonly holds: (value: unknown) => boolean;
}

const truth: MemberCheck = { what: "true or false", holds: (value) => typeof value === "boolean" };
const fromOne: MemberCheck = { what: "a whole number from 1", holds: (value) => isInteger(value, 1, 2 ** 31) };
const penalty: MemberCheck = { what: "a number from -2 to 2", holds: (value) => isNumber(value, -2, 2) };
const userId: MemberCheck = {
  what: "a string of at most 512 characters",
  holds: (value) => typeof value === "string" && value.length <= 512,
};
const isStop = (value: unknown): boolean =>
  typeof value === "string" || (Array.isArray(value) && value.length <= 16 && value.every((stop) => typeof stop === "string"));

/** Of the members that have no check of their own above. Each may be null. */
const checks: ReadonlyMap<string, MemberCheck> = new Map([
  ["stream", truth],
  ["max_tokens", fromOne],
  ["max_completion_tokens", fromOne],
  ["n", { what: "a whole number from 1 to 128", holds: (value) => isInteger(value, 1, 128) }],
  ["temperature", { what: "a number from 0 to 2", holds: (value) => isNumber(value, 0, 2) }],
  ["top_p", { what: "a number from 0 to 1", holds: (value) => isNumber(value, 0, 1) }],
  ["frequency_penalty", penalty],
  ["presence_penalty", penalty],
  ["logprobs", truth],
  ["top_logprobs", { what: "a whole number from 0 to 20", holds: (value) => isInteger(value, 0, 20) }],
  ["seed", { what: "a whole number", holds: (value) => Number.isInteger(value) }],
  ["stop", { what: "a string or up to 16 strings", holds: isStop }],
  ["tools", { what: "a list of tools", holds: (value) => Array.isArray(value) && value.every(isObject) }],
  ["response_format", { what: "an object", holds: isObject }],
  ["user", userId],
  ["safety_identifier", userId],
]);
